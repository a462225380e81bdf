import type { ExplorerOptions } from '../admin/explorer.js'
import { type OpenListener, urlOf, whereabouts } from './banner.js'
import { type DescriptionSettings, readDescription } from './read-description.js'

/**
 * What the explorer shows. A file is read now, so that a bad one is told at the start, and kept; an address is first
 * asked when somebody looks, since nobody's start should depend on it, and again after it failed. The emulator's
 * description is not even loaded before.
 *
 * @throws Error with one sentence: what is wrong with the file
 */
export async function openExplorer(
  settings: DescriptionSettings,
  listeners: () => readonly OpenListener[]
): Promise<ExplorerOptions> {
  let description: ReturnType<typeof readDescription> | undefined
  const read = () => {
    description ??= readDescription(settings).catch((error) => {
      description = undefined
      throw error
    })
    return description
  }
  if (settings.openapi !== undefined) {
    const { isUrl } = await import('../openapi/read.js')
    if (!isUrl(settings.openapi)) await read()
  }
  return {
    listeners: () => listeners().map(whereabouts),
    async documentFor(index) {
      const listener = listeners()[index]
      if (!listener) return undefined
      const { pointAt } = await import('../openapi/point-at.js')
      const { environment, access, wantsClientKey } = listener
      return pointAt(await read(), {
        origin: urlOf(listener),
        description: `${environment}, ${access}`,
        wantsClientKey
      })
    }
  }
}
