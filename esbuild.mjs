/**
 * Makes of the sources and the libraries they use the program that ships: dist/main.js and chunks that are loaded when
 * they are needed. One file in place of several hundred halves the time to the first answered call, and whoever installs
 * the package runs the very versions of the libraries that its tests ran.
 */
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { build } from 'esbuild'

/** What is more than JavaScript stays what it is: a native addon, and files that are handed to browsers. */
const external = ['@napi-rs/keyring', 'swagger-ui-dist']

rmSync('dist', { recursive: true, force: true })
const { metafile } = await build({
  entryPoints: ['src/main.ts'],
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.18',
  external,
  // Without comments and indentation it is half as large, on the disk and in memory; names and lines stay, for stack traces.
  minifyWhitespace: true,
  lineLimit: 120,
  // CommonJS among the libraries asks for Node's own modules by require, which modules do not have.
  banner: {
    js: "import { createRequire as nodeRequire } from 'node:module'\nconst require = nodeRequire(import.meta.url)"
  },
  metafile: true
})
// Which sources each file was made of: tests ask for it, packages go without.
const sources = Object.entries(metafile.outputs).map(([file, { inputs }]) => [basename(file), Object.keys(inputs)])
writeFileSync('dist/sources.json', JSON.stringify(Object.fromEntries(sources)))
cpSync('src/admin/page', 'dist/page', { recursive: true })
writeFileSync('dist/THIRD-PARTY-NOTICES.txt', notices(foldersOf(Object.keys(metafile.inputs))))

/** The folders of the packages that are in the bundle. */
function foldersOf(files) {
  const folders = files.map((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0])
  return [...new Set(folders)].filter((folder) => folder !== undefined).sort()
}

/** Nearly every licence wants its own text to go wherever the code goes. */
function notices(folders) {
  const chapters = folders.map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'))
    const files = readdirSync(folder).filter((file) => /^(?:licen[cs]e|notice|copying)(?:[.-]|$)/i.test(file))
    const texts = files.map((file) => readFileSync(`${folder}/${file}`, 'utf8').trim())
    return [`${name} ${version} (${license ?? 'see below'})`, ...texts].join('\n\n')
  })
  return `dist holds these libraries.\n\n${chapters.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`
}
