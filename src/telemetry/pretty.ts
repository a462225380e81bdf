import type { DestinationStream } from 'pino'
import pretty from 'pino-pretty'

/** Lines for a person: the message says it all, except about an error. */
export function prettyLines(stream: NodeJS.WritableStream & { isTTY?: boolean }): DestinationStream {
  return pretty({
    destination: stream,
    include: 'time,level,err',
    colorize: stream.isTTY === true,
    translateTime: 'SYS:HH:MM:ss.l'
  })
}
