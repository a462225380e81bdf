import http from 'node:http'
import https from 'node:https'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import Bottleneck from 'bottleneck'
import { ask } from '../ask.js'
import { source } from '../paths.js'
import type { Scope } from '../scope.js'
import { startSubject } from '../subject.js'
import type { CountingServer, Terms } from './server.js'

/** Sends one call of one client and resolves with the status that client sees in the end. */
export type SendCall = (client: number) => Promise<number>

export interface Contestant {
  readonly name: string
  readonly title: string
  open(scope: Scope, server: CountingServer, terms: Terms, node: string): Promise<SendCall>
}

/** A library in the program that calls, as its documentation shows it, against the real product. */
export const contestants: readonly Contestant[] = [
  {
    name: 'sc-proxy',
    title: '**sc-proxy**',
    async open(scope, server, { calls, windowMs }, node) {
      const quota = { calls, windowSeconds: windowMs / 1000 }
      // Answered without a call to the API, where it would count.
      const first = { path: '/oauth/token', method: 'POST' }
      const { url } = await startSubject(scope, { upstream: server, quota }, { node, ...first })
      const agent = new http.Agent({ keepAlive: true })
      scope.defer(() => agent.destroy())
      return async (client) => {
        const headers = { 'user-agent': `client ${client}` }
        return (await ask({ url: `${url}/v3/workorders?client=${client}`, agent, headers })).status
      }
    }
  },
  {
    name: 'bottleneck',
    title: 'Bottleneck, refreshed reservoir',
    async open(scope, server, { calls, windowMs }) {
      const bottleneck = new Bottleneck({
        reservoir: calls,
        reservoirRefreshAmount: calls,
        reservoirRefreshInterval: windowMs
      })
      scope.defer(() => bottleneck.disconnect())
      const send = direct(scope, server)
      return (client) => bottleneck.schedule(async () => (await send(client)).status)
    }
  },
  {
    name: 'p-throttle',
    title: 'p-throttle',
    async open(scope, server, { calls, windowMs }) {
      const throttle = await pThrottle()
      const send = direct(scope, server)
      return throttle({ limit: calls, interval: windowMs })(async (client) => (await send(client)).status)
    }
  },
  {
    name: 'octokit',
    title: 'ten at a time, Retry-After obeyed (as octokit does)',
    async open(scope, server) {
      const bottleneck = new Bottleneck({ maxConcurrent: 10 })
      bottleneck.on('failed', (error) => (error instanceof Refused ? error.waitMs : null))
      scope.defer(() => bottleneck.disconnect())
      const send = direct(scope, server)
      return (client) =>
        bottleneck.schedule(async () => {
          const { status, headers } = await send(client)
          if (status === 429) throw new Refused(Number(headers['retry-after']) * 1000)
          return status
        })
    }
  }
]

class Refused extends Error {
  readonly waitMs: number

  constructor(waitMs: number) {
    super('refused')
    this.waitMs = waitMs
  }
}

function direct(scope: Scope, { apiUrl, ca }: CountingServer) {
  const agent = new https.Agent({ keepAlive: true, maxSockets: 64, ca })
  scope.defer(() => agent.destroy())
  return (client: number) => ask({ url: `${apiUrl}/v3/workorders?client=${client}`, agent })
}

type Throttle = (options: { limit: number; interval: number }) => (send: SendCall) => SendCall

/** Installed beside the benchmark, not with the project. */
async function pThrottle(): Promise<Throttle> {
  const { resolve } = createRequire(source('candidates/package.json'))
  const module: { default: Throttle } = await import(pathToFileURL(resolve('p-throttle')).href)
  return module.default
}
