import { Transform } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from 'node:zlib'

/** The step that undoes each content coding, none for identity; what is not here cannot be read. */
export const decoders: ReadonlyMap<string, () => Transform[]> = new Map([
  ['identity', () => []],
  ['gzip', () => [createGunzip()]],
  ['x-gzip', () => [createGunzip()]],
  ['deflate', () => [inflate()]],
  ['br', () => [createBrotliDecompress()]]
])

/** By the book `deflate` is the zlib format (RFC 9110 §8.4.1.2); some servers send it bare. Its first byte tells. */
function inflate(): Transform {
  let inner: Transform | undefined
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      inner ??= start((chunk[0] ?? 0) % 16 === 8 ? createInflate() : createInflateRaw(), this)
      inner.write(chunk, () => done())
    },
    flush(done) {
      if (inner) inner.once('end', () => done()).end()
      else done()
    }
  })
}

function start(inner: Transform, outer: Transform): Transform {
  return inner.on('data', (chunk) => outer.push(chunk)).on('error', (error) => outer.destroy(error))
}
