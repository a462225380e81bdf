import { callerOf } from '../bearer.js'
import { company } from '../data/names.js'
import type { Host } from '../host.js'
import type { ResourceOptions } from './resource.js'

/** The person behind the token. A user the data does not know has the rights of the first one. */
export function users(app: Host, { store }: ResourceOptions): void {
  app.get('/users/current/profile', async (request) => {
    const { username } = callerOf(request)
    const known = store.users.find(({ UserName }) => UserName === username) ?? store.users[0]
    return {
      UserProfile: {
        UserId: known?.Id,
        AuthUserId: known?.Id,
        SubscriberId: company.id,
        ProviderId: -1,
        UserName: username,
        Email: known?.Email,
        Roles: known?.Roles
      },
      Stores: { Stores: [] }
    }
  })
}
