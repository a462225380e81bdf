import { readFile } from 'node:fs/promises'
import type { Config } from '../config/schema.js'
import type { Document } from '../openapi/document.js'

export type DescriptionSettings = Pick<
  Config,
  'openapi' | 'environments' | 'tls' | 'timeouts' | 'upstreamProxy' | 'noProxy'
>

/**
 * The description of the API that the settings name, else that of the emulator. An address is asked the way ServiceChannel
 * is: through the same forward proxy, trusting the same authorities.
 *
 * @throws Error with one sentence: what cannot be read or used, and why
 */
export async function readDescription(settings: DescriptionSettings): Promise<Document> {
  if (settings.openapi === undefined) return (await import('../emulator/description/description.js')).description
  const { isUrl, readDocument } = await import('../openapi/read.js')
  const readText = (path: string) => readFile(path, 'utf8')
  const noFetch = () => Promise.reject(new Error('a file is not fetched'))
  if (!isUrl(settings.openapi)) return readDocument(settings.openapi, { readFile: readText, fetch: noFetch })
  const { withFetch } = await import('./with-fetch.js')
  const ca = Object.values(settings.environments).find((environment) => environment.ca !== undefined)?.ca
  const { openapi } = settings
  return withFetch(settings, ca, (fetch) => readDocument(openapi, { readFile: readText, fetch }))
}
