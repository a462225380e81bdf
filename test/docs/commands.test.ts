import { execFile } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { startApp } from '../support/app.js'
import { blocksOf, pages } from './pages.js'

const main = fileURLToPath(new URL('../../../dist/main.js', import.meta.url))

/** Why a command in the pages is not run here. */
const marks = ['credentials', 'docker', 'fiddler', 'job', 'kubernetes', 'network', 'root', 'shell'].map(
  (need) => `needs-${need}`
)

const commands = pages.filter(({ name }) => name !== 'docs/performance.md' && name !== 'README.md').flatMap(blocksOf)

const isRunnable = process.platform !== 'win32'

t.setTimeout(120_000)

/** What may stand behind the language of a block; PowerShell is never run here, and has to say so. */
const allowed: Record<string, string[]> = {
  sh: ['', 'starts-the-proxy', ...marks],
  json: ['', 'answer'],
  powershell: ['needs-powershell']
}

t.test('a command that is not run here says why', async (t) => {
  for (const { page, language, mark, text } of commands) {
    t.ok((allowed[language] ?? ['']).includes(mark), `${page}: ${mark || text.split('\n', 1)[0]}`)
  }
})

t.test('every other command works as it stands', { skip: !isRunnable }, async (t) => {
  const { url, adminUrl } = await startApp(t)
  const [port, adminPort] = [new URL(url).port, new URL(adminUrl).port]

  const home = t.testdir()
  mkdirSync(join(home, 'bin'))
  // Without tap's hooks, which it hangs into whatever a test starts: they take longer to load than the program.
  writeFileSync(
    join(home, 'bin/sc-proxy'),
    `#!/bin/sh\nunset NODE_OPTIONS\nexec '${process.execPath}' '${main}' "$@"\n`
  )
  chmodSync(join(home, 'bin/sc-proxy'), 0o755)
  const env = { HOME: home, PATH: `${join(home, 'bin')}:${process.env.PATH}` }

  const toRun = commands.filter(({ language, mark }) => language === 'sh' && mark === '')
  t.ok(toRun.length >= 10, `${toRun.length} blocks`)
  await Promise.all(
    toRun.map(async ({ page, text }) => {
      const script = text.replaceAll('localhost:8080', `localhost:${port}`).replaceAll(':8081', `:${adminPort}`)
      const outcome = await new Promise<{ failed: boolean; told: string }>((resolve) => {
        const options = { env, cwd: home, timeout: 100_000 }
        execFile('bash', ['-euo', 'pipefail', '-c', script], options, (error, stdout, stderr) =>
          resolve({ failed: error !== null, told: stdout + stderr })
        )
      })
      t.notOk(outcome.failed, `${page}: ${text.split('\n', 1)[0]}`, { told: outcome.told })
    })
  )
})
