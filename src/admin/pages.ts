import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { extname } from 'node:path'
import type { FastifyInstance } from 'fastify'

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml'
}

/** The media type of a file of a page. */
export function contentTypeOf(file: string): string {
  return types[extname(file)] ?? 'application/octet-stream'
}

/**
 * Nothing but our own files runs, no markup is ever made of text, nobody frames the page, and it talks to this
 * listener only (Content Security Policy level 3; Trusted Types).
 */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'"
].join('; ')

/** The files of the inspector's page: `/` and what it loads, as they are beside this file. */
export function pageRoutes(app: FastifyInstance): void {
  const folder = new URL('./page/', import.meta.url)
  for (const { name: file } of readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile())) {
    const body = readFileSync(new URL(file, folder))
    const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`
    const type = contentTypeOf(file)
    app.get(file === 'inspector.html' ? '/' : `/page/${file}`, async (request, reply) => {
      reply
        .header('etag', etag)
        // Always asked for, mostly answered with 304: after an update nobody sees half of the old page.
        .header('cache-control', 'no-cache')
        .header('content-security-policy', policy)
        .header('referrer-policy', 'no-referrer')
        .header('cross-origin-opener-policy', 'same-origin')
      if (request.headers['if-none-match']?.includes(etag)) return reply.code(304).send()
      return reply.type(type).send(body)
    })
  }
}
