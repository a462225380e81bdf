/** node:http and undici's dispatch with nothing between them: what these two cost by themselves. */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { Pool } from 'undici'

const { PORT, API_URL, CA_FILE, TOKEN } = process.env
const api = new Pool(API_URL, { connections: 64, connect: { ca: readFileSync(CA_FILE), maxVersion: 'TLSv1.2' } })
const oneHop = new Set(['connection', 'host', 'keep-alive', 'transfer-encoding'])

createServer((request, response) => {
  const { method, url: path } = request
  const headers = ['authorization', `Bearer ${TOKEN}`]
  copy(request.rawHeaders, headers)
  const hasBody = request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined
  let upstream
  response.once('close', () => response.writableFinished || upstream?.abort(new Error('the client left')))
  response.on('drain', () => upstream.resume())
  api.dispatch(
    { method, path, headers, body: hasBody ? request : null },
    {
      onRequestStart(controller) {
        upstream = controller
      },
      onResponseStart({ rawHeaders }, status) {
        response.writeHead(status, copy(rawHeaders, []))
      },
      onResponseData(controller, chunk) {
        if (!response.write(chunk)) controller.pause()
      },
      onResponseEnd() {
        response.end()
      },
      onResponseError() {
        if (response.headersSent) response.destroy()
        else response.writeHead(502).end()
      }
    }
  )
}).listen(Number(PORT), '127.0.0.1')

function copy(from, to) {
  for (let i = 0; i < from.length; i += 2) {
    const name = from[i].toString('latin1')
    if (!oneHop.has(name.toLowerCase())) to.push(name, from[i + 1].toString('latin1'))
  }
  return to
}
