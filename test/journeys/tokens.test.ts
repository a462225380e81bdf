import { setTimeout as pause } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { type Answer, type Client, createClient, problemOf } from './support/client.js'
import { environmentOf, startProxy } from './support/proxy.js'
import {
  account,
  notPermitted,
  type ServiceChannel,
  startServiceChannel,
  tooManyLogins,
  wrongUser
} from './support/servicechannel.js'

// Every environment is a ServiceChannel of its own, so that all can be tried at once in one process.
const steady = await startServiceChannel(t, { tokenSeconds: 12, loginTakesMs: 1500 })
const forgetful = await startServiceChannel(t, {
  tokenSeconds: 12,
  login({ grant }, response) {
    if (grant === 'refresh_token') wrongUser(response)
    return grant === 'refresh_token'
  }
})
const hasty = await startServiceChannel(t, { tokenSeconds: 20, statedSeconds: 25 })
const strict = await startServiceChannel(t, { answer: (_call, response) => notPermitted(response) })
const guarded = await startServiceChannel(t)
const foreign = await startServiceChannel(t)
const twins = await startServiceChannel(t)
const crowded = await startServiceChannel(t, { login: crowd(429) })
const crowdedBefore2019 = await startServiceChannel(t, { login: crowd(503) })

const { ports } = await startProxy(t, {
  environments: {
    steady: environmentOf(steady),
    forgetful: environmentOf(forgetful),
    hasty: environmentOf(hasty),
    strict: environmentOf(strict),
    guarded: environmentOf(guarded, { credentials: { ...account, password: 'mistyped!' } }),
    foreign: environmentOf(foreign, { credentials: { ...account, clientSecret: 'of-another-environment' } }),
    twin: environmentOf(twins),
    otherTwin: environmentOf(twins),
    crowded: environmentOf(crowded),
    before2019: environmentOf(crowdedBefore2019)
  }
})
const [askSteady, askForgetful, askHasty, askStrict, askGuarded, askForeign, askTwin, askOtherTwin, ...askCrowded] =
  ports.map((port) => createClient(t, port)) as [
    Client,
    Client,
    Client,
    Client,
    Client,
    Client,
    Client,
    Client,
    ...Client[]
  ]

t.setTimeout(180_000)
t.jobs = 9

t.test('tokens of 12 s under a steady load: nobody notices that they end', { buffered: true }, async (t) => {
  const answers = await load(askSteady, 30)
  t.ok(answers.length > 300, `${answers.length} calls`)
  t.strictSame(unlike(answers, 200), [], 'none fails')
  allValid(t, steady)
  t.match(grants(steady), ['password', 'refresh_token', 'refresh_token', 'refresh_token'])
  spaced(t, steady)
  const late = answers.filter(({ headers }) => tokenMs(headers) > 500)
  t.ok(late.length <= 5, 'and only the first calls wait for a login, though every login takes 1.5 s')
})

t.test('a refused refresh token is followed by the password, in its time', { buffered: true }, async (t) => {
  const answers = await load(askForgetful, 18)
  t.strictSame(unlike(answers, 200), [], 'no call fails')
  allValid(t, forgetful)
  t.strictSame(grants(forgetful), ['password', 'refresh_token', 'password'])
  spaced(t, forgetful)
})

t.test('a token that ends before its time is renewed and the call sent again', { buffered: true }, async (t) => {
  await askHasty()
  // From 20 s on the token counts as near its end, and at 25 s it is no longer sent.
  await pause(20_500)
  const answer = await askHasty({ method: 'POST', target: '/v3/workorders', body: '{"Nte": 250.0}' })
  t.equal(answer.status, 200)
  t.strictSame(
    hasty.calls.slice(1).map(({ token, method, body }) => [token, method, body.toString()]),
    [
      ['expired', 'POST', '{"Nte": 250.0}'],
      ['valid', 'POST', '{"Nte": 250.0}']
    ]
  )
  spaced(t, hasty)
})

t.test('a 401 to a fresh token is an answer like any other', { buffered: true }, async (t) => {
  const answers = await inTurn(10, () => askStrict({ target: '/v3/users' }))
  t.strictSame(unlike(answers, 401), [])
  t.strictSame(JSON.parse(answers[0]!.body.toString()).ErrorCodes, [504], 'delivered as it came')
  t.equal(strict.calls.length, 10, 'and no call was sent twice')
  t.equal(strict.logins.length, 1, 'nor a login spent on it')
})

