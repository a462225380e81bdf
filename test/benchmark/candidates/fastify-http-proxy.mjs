/** Bare @fastify/http-proxy, as its documentation shows it, with the one thing it needs to verify certificates. */
import { readFileSync } from 'node:fs'
import httpProxy from '@fastify/http-proxy'
import Fastify from 'fastify'
import { Agent } from 'undici'

const { PORT, API_URL, CA_FILE, TOKEN } = process.env
const app = Fastify()
app.register(httpProxy, {
  upstream: API_URL,
  // Left to itself the plugin makes an agent that verifies nothing.
  undici: new Agent({ connections: 64, connect: { ca: readFileSync(CA_FILE), maxVersion: 'TLSv1.2' } }),
  replyOptions: {
    rewriteRequestHeaders: (_request, headers) => ({ ...headers, authorization: `Bearer ${TOKEN}` })
  }
})
await app.listen({ host: '127.0.0.1', port: Number(PORT) })
