import { odataPaths } from './odata-paths.js'
import { restPaths } from './rest-paths.js'
import { schemas } from './schemas.js'

/**
 * What the emulator's API serves, as an OpenAPI 3.0.3 document. The same routes are served without `/v3`. It names no
 * server: where the emulator listens is known when it does.
 */
export const description = {
  openapi: '3.0.3',
  info: {
    title: 'ServiceChannel, as the emulator of sc-proxy knows it',
    version: '3',
    description:
      'The routes of the ServiceChannel API that the built-in emulator answers, with invented data. ServiceChannel itself has some 700 more.'
  },
  paths: { ...restPaths, ...odataPaths },
  components: { schemas }
}
