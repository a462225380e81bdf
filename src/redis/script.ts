import { createHash } from 'node:crypto'

/** A Lua script and the name it is called by once the server has it. */
export interface Script {
  readonly text: string
  readonly sha: string
}

/** A script the server runs as a whole, with nobody else's commands in between. */
export function script(text: string): Script {
  return { text, sha: createHash('sha1').update(text).digest('hex') }
}
