/** express and http-proxy-middleware: what most people would write. */
import { readFileSync } from 'node:fs'
import { Agent } from 'node:https'
import express from 'express'
import { createProxyMiddleware } from 'http-proxy-middleware'

const { PORT, API_URL, CA_FILE, TOKEN } = process.env
const app = express()
app.use(
  createProxyMiddleware({
    target: API_URL,
    changeOrigin: true,
    secure: true,
    agent: new Agent({ keepAlive: true, maxSockets: 64, ca: readFileSync(CA_FILE), maxVersion: 'TLSv1.2' }),
    headers: { authorization: `Bearer ${TOKEN}` }
  })
)
app.listen(Number(PORT), '127.0.0.1')
