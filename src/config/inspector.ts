import { object, secret } from './fields.js'
import { Type } from './type.js'

/** What is kept for the inspector, and who may see it. */
export const inspector = object({
  enabled: Type.Boolean({
    description:
      'Keep the last calls in memory, with headers and bodies, for the inspector, which shows no secrets of theirs.',
    default: true
  }),
  maxCalls: Type.Integer({ description: 'The most calls kept.', default: 500, minimum: 1, maximum: 100_000 }),
  maxMegabytes: Type.Integer({
    description: 'The most memory all kept calls take, in MiB.',
    default: 32,
    minimum: 1,
    maximum: 4096
  }),
  maxBodyKilobytes: Type.Integer({
    description: 'The most that is kept of one body, in KiB.',
    default: 64,
    minimum: 1,
    maximum: 65_536
  }),
  token: Type.Optional(
    secret(
      'What the inspector asks for before it shows bodies or changes anything; a new one at each start unless given.'
    )
  )
})
