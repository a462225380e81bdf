import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { envelope, errorCodes, htmlPage } from './envelope.js'
import { writeJson } from './json.js'
import type { Faults } from './scenario-schema.js'

const crawlPieces = 10
const crawlPauseMs = 100

/**
 * Faults of a network and of a busy service, as three hooks: the way in (onRequest, before anything is counted), a
 * failure instead of the work (onRequest, after the limits) and the way back (onSend).
 */
export function createTrouble(faults: Faults, random: () => number) {
  const chance = (share: number) => share > 0 && random() < share

  // Half of the latency lies before the call is counted, so that calls arrive later, and in another order, than they left.
  async function travel(): Promise<void> {
    const { minLatencyMs, maxLatencyMs } = faults
    if (maxLatencyMs <= 0) return
    await delay((minLatencyMs + random() * Math.max(0, maxLatencyMs - minLatencyMs)) / 2)
  }

  async function fail(_request: FastifyRequest, reply: FastifyReply) {
    if (chance(faults.html)) {
      const [status, title] = random() < 0.5 ? [502, '502 Bad Gateway'] : [503, '503 Service Temporarily Unavailable']
      return reply
        .code(Number(status))
        .type('text/html')
        .send(htmlPage(String(title), `<center><h1>${title}</h1></center>`))
    }
    if (chance(faults.fail)) {
      const status = [500, 502, 503][Math.floor(random() * 3)] ?? 500
      const body = envelope(errorCodes.internal, 'Timeout expired. The server is not responding.')
      return reply.code(status).type('application/json; charset=utf-8').send(writeJson(body))
    }
  }

  async function wayBack(request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<unknown> {
    await travel()
    if (chance(faults.drop)) {
      request.raw.socket.destroy()
      return payload
    }
    if (typeof payload !== 'string' || payload === '' || request.method === 'HEAD') return payload
    const bytes = Buffer.from(payload)
    if (chance(faults.cut)) return asStream(reply, bytes, cutShort(bytes))
    if (chance(faults.crawl)) return asStream(reply, bytes, inPieces(bytes))
    return payload
  }

  return { wayIn: travel, fail, wayBack }
}

// The full length is promised either way; an answer that ends early must look broken, not short.
function asStream(reply: FastifyReply, bytes: Buffer, pieces: AsyncIterable<Buffer>): Readable {
  reply.header('content-length', bytes.length)
  return Readable.from(pieces)
}

async function* cutShort(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes.subarray(0, Math.floor(bytes.length / 2))
  await delay(crawlPauseMs)
  throw new Error('The scenario cuts this answer short')
}

async function* inPieces(bytes: Buffer): AsyncGenerator<Buffer> {
  const size = Math.ceil(bytes.length / crawlPieces)
  for (let start = 0; start < bytes.length; start += size) {
    yield bytes.subarray(start, start + size)
    await delay(crawlPauseMs)
  }
}
