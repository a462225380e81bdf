import type { ServerResponse } from 'node:http'
import { summaryOf } from './call-view.js'
import type { Recorder } from './recorder.js'

/** The live end of the inspector: server-sent events (HTML standard, section 9.2). */
export interface Events {
  /** Makes a response an endless stream, until its client leaves. */
  join(response: ServerResponse): void
  /** Says something to everybody now. */
  say(event: string, data: unknown): void
}

export interface EventsOptions {
  recorder: Pick<Recorder, 'watch' | 'glance'>
  /** What is told once a second, by event name. */
  state: () => Record<string, unknown>
}

/** Calls that change within this time are told together. */
const batchMs = 100
const stateMs = 1000
/** A page that does not read so much is behind for good; it will come back and start afresh. */
const mostUnread = 4 * 1024 * 1024
/** Pages beyond this many would only cost; browsers open no more than six connections to one host. */
const mostListeners = 32

/** While nobody listens nothing is watched and no timer runs. */
export function createEvents({ recorder, state }: EventsOptions): Events {
  const listeners = new Set<ServerResponse>()
  let changed: number[] = []
  let stop: (() => void) | undefined

  function start(): () => void {
    const ticking = setInterval(tellState, stateMs)
    let batch: NodeJS.Timeout | undefined
    const unwatch = recorder.watch((number) => {
      changed.push(number)
      batch ??= setTimeout(() => {
        batch = undefined
        tellCalls()
      }, batchMs)
    })
    return () => {
      clearInterval(ticking)
      clearTimeout(batch)
      unwatch()
      changed = []
    }
  }

  /** Of a flood only what the recorder still has. */
  function tellCalls(): void {
    const calls = [...new Set(changed)].map(recorder.glance).filter((call) => call !== undefined)
    changed = []
    say('calls', calls.map(summaryOf))
  }

  function tellState(): void {
    for (const [event, data] of Object.entries(state())) say(event, data)
  }

  function say(event: string, data: unknown): void {
    const text = messageOf(event, data)
    for (const response of listeners) {
      if (response.writableLength > mostUnread) response.destroy()
      else response.write(text)
    }
  }

  return {
    join(response) {
      if (listeners.size >= mostListeners) listeners.values().next().value?.destroy()
      response.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff'
      })
      response.write('retry: 1000\n\n')
      for (const [event, data] of Object.entries(state())) response.write(messageOf(event, data))
      listeners.add(response)
      stop ??= start()
      response.once('close', () => {
        listeners.delete(response)
        if (listeners.size > 0) return
        stop?.()
        stop = undefined
      })
    },
    say
  }
}

function messageOf(event: string, data: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
}
