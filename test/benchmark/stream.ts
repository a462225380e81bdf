import type { ServerResponse } from 'node:http'
import http from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { ask } from './ask.js'
import { describeMachine } from './machine.js'
import { table } from './markdown.js'
import type { Options } from './options.js'
import type { Scope } from './scope.js'
import { json, startService } from './service.js'
import { spread } from './statistics.js'
import { startSubject } from './subject.js'

const mebibyte = 2 ** 20
const streamMiB = 1024
/** Small ones, until the compilers have seen enough: the first stream has all its buffers still to make. */
const warmUpCalls = 2000
/** Until what a stream leaves behind is gone, in ms. */
const restMs = 2000
const piece = Buffer.alloc(64 * 1024, 'x')

/** How much memory it takes to let 1 GiB through, down and up, above what the idle program has after the warm-up. */
export async function stream(scope: Scope, options: Options): Promise<void> {
  const service = await startService(scope, ({ url = '', method }, response) => {
    const mib = Number(/mib=(\d+)/.exec(url)?.[1])
    if (method === 'GET' && mib > 0) void give(response, mib)
    else json(response, 200, '{}')
  })
  const { url, program } = await startSubject(scope, { upstream: service }, { ...options, path: '/v3/workorders' })
  const agent = new http.Agent({ keepAlive: true })
  scope.defer(() => agent.destroy())

  for (let i = 0; i < warmUpCalls; i++) await ask({ url: `${url}/v3/workorders`, agent })

  const ways = { download, upload }
  const results = { download: [] as Taken[], upload: [] as Taken[] }
  for (let i = 1; i <= options.rounds; i++) {
    for (const name of ['download', 'upload'] as const) {
      await pause(restMs)
      const idle = program.rssMiB()
      program.takePeakRssMiB()
      const from = performance.now()
      await ways[name](url, streamMiB)
      const seconds = (performance.now() - from) / 1000
      results[name].push({ idle, peak: program.takePeakRssMiB(), speed: streamMiB / seconds })
    }
    console.error(`round ${i} of ${options.rounds}`)
  }
  const rows = Object.entries(results).map(([name, taken]) => [
    name,
    spread(
      taken.map(({ speed }) => speed),
      0
    ),
    spread(
      taken.map(({ idle }) => idle),
      0
    ),
    spread(
      taken.map(({ peak }) => peak),
      0
    ),
    spread(
      taken.map(({ idle, peak }) => peak - idle),
      1
    )
  ])
  const head = ['1 GiB', 'MiB/s', 'idle, MiB', 'most, MiB', 'more than idle, MiB']
  console.log(`${describeMachine(options)}\n\n${table(head, rows)}`)
}

interface Taken {
  /** In MiB. */
  idle: number
  peak: number
  /** In MiB per second. */
  speed: number
}

function* pieces(mib: number): Generator<Buffer> {
  for (let left = mib * mebibyte; left > 0; left -= piece.length) yield piece
}

function give(response: ServerResponse, mib: number): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': mib * mebibyte })
  return pipeline(Readable.from(pieces(mib)), response)
}

/** Reads as fast as it comes and keeps nothing. */
async function download(url: string, mib: number): Promise<void> {
  const bytes = await new Promise<number>((resolve, reject) => {
    const request = http.get(`${url}/v3/attachments?mib=${mib}`, (response) => {
      let count = 0
      response.on('data', ({ length }: Buffer) => {
        count += length
      })
      response.once('error', reject).once('end', () => resolve(count))
    })
    request.once('error', reject)
  })
  if (bytes !== mib * mebibyte) throw new Error(`${bytes} bytes arrived`)
}

async function upload(url: string, mib: number): Promise<void> {
  const headers = { 'content-type': 'application/octet-stream', 'content-length': mib * mebibyte }
  const request = http.request(`${url}/v3/attachments`, { method: 'POST', headers })
  const answered = new Promise<number>((resolve, reject) => {
    request.once('error', reject).once('response', (response) => resolve(response.resume().statusCode ?? 0))
  })
  const [status] = await Promise.all([answered, pipeline(Readable.from(pieces(mib)), request)])
  if (status !== 200) throw new Error(`an upload was answered with status ${status}`)
}
