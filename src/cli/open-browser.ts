import { spawn } from 'node:child_process'
import { platform } from 'node:os'

/** Opens an address in the person's browser, if there is one: whoever calls has also written it down. */
export function openBrowser(url: string): void {
  const [command, ...args] = openers[platform()] ?? ['xdg-open']
  const child = spawn(command ?? '', [...args, url], { stdio: 'ignore', detached: true })
  child.on('error', () => {})
  child.unref()
}

/** None of them is a shell: an address has ampersands. */
const openers: Partial<Record<NodeJS.Platform, string[]>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler']
}
