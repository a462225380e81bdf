import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'
import { outside } from '../support/outside.js'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../..', import.meta.url))
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  version: string
  bin: Record<string, string>
  dependencies: Record<string, string>
}

/** What a package manager would fetch, reached without a network. */
function linkDependencies(into: string): void {
  for (const name of Object.keys(manifest.dependencies)) {
    const link = join(into, 'node_modules', name)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(join(root, 'node_modules', name), link, 'junction')
  }
}

const skip =
  existsSync(join(root, 'dist/main.js')) && process.platform !== 'win32' ? false : 'npm run build comes first'

t.test('the package holds what is needed and nothing else, and runs from an empty folder', { skip }, async (t) => {
  const folder = t.testdir()
  // The scripts would build it once more.
  const args = ['pack', '--ignore-scripts', '--json', '--loglevel', 'error', '--pack-destination', folder]
  const [packed] = JSON.parse((await run('npm', args, { cwd: root })).stdout) as {
    filename: string
    unpackedSize: number
    files: { path: string; mode: number }[]
  }[]
  const paths = packed!.files.map(({ path }) => path)
  const wanted =
    /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|dist\/THIRD-PARTY-NOTICES\.txt|dist\/[^/]+\.js|dist\/page\/.+\.(?:html|css|js|svg)|config\/(example|schema)\.json|config\/(deploy|scenarios)\/.+)$/
  t.strictSame(
    paths.filter((path) => !wanted.test(path)),
    []
  )
  for (const bin of Object.values(manifest.bin)) t.ok(paths.includes(bin), bin)
  t.ok(paths.includes('dist/THIRD-PARTY-NOTICES.txt'), 'the licences of what is in it')
  t.ok(packed!.unpackedSize < 8_000_000, `${packed!.unpackedSize} bytes`)

  await run('tar', ['-xzf', packed!.filename], { cwd: folder })
  const installed = join(folder, 'package')
  linkDependencies(installed)
  const main = join(installed, manifest.bin['sc-proxy']!)
  t.ok(readFileSync(main, 'utf8').startsWith('#!/usr/bin/env node\n'), 'it can be run by its name')

  const empty = join(folder, 'empty')
  mkdirSync(empty)
  const env = { PATH: process.env.PATH }
  const start = (...args: string[]) => outside(env, [process.execPath, main, ...args])
  const told = run(...start('version'), { cwd: empty })
  const proxy = spawn(...start('--port', '0', '--admin-port', '0'), { cwd: empty })
  t.teardown(() => proxy.kill('SIGKILL'))
  let output = ''
  for (const stream of [proxy.stdout, proxy.stderr]) stream.on('data', (chunk) => (output += chunk))
  while (!/\/readiness/.test(output) && proxy.exitCode === null)
    await Promise.race([once(proxy.stdout, 'data'), once(proxy, 'exit')])
  const port = /listening on 127\.0\.0\.1:(\d+)/.exec(output)?.[1]
  const adminPort = /http:\/\/127\.0\.0\.1:(\d+)\/readiness/.exec(output)?.[1]
  t.equal((await fetch(`http://127.0.0.1:${port}/v3/workorders`)).status, 200, output)
  t.equal((await fetch(`http://127.0.0.1:${adminPort}/metrics`)).status, 200)
  t.match(await (await fetch(`http://127.0.0.1:${adminPort}/`)).text(), /<html/i, 'the inspector came along')
  proxy.kill('SIGTERM')
  const [code] = await once(proxy, 'exit')
  t.equal(code, 0)
  t.equal((await told).stdout, `sc-proxy ${manifest.version}\n`)
})
