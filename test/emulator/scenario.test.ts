import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { readScenario, ScenarioError, scenarioNames } from '../../src/emulator/scenario.js'

t.test('the package brings four scenarios, each with a sentence about itself', async (t) => {
  const names = await scenarioNames()
  t.same(names, ['calm', 'expiring-tokens', 'flaky', 'throttled'])
  for (const name of names) t.match((await readScenario(name)).description, /\w+ \w+/)
})

t.test('a file may say only what differs; every other key has its default', async (t) => {
  const file = join(t.testdir({}), 'mine.json')
  await writeFile(file, JSON.stringify({ api: { quota: { calls: 7 } } }))
  const scenario = await readScenario(file)
  t.match(scenario, {
    tls: 'TLSv1.2',
    login: {
      tokenLifeSeconds: 600,
      refreshLifeSeconds: 2_592_000,
      expiresIn: 'number',
      spacingSeconds: 5,
      spacingStatus: 429
    },
    api: {
      quota: { calls: 7, windowSeconds: 60, window: 'rolling' },
      companyQuota: { calls: 600 },
      throttleStatus: 429
    }
  })
})

t.test('tokens of the expiring-tokens scenario live 12 seconds', async (t) => {
  t.equal((await readScenario('expiring-tokens')).login.tokenLifeSeconds, 12)
})

t.test('what cannot be used is named in one sentence, with the names that are known', async (t) => {
  const folder = t.testdir({
    'key.json': '{ "api": { "quoat": {} } }',
    'choice.json': '{ "login": { "expiresIn": "date" } }',
    'number.json': '{ "api": { "quota": { "calls": 0 } } }',
    'text.json': '{ "api": ',
    'list.json': '[]'
  })
  const said = (name: string) =>
    readScenario(name).then(
      () => 'nothing',
      (error) => (error instanceof ScenarioError ? error.message.replace(folder, '') : String(error))
    )
  t.equal(
    await said('stormy'),
    'There is no scenario "stormy"; there are calm, expiring-tokens, flaky and throttled, and a path names a file.'
  )
  t.match(
    await said(join(folder, 'key.json')),
    /key\.json has an unknown key "quoat"; known there are quota, companyQuota, .* and trouble\.$/
  )
  t.match(await said(join(folder, 'choice.json')), /"login\.expiresIn" must be one of number and string\.$/)
  t.match(await said(join(folder, 'number.json')), /"api\.quota\.calls" must be >= 1\.$/)
  t.match(await said(join(folder, 'text.json')), /text\.json is not JSON\.$/)
  t.match(await said(join(folder, 'list.json')), /the content must be object\.$/)
  t.match(await said(join(folder, 'absent.json')), /absent\.json cannot be read\.$/)
})
