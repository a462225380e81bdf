import { createHmac, randomBytes } from 'node:crypto'
import { createHost, type HostOptions } from './host.js'

const lifeSeconds = 900

/**
 * The file store that attachment links lead to: an origin of its own with signed addresses, which refuses a request that
 * also carries a token, as S3 does. It keeps no files and answers each address with a line of text.
 */
export function createStorage(options: HostOptions) {
  const { now } = options
  const app = createHost(options)
  const key = randomBytes(32)
  const sign = (path: string, expires: string) => createHmac('sha256', key).update(`${path}\n${expires}`).digest('hex')

  app.get<{ Params: { id: string; name: string }; Querystring: Record<string, string | undefined> }>(
    '/attachments/:id/:name',
    async (request, reply) => {
      const { expires = '', signature } = request.query
      const { id, name } = request.params
      if (request.headers.authorization) {
        return reply
          .code(400)
          .type('application/xml')
          .send(refusal('InvalidArgument', 'Only one auth mechanism allowed'))
      }
      if (signature !== sign(pathOf(id, name), expires) || Number(expires) * 1000 < now()) {
        return reply
          .code(403)
          .type('application/xml')
          .send(refusal('AccessDenied', 'Request has expired or is not signed'))
      }
      return reply.type('text/plain; charset=utf-8').send(`${name}: an attachment that was never kept\n`)
    }
  )

  return {
    app,
    /** The address of an attachment below the given origin, good for 15 minutes. */
    signedUri(origin: string, { Id, Name }: { Id: number; Name: string }): string {
      const path = pathOf(String(Id), Name)
      const expires = String(Math.floor(now() / 1000) + lifeSeconds)
      return `${origin}${path}?expires=${expires}&signature=${sign(path, expires)}`
    }
  }
}

function pathOf(id: string, name: string): string {
  return `/attachments/${id}/${encodeURIComponent(name)}`
}

function refusal(code: string, message: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`
}
