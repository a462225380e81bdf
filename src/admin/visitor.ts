import type { IncomingMessage } from 'node:http'

const loopbackNames = ['localhost', '127.0.0.1', '[::1]']

/**
 * Why a request is none of a program that means this listener, or undefined. A foreign name in `Host` is a web page's that had
 * its name point here (DNS rebinding); `Origin` and `Sec-Fetch-Site` tell of pages from elsewhere.
 */
export function strangeVisitor({ headers, socket }: IncomingMessage): string | undefined {
  const { host = '', origin, 'sec-fetch-site': site } = headers
  const name = host.toLowerCase().replace(/:\d*$/, '')
  const arrivedAt = socket.localAddress?.replace(/^::ffff:/, '') ?? ''
  if (![...loopbackNames, arrivedAt, `[${arrivedAt}]`].includes(name)) {
    return 'The Host header names neither this machine nor the address the request arrived at.'
  }
  const isOwnPage =
    origin === undefined ? [undefined, 'none', 'same-origin'].includes(site as string) : origin === `http://${host}`
  return isOwnPage ? undefined : 'A web page of another origin made this request.'
}
