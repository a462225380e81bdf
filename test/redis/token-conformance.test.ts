import t, { type Test } from 'tap'
import type { TokenStore } from '../../src/oauth/token-store.js'
import { loginServer } from './login-server.js'
import { startRedis, withoutRedis } from './server.js'
import { openTokens } from './tokens.js'

/** The same promises, whether a proxy is alone or shares its login. */
const kinds: Record<string, { skip: string | false; redis(t: Test): Promise<{ url: string } | undefined> }> = {
  alone: { skip: false, redis: async () => undefined },
  shared: { skip: withoutRedis, redis: (t) => startRedis(t) }
}

t.setTimeout(60_000)
t.jobs = 10

type LoginServer = ReturnType<typeof loginServer>['server']

for (const [kind, { skip, redis }] of Object.entries(kinds)) {
  const conforms = (
    promise: string,
    options: Parameters<typeof loginServer>[0],
    body: (t: Test, tokens: TokenStore, server: LoginServer) => Promise<unknown>
  ) =>
    t.test(`${kind}: ${promise}`, { skip, buffered: true }, async (t) => {
      const { server, fetch } = loginServer(options)
      const { tokens } = openTokens(t, await redis(t), fetch)
      await body(t, tokens, server)
    })

  const codeOf = (tokens: TokenStore) =>
    tokens.get().then(
      () => undefined,
      (error: { code: string }) => error.code
    )

  conforms('however many ask, one logs in', {}, async (t, tokens, server) => {
    const all = await Promise.all(Array.from({ length: 50 }, () => tokens.get()))
    t.strictSame([...new Set(all.map(({ accessToken }) => accessToken))], ['access 1'])
    t.equal(server.asked.length, 1)
  })

  conforms(
    'a token is renewed before it ends, with the refresh token, and none that has ended is given',
    { lifeSeconds: 6 },
    async (t, tokens, server) => {
      const until = performance.now() + 7000
      while (performance.now() < until) {
        const { expiresAt } = await tokens.get()
        if (expiresAt <= performance.now()) t.fail('it has ended')
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
      t.strictSame(server.grants.slice(0, 2), ['password', 'refresh_token'])
      t.equal(server.tooSoon, 0)
    }
  )

  conforms('a rejected password is tried once, until it is another', {}, async (t, tokens, server) => {
    server.password = 'another'
    t.equal(await codeOf(tokens), 'login_rejected')
    await new Promise((resolve) => setTimeout(resolve, 1200))
    t.strictSame(await Promise.all([codeOf(tokens), codeOf(tokens)]), ['login_rejected', 'login_rejected'])
    t.equal(server.asked.length, 1)
    tokens.replaceCredentials({
      clientId: 'SB.1.a',
      clientSecret: 'a client secret',
      username: 'user',
      password: 'another'
    })
    t.ok(await tokens.get())
    t.strictSame([server.asked.length, server.tooSoon], [2, 0])
  })

  conforms('a token that was refused is replaced once, after the five seconds', {}, async (t, tokens, server) => {
    const token = await tokens.get()
    t.ok(tokens.refuse(token))
    const next = await Promise.all([tokens.get(), tokens.get()])
    t.strictSame(
      next.map(({ accessToken }) => accessToken),
      ['access 2', 'access 2']
    )
    t.strictSame([server.asked.length, server.tooSoon], [2, 0])
    t.ok(server.asked[1]! - server.asked[0]! >= 5000)
  })
}
