import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { FastifyInstance } from 'fastify'
import { contentTypeOf } from './pages.js'

export interface ExplorerOptions {
  /** Where calls can go. */
  listeners(): readonly { environment: string; access: string; url: string }[]
  /**
   * The description of the API as it is behind the listener in this place; undefined when there is none.
   *
   * @throws Error with one sentence: why there is no description
   */
  documentFor(listener: number): Promise<object | undefined>
}

/** All that is served under `/explorer/`, and where it is. Of Swagger UI no more than what the page loads. */
const files: Readonly<Record<string, () => URL | string>> = {
  'explorer.js': () => new URL('./page/explorer/explorer.js', import.meta.url),
  'explorer.css': () => new URL('./page/explorer/explorer.css', import.meta.url),
  'swagger-ui-bundle.js': () => fileURLToPath(import.meta.resolve('swagger-ui-dist/swagger-ui-bundle.js')),
  'swagger-ui.css': () => fileURLToPath(import.meta.resolve('swagger-ui-dist/swagger-ui.css'))
}

/**
 * The page that shows the API and calls it, with Swagger UI. Nothing of it is read before somebody asks. Calls go to the
 * listeners, as those of any other client; the listeners let this page in, and its policy lets it call nobody else.
 */
export async function explorerRoutes(app: FastifyInstance, { listeners, documentFor }: ExplorerOptions): Promise<void> {
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('x-content-type-options', 'nosniff').header('cross-origin-resource-policy', 'same-origin')
    reply.header('referrer-policy', 'no-referrer').header('cache-control', 'no-cache')
  })

  app.get('/explorer', async (_request, reply) => {
    const page = await readFile(new URL('./page/explorer/explorer.html', import.meta.url))
    return reply
      .header('content-security-policy', policyFor(listeners().map(({ url }) => url)))
      .header('cross-origin-opener-policy', 'same-origin')
      .type(contentTypeOf('explorer.html'))
      .send(page)
  })
  for (const [name, place] of Object.entries(files)) {
    app.get(`/explorer/${name}`, async (_request, reply) =>
      reply.type(contentTypeOf(name)).send(await readFile(place()))
    )
  }

  app.get('/explorer/listeners.json', async (_request, reply) =>
    reply.send(listeners().map(({ environment, access, url }) => ({ environment, access, url })))
  )
  app.get<{ Querystring: { listener?: string } }>('/explorer/openapi.json', async ({ query }, reply) => {
    try {
      const document = await documentFor(Number(query.listener ?? 0))
      if (document) return reply.send(document)
      return reply.code(404).send({ detail: 'There is no such listener.' })
    } catch (error) {
      return reply.code(502).send({ detail: `${(error as Error).message}.` })
    }
  })
}

/**
 * Nothing but our own files runs, nobody frames the page, and it calls this listener and the proxied ones only (Content
 * Security Policy level 3). Trusted Types are not asked for: Swagger UI makes markup of text that it has cleaned itself.
 */
function policyFor(origins: readonly string[]): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    `connect-src ${["'self'", ...origins].join(' ')}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'"
  ].join('; ')
}
