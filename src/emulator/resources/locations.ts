import type { Host } from '../host.js'
import { type ById, notFound, pageOf, type ResourceOptions, type WithQuery } from './resource.js'

/** The company's stores. */
export function locations(app: Host, { store }: ResourceOptions): void {
  app.get<WithQuery>('/locations', async ({ query }) => ({
    Locations: pageOf(store.locations, query),
    TotalCount: store.locations.length
  }))

  app.get<ById>(
    '/locations/:id(^\\d+$)',
    async ({ params }) => store.locations.find(({ Id }) => Id === Number(params.id)) ?? notFound('Location', params.id)
  )
}
