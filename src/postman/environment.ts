import { stableId } from './stable-id.js'

/** A Postman environment: where one listener is, and room for its key, which whoever imports it fills in. */
export function environmentOf(name: string, baseUrl: string): object {
  return {
    id: stableId(name),
    name,
    values: [
      { key: 'baseUrl', value: baseUrl, type: 'default', enabled: true },
      { key: 'clientKey', value: '', type: 'secret', enabled: true }
    ],
    _postman_variable_scope: 'environment'
  }
}
