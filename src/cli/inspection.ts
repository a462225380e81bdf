import { randomBytes } from 'node:crypto'
import { createActivity } from '../admin/activity.js'
import type { InspectorOptions } from '../admin/inspector.js'
import { createRecorder } from '../admin/recorder.js'
import { createRedaction, type Redact } from '../admin/redaction.js'
import { clientName } from '../admin/shown-call.js'
import type { Config } from '../config/schema.js'
import { secretsOf } from '../config/secrets.js'
import { dialled } from '../host.js'
import { type OpenListener, whereabouts } from './banner.js'
import type { ConnectedEnvironment } from './environments.js'
import { packageVersion } from './version.js'

/** What the house has, for the inspector to look at. */
export interface Inspected {
  listeners(): readonly OpenListener[]
  environments(): Iterable<ConnectedEnvironment>
}

const kibibyte = 1024

export interface Inspection {
  readonly options: InspectorOptions
  /** Other secrets are hidden from now on, beside those that were; another client key opens the listeners. */
  reconfigure(config: Config): void
}

/** Puts the inspector together: the recorder, where it is wanted, and what its page shows. */
export function createInspection(config: Config, { listeners, environments }: Inspected): Inspection {
  const { enabled, maxCalls, maxMegabytes, maxBodyKilobytes, token } = config.inspector
  // Nobody may see them, even if ServiceChannel or a client repeats one where nobody would expect it.
  const secrets = new Set(secretsOf(config))
  let current = config
  let redactKnown = createRedaction([...secrets])
  const redact: Redact = (text, clipped) => redactKnown(text, clipped)
  const activity = createActivity((agent) => clientName(redact(agent).text))
  const recorder = enabled
    ? createRecorder({
        maxCalls,
        maxBytes: maxMegabytes * kibibyte * kibibyte,
        maxBodyBytes: maxBodyKilobytes * kibibyte,
        redact,
        onClose: activity.note
      })
    : undefined
  const options: InspectorOptions = {
    recorder,
    token: token ?? randomBytes(18).toString('base64url'),
    sources: {
      version: packageVersion(),
      startedAt: Date.now(),
      environments,
      listeners: () => listeners().map(whereabouts),
      activity
    },
    dial(index) {
      const [address] = listeners()[index]?.addresses ?? []
      if (address === undefined) return undefined
      return { ...dialled(address), clientKey: current.listeners[index]?.clientKey }
    }
  }
  return {
    options,
    reconfigure(next) {
      current = next
      // Calls with the former ones are still under way.
      for (const secret of secretsOf(next)) secrets.add(secret)
      redactKnown = createRedaction([...secrets])
    }
  }
}
