import { setTimeout as pause } from 'node:timers/promises'

/** A login server: one token request in five seconds and user, and a token that names the request. */
export function loginServer({ lifeSeconds = 600, takesMs = 50 } = {}) {
  const server = {
    asked: [] as number[],
    grants: [] as string[],
    tooSoon: 0,
    password: 'pass word',
    takesMs,
    mostAtOnce: 0
  }
  let atOnce = 0
  const fetch: typeof globalThis.fetch = async (_url, init) => {
    const form = new URLSearchParams(String(init?.body))
    const at = performance.now()
    const last = server.asked.at(-1) ?? Number.NEGATIVE_INFINITY
    server.asked.push(at)
    server.grants.push(form.get('grant_type') ?? '')
    server.mostAtOnce = Math.max(server.mostAtOnce, ++atOnce)
    await pause(server.takesMs)
    atOnce--
    if (at - last < 5000) {
      server.tooSoon++
      return new Response('', { status: 429 })
    }
    if (form.get('grant_type') === 'password' && form.get('password') !== server.password)
      return Response.json({ error: 'invalid_grant' }, { status: 400 })
    const number = server.asked.length
    return Response.json({
      access_token: `access ${number}`,
      refresh_token: `refresh ${number}`,
      token_type: 'bearer',
      expires_in: lifeSeconds
    })
  }
  return { server, fetch }
}
