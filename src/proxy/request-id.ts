import { randomBytes } from 'node:crypto'

/** Nobody must be able to guess whose calls these are, nor two processes give the same id to two calls. */
const ours = randomBytes(12).toString('hex')
let calls = 0

/** An id for a call whose client has none for it: of this process, and the number of the call in it. */
export function newRequestId(): string {
  calls++
  return `${ours}-${calls.toString(36)}`
}
