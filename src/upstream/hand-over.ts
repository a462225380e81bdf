import type { Readable, Writable } from 'node:stream'

/** Is told of each piece that is written. */
export type Seen = (piece: Buffer) => void

/**
 * Writes a stream to a sink and leaves that open. Unlike stream.pipeline it also leaves it as it is when the stream fails:
 * what has come is still to go out.
 */
export function handOver(body: Readable, sink: Writable, seen?: Seen): Promise<void> {
  return new Promise((resolve, reject) => {
    if (body.errored) return reject(body.errored)
    body.once('error', reject).once('end', resolve)
    sink.once('close', () => {
      body.destroy()
      reject(new Error('the sink closed'))
    })
    // Together with the pipe: a stream gives what it has to all who listen when it begins to flow.
    if (seen) body.on('data', seen)
    body.pipe(sink, { end: false })
  })
}
