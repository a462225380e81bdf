import type { Host } from '../host.js'
import type { ResourceOptions, WithQuery } from './resource.js'

/** The short lists that work orders refer to. */
export function lookups(app: Host, { store }: ResourceOptions): void {
  app.get('/trades', async () => store.trades)
  app.get('/categories', async () => store.categories)
  app.get('/priorities', async () => store.priorities)

  app.get<WithQuery>('/providers/getbytradeid', async ({ query }) => {
    const trade = store.trades.find(({ Id }) => Id === Number(query.tradeid))
    const providers = store.providers.filter((provider) => provider.Trade === trade?.Name)
    return { Providers: providers.map(({ Id, Name, DoNotDispatch }) => ({ Id, Name, DoNotDispatch })) }
  })
}
