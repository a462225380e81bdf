import { readFileSync } from 'node:fs'
import t from 'tap'
import { config } from '../../src/cli/config.js'
import { createHelp } from '../../src/cli/help.js'
import { type Command, run } from '../../src/cli/run.js'
import { packageVersion, version } from '../../src/cli/version.js'
import { allSettings } from '../../src/config/settings.js'
import { processWith } from './process.js'

const seen: (readonly string[])[] = []
const start: Command = {
  name: 'start',
  summary: 'run the proxy',
  examples: ['sc-proxy start --port 9000'],
  async run(_process, argv) {
    seen.push(argv)
    return 7
  }
}
const failing: Command = {
  name: 'failing',
  summary: 'fail',
  examples: [],
  async run() {
    throw new Error('the disk is full')
  }
}
const some: Command = {
  name: 'some',
  summary: 'take some settings',
  examples: [],
  settings: ['config', 'queue'],
  async run() {
    return 0
  }
}
const others = [start, failing, some, config, version]
const commands = [...others, createHelp(others)]

async function sc(argv: string[], columns?: number) {
  const { process, stdout, stderr } = processWith({ argv, columns })
  return { code: await run(process, commands), out: stdout(), err: stderr() }
}

t.test('the first word names the command, and start is meant without one', async (t) => {
  for (const [argv, rest] of [
    [
      ['start', '--port', '1'],
      ['--port', '1']
    ],
    [
      ['--port', '1'],
      ['--port', '1']
    ],
    [[], []]
  ] as [string[], string[]][]) {
    t.match(await sc(argv), { code: 7, out: '', err: '' })
    t.strictSame(seen.at(-1), rest)
  }
})

t.test('an unknown command is refused with the nearest one', async (t) => {
  t.strictSame(await sc(['statr']), {
    code: 2,
    out: '',
    err: 'sc-proxy: there is no command statr; did you mean start?\n'
  })
  t.match(await sc(['help', 'confg']), { code: 2, out: '', err: /no command confg; did you mean config\?/ })
  t.match(await sc(['statr', '--help']), { code: 2, err: /statr/ })
  for (const argv of [['serve'], ['help', 'serve']]) {
    t.strictSame((await sc(argv)).err, 'sc-proxy: there is no command serve; "sc-proxy help" lists them\n')
  }
})

t.test('a command that fails unforeseen ends with 1 and its message', async (t) => {
  t.strictSame(await sc(['failing']), { code: 1, out: '', err: 'sc-proxy: the disk is full\n' })
})

t.test('the version is the one of the package', async (t) => {
  const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'))
  t.equal(packageVersion(), version)
  for (const argv of [['version'], ['--version'], ['-V'], ['-v'], ['start', '--version']]) {
    t.strictSame(await sc(argv), { code: 0, out: `sc-proxy ${version}\n`, err: '' })
  }
  t.strictSame(await sc(['version', '--json']), { code: 0, out: `{"version":"${version}"}\n`, err: '' })
  t.match(await sc(['version', '--jason']), { code: 2, out: '', err: /takes --json/ })
})

t.test('help lists the commands there are, and itself', async (t) => {
  const { code, out } = await sc(['help'])
  t.equal(code, 0)
  for (const { name, summary } of commands) t.match(out, new RegExp(`^  ${name} +${summary}$`, 'm'))
  t.match(out, 'help COMMAND')
  t.notMatch(out, '--port')
})

t.test('--help shows examples, then commands, then every setting', async (t) => {
  for (const argv of [['--help'], ['-h'], ['--port', '1', '-h']]) {
    const { code, out, err } = await sc(argv)
    t.match({ code, err }, { code: 0, err: '' })
    t.ok(out.startsWith('Examples:\n  sc-proxy start --port 9000\n'))
    t.ok(out.indexOf('Commands:') < out.indexOf('The listener:'))
    for (const { flag = '', env = '', schema } of allSettings) {
      const name = schema.writeOnly ? env : schema.type === 'boolean' ? flag.replace('--', '--[no-]') : flag
      t.match(out, new RegExp(`^  ${name.replace(/[[\]]/g, '\\$&')}( |$)`, 'm'))
    }
    t.notMatch(out, /--(client-secret|password|client-key) /, 'a secret has no flag')
  }
})

t.test('a command has its own help, under two names', async (t) => {
  const { out } = await sc(['help', 'config'])
  t.match(out, /^sc-proxy config: print the effective settings/)
  t.match(out, '--queue-max-calls')
  t.equal((await sc(['config', '--help'])).out, out)
  t.equal((await sc(['config', '--port', 'x', '-h'])).out, out)
  t.notMatch((await sc(['help', 'version'])).out, '--port')
  const some = (await sc(['help', 'some'])).out
  t.match(some, '--config FILE')
  t.match(some, '--queue-max-calls')
  t.notMatch(some, '--port', 'a command lists the settings it takes')
  t.notMatch(some, 'The login:', 'and no empty section')
})

t.test('help keeps to the width of the terminal', async (t) => {
  for (const columns of [60, 80, 100]) {
    const { out } = await sc(['--help'], columns)
    const prose = out.split('\n').filter((line) => !/^ +--|^ {2}\S/.test(line))
    t.ok(
      prose.every((line) => line.length <= columns),
      `${columns} columns`
    )
  }
})

t.test('config prints every effective setting with its origin', async (t) => {
  const { process, stdout, stderr } = processWith({ env: { SC_PROXY_LOG_LEVEL: 'warn', SC_PROXY_LOGLEVEL: 'x' } })
  t.equal(await config.run(process, ['--port', '9000', '--allowed-hosts', 'a,b']), 0)
  const lines = stdout().trimEnd().split('\n')
  t.ok(lines.some((line) => /^listeners\[0\]\.port + {2}= 9000 +\(--port\)$/.test(line)))
  t.ok(lines.some((line) => /^listeners\[0\]\.allowedHosts += a, b +\(--allowed-hosts\)$/.test(line)))
  t.ok(lines.some((line) => /^listeners\[0\]\.allowedOrigins += \(none\) +\(default\)$/.test(line)))
  t.ok(lines.some((line) => /^log\.level += warn +\(SC_PROXY_LOG_LEVEL\)$/.test(line)))
  t.equal(new Set(lines.map((line) => line.indexOf(' = '))).size, 1, 'in columns')
  t.match(stderr(), /^sc-proxy: warning: SC_PROXY_LOGLEVEL is not a known variable.*SC_PROXY_LOG_LEVEL\?\n$/)
})

t.test('config --json prints one object with the configuration and the origins', async (t) => {
  const { process, stdout } = processWith({})
  t.equal(await config.run(process, ['--json', '--port', '9000']), 0)
  t.match(JSON.parse(stdout()), {
    config: { listeners: [{ port: 9000 }], queue: { maxCalls: 1000 } },
    origins: { 'listeners[0].port': '--port' }
  })
})

t.test('config with errors prints them all to stderr and ends with 2', async (t) => {
  const { process, stdout, stderr } = processWith({})
  t.equal(await config.run(process, ['--port', 'x', '--hots', 'y']), 2)
  t.equal(stdout(), '')
  t.match(stderr(), /^sc-proxy: --hots .*\nsc-proxy: --port must be .*\nsc-proxy: nothing was started/)
})
