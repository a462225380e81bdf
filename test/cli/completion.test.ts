import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { commands } from '../../src/cli/commands.js'
import { flagsOf } from '../../src/cli/completion-words.js'
import { folderWith, sc } from './app.js'

const has = (shell: string) => spawnSync(shell, ['-c', 'exit 0']).status === 0
const names = commands.map(({ name }) => name)

t.test('bash completes commands, flags and values', { skip: !has('bash') && 'no bash here' }, async (t) => {
  const { code, out: script } = await sc(commands, ['completion', 'bash'])
  t.equal(code, 0)
  const folder = folderWith(t, { 'completion.bash': script, 'proxy.json': '{}' })
  mkdirSync(join(folder, 'proxies'))
  // Each line is what has been typed so far, the last word being the one to complete; bash splits at = itself.
  const lines: [string[], string[]][] = [
    [['sc-proxy', 'do'], ['doctor']],
    [['sc-proxy', 'w'], ['wait']],
    [['sc-proxy', '--queue-max-c'], ['--queue-max-calls']],
    [['sc-proxy', '--read'], ['--read-only']],
    [['sc-proxy', 'start', '--log-l'], ['--log-level']],
    [['sc-proxy', 'start', '--log-level', 'd'], ['debug']],
    [['sc-proxy', 'start', '--log-level', '=', 'w'], ['warn']],
    [
      ['sc-proxy', 'start', '--log-level', '='],
      ['trace', 'debug', 'info', 'warn', 'error', 'silent']
    ],
    [
      ['sc-proxy', 'start', '--config', 'prox'],
      ['proxies', 'proxy.json']
    ],
    [['sc-proxy', 'start', '--port', ''], []],
    [['sc-proxy', 'wait', '--ti'], ['--timeout']],
    [['sc-proxy', 'wait', '--queue'], []],
    [
      ['sc-proxy', 'init', '--secrets', ''],
      ['files', 'environment']
    ],
    [
      ['sc-proxy', 'help', 'lo'],
      ['login', 'logout']
    ],
    [
      ['sc-proxy', 'completion', ''],
      ['bash', 'zsh', 'fish', '--help']
    ],
    [['sc-proxy', 'start', '--client-secret'], ['--client-secret-file']],
    [['sc-proxy', ''], [...names]]
  ]
  const cases = lines.map(
    ([words]) =>
      `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _sc_proxy; echo "\${COMPREPLY[*]}"`
  )
  writeFileSync(join(folder, 'ask.bash'), `set -u\nsource ./completion.bash\n${cases.join('\n')}\n`)
  const { stdout, stderr } = spawnSync('bash', ['--norc', 'ask.bash'], { cwd: folder, encoding: 'utf8' })
  t.equal(stderr, '')
  for (const [index, [words, expected]] of lines.entries()) {
    const offered = stdout.split('\n')[index]?.split(' ').filter(Boolean) ?? []
    if (words.join(' ') === 'sc-proxy ')
      t.strictSame(
        offered.filter((word) => !word.startsWith('-')),
        expected
      )
    else t.strictSame(offered.sort(), [...expected].sort(), words.join(' '))
  }
})

for (const shell of ['zsh', 'fish']) {
  t.test(`${shell} gets every command and every flag`, async (t) => {
    const { code, out } = await sc(commands, ['completion', shell])
    t.equal(code, 0)
    for (const command of commands) {
      t.match(out, command.name)
      for (const { name } of flagsOf(command)) if (!out.includes(name.slice(2))) t.fail(name)
    }
    if (has(shell)) t.equal(spawnSync(shell, ['-n'], { input: out }).status, 0, 'the shell can read it')
  })
}

t.test('no flag of a secret is offered, and no other shell is known', async (t) => {
  for (const command of commands) {
    t.strictSame(
      flagsOf(command).filter(({ name }) => /^--(password|client-secret|client-key|session-key)$/.test(name)),
      []
    )
  }
  t.match(await sc(commands, ['completion', 'basch']), {
    code: 2,
    out: '',
    err: /bash, zsh, fish; did you mean bash\?/
  })
  t.match(await sc(commands, ['completion']), { code: 2 })
})

t.test('the help of every command begins with examples, and lists its own flags', async (t) => {
  for (const command of commands) {
    const { code, out } = await sc(commands, [command.name, '--help'])
    t.equal(code, 0)
    t.match(out, new RegExp(`^sc-proxy ${command.name}: .+\\n\\nExamples:\\n  \\S`))
    for (const { flag } of command.options ?? []) t.match(out, `\n  ${flag}`)
  }
})
