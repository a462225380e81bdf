import { setTimeout as pause } from 'node:timers/promises'
import type { RunningProxy } from './proxy.js'

/** What a proxy tells of its Redis where health and metrics are asked. */
export async function weatherOf({ adminPort }: Pick<RunningProxy, 'adminPort'>) {
  const readiness = await fetch(`http://127.0.0.1:${adminPort}/readiness`)
  const metrics = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text()
  return {
    ready: readiness.status,
    remarks: ((await readiness.json()) as { remarks?: string[] }).remarks ?? [],
    isUp: /^sc_proxy_redis_up 1$/m.test(metrics),
    losses: Number(/^sc_proxy_redis_losses_total (\d+)$/m.exec(metrics)?.[1])
  }
}

/** Waits until all say so; each on its own finds out when its lease ends. */
export async function becomes(proxies: readonly RunningProxy[], isUp: boolean): Promise<void> {
  for (const proxy of proxies) while ((await weatherOf(proxy)).isUp !== isUp) await pause(50)
}