t.test('a wrong password is tried once, whoever asks', { buffered: true }, async (t) => {
  rejected(t, await inAndOutOfTurn(askGuarded), guarded)
})

t.test('a wrong client is tried once and not led to the login page', { buffered: true }, async (t) => {
  rejected(t, await inAndOutOfTurn(askForeign), foreign)
})

t.test('two environments with the same user log in one after the other', { buffered: true }, async (t) => {
  t.strictSame(unlike(await Promise.all([askTwin(), askOtherTwin()]), 200), [])
  t.strictSame(grants(twins), ['password', 'password'])
  spaced(t, twins)
})

for (const [n, service] of [crowded, crowdedBefore2019].entries()) {
  t.test(`a login limit announced with ${n === 0 ? 429 : 503} is waited out`, { buffered: true }, async (t) => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => askCrowded[n]!()))
    t.strictSame(unlike(answers, 200), [], 'clients see nothing of it')
    t.equal(service.logins.length, 2)
    spaced(t, service)
  })
}

/** A login host that has seen too many logins of this user, the first time. */
function crowd(status: 429 | 503): NonNullable<Parameters<typeof startServiceChannel>[1]>['login'] {
  let isFirst = true
  return (_call, response) => {
    const refuse = isFirst
    if (refuse) tooManyLogins(response, status)
    isFirst = false
    return refuse
  }
}

/** Three clients without haste, for so many seconds. */
async function load(ask: Client, seconds: number): Promise<Answer[]> {
  const end = performance.now() + seconds * 1000
  const answers: Answer[] = []
  const client = async () => {
    while (performance.now() < end) {
      answers.push(await ask())
      await pause(150)
    }
  }
  await Promise.all([client(), client(), client()])
  return answers
}

async function inTurn(count: number, ask: () => Promise<Answer>, pauseMs = 0): Promise<Answer[]> {
  const answers: Answer[] = []
  for (let n = 0; n < count; n++) {
    answers.push(await ask())
    if (pauseMs > 0) await pause(pauseMs)
  }
  return answers
}

/** 25 calls at once and 25 one after the other, for longer than any spacing of logins. */
async function inAndOutOfTurn(ask: Client): Promise<Answer[]> {
  const together = Promise.all(Array.from({ length: 25 }, () => ask({ method: 'POST', body: '{}' })))
  return [...(await inTurn(25, () => ask(), 300)), ...(await together)]
}

/** The first few answers that have another status. */
function unlike(answers: readonly Answer[], wanted: number): unknown[] {
  const others = answers.filter(({ status }) => status !== wanted)
  return others.slice(0, 3).map(({ status, body }) => [status, body.toString()])
}

function rejected(t: Test, answers: readonly Answer[], service: ServiceChannel): void {
  t.equal(answers.length, 50)
  t.strictSame(unlike(answers, 502), [], 'every client is told')
  for (const answer of [answers[0]!, answers.at(-1)!]) {
    const sentence = /^[A-Z].{20,}\.$/
    t.match(answer.headers, { 'content-type': /^application\/problem\+json/, 'x-sc-proxy-error': 'login_rejected' })
    t.match(problemOf(answer), { status: 502, code: 'login_rejected', detail: sentence, ErrorMessage: sentence })
  }
  t.equal(service.logins.length, 1, 'the login host was asked once')
  t.equal(service.calls.length, 0, 'and the API not at all')
}

function allValid(t: Test, { calls }: ServiceChannel): void {
  t.strictSame(
    calls.filter(({ token }) => token !== 'valid'),
    [],
    'no call carried a token that had ended'
  )
}

function grants({ logins }: ServiceChannel): (string | undefined)[] {
  return logins.map(({ grant }) => grant)
}

/** ServiceChannel allows one token request of a user in five seconds, counted where it stands. */
function spaced(t: Test, { logins }: ServiceChannel): void {
  const gaps = logins.slice(1).map(({ at }, n) => (at - logins[n]!.at) / 1000)
  t.ok(
    gaps.every((gap) => gap >= 5),
    `no two logins within 5 s: ${gaps.map((gap) => gap.toFixed(1)).join(', ')} s apart`
  )
}

function tokenMs(headers: Answer['headers']): number {
  return Number(/token;dur=([\d.]+)/.exec(`${headers['server-timing']}`)?.[1])
}
