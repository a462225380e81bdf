import { Ajv, type AnySchema } from 'ajv'
import t, { type Test } from 'tap'
import { createApi } from '../../src/emulator/api.js'
import { createCertificates } from '../../src/emulator/certificates.js'
import { createStore } from '../../src/emulator/data/store.js'
import { description } from '../../src/emulator/description/description.js'
import { readScenario } from '../../src/emulator/scenario.js'
import { createTokens } from '../../src/emulator/tokens.js'
import { type Operation, operationsOf } from '../../src/openapi/operations.js'
import { visit } from './visitor.js'

type Described = Record<string, { content: Record<string, { schema: AnySchema }> }>

const operations = operationsOf(description)
const nameOf = ({ method, path }: Operation) => `${method} ${path}`

function answersOf({ method, path }: Operation): Described {
  const item = (description.paths as Record<string, Record<string, unknown>>)[path] ?? {}
  return (item[method.toLowerCase()] as { responses: Described }).responses
}

const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true, schemas: { doc: description } })
const validators = new Map<string, ReturnType<Ajv['compile']>>()

/** Is the answer one of those described, and as it is described? */
function check(t: Test, operation: Operation, { status, text }: { status: number; text: string }): void {
  const schema = answersOf(operation)[status]?.content['application/json']?.schema
  if (!schema) return void t.fail(`${nameOf(operation)} answers ${status}, which is not described`, { text })
  const key = JSON.stringify(schema)
  const compiled = validators.get(key) ?? ajv.compile(JSON.parse(key.replaceAll('"#/', '"doc#/')))
  validators.set(key, compiled)
  t.ok(compiled(JSON.parse(text)), `${nameOf(operation)}, ${status}`, { errors: compiled.errors?.slice(0, 3) })
}

/** The request an operation's examples make, or one that differs from them. */
function requestOf({ method, path, inPath, inQuery, body }: Operation, other: { id?: string; body?: unknown } = {}) {
  const inPlace = (name: string) => other.id ?? inPath.find((parameter) => parameter.name === name)?.value ?? ''
  const query = inQuery.filter(({ isRequired }) => isRequired).map(({ name, value }) => `${name}=${value}`)
  const target = path.replace(/\{([^}]+)\}/g, (_, name: string) => inPlace(name)) + (query[0] ? `?${query}` : '')
  const upload = '--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\na\r\n--x--\r\n'
  const isUpload = body?.kind === 'form'
  const sent = other.body ?? (isUpload ? upload : (body?.text ?? ''))
  return {
    target,
    options: {
      method: method as 'GET',
      headers: { 'content-type': isUpload ? 'multipart/form-data; boundary=x' : 'application/json' },
      ...(method !== 'GET' && { body: String(sent) })
    }
  }
}

t.test('every route of the emulator is described, and no other', async (t) => {
  const scenario = await readScenario('calm')
  const now = Date.now
  const api = createApi({
    certificates: await createCertificates('localhost'),
    tls: 'TLSv1.2',
    now,
    settings: scenario.api,
    tokens: createTokens(scenario.login, now),
    store: createStore({ seed: 1, now, replicaLagSeconds: 0 }),
    random: Math.random,
    signedUri: () => ''
  })
  t.teardown(() => api.close())
  const served = new Set<string>()
  api.addHook('onRoute', ({ url, method }) => {
    for (const one of [method].flat()) served.add(`${one} ${url.replace(/:(\w+)\(\^.+?\$?\)/g, '{$1}')}`)
  })
  await api.ready()
  const described = operations.map(nameOf)
  const isCounted = (route: string) => !route.startsWith('HEAD ')
  const versioned = [...served].filter((route) => isCounted(route) && route.includes(' /v3/'))
  t.strictSame(versioned.sort(), described.sort())
  const unversioned = [...served].filter((route) => isCounted(route) && !route.includes(' /v3/'))
  t.strictSame(unversioned.map((route) => route.replace(' /', ' /v3/')).sort(), described)
})

t.test('every example can be tried, and is answered as described', async (t) => {
  const ask = await (await visit(t)).caller()
  for (const operation of operations) {
    const { target, options } = requestOf(operation)
    const answer = await ask(target, options)
    const [best] = Object.keys(answersOf(operation)).filter((status) => status !== '401')
    t.equal(answer.status, Number(best), nameOf(operation))
    check(t, operation, answer)
  }
})

t.test('what is refused is refused as described', async (t) => {
  const { caller, ask: stranger, emulator } = await visit(t)
  const ask = await caller()
  for (const operation of operations) {
    const { target, options } = requestOf(operation)
    check(t, operation, await stranger(`${emulator.apiUrl}${target}`, options))
    if (operation.inPath.length > 0) {
      const unknown = requestOf(operation, { id: '1' })
      check(t, operation, await ask(unknown.target, unknown.options))
    }
    if (operation.body?.kind === 'text' && !operation.path.endsWith('workactivities')) {
      const broken = requestOf(operation, { body: '{' })
      check(t, operation, await ask(broken.target, broken.options))
    }
    for (const wrong of ['page=x', 'page=0', 'paging=x', '$top=x']) {
      const name = wrong.split('=')[0]
      if (operation.inQuery.some((parameter) => parameter.name === name))
        check(t, operation, await ask(`${target}?${wrong}`, options))
    }
  }
})
