import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import os from 'node:os'
import type { Options } from './options.js'
import { findTool, versionOf } from './tools.js'

const versionArguments = { nginx: '-v', haproxy: '-v', caddy: 'version', wrk: '-v' }

/** What the figures were measured on and how; nothing that tells whose machine it was. */
export function describeMachine({ node, rounds, seconds }: Pick<Options, 'node' | 'rounds' | 'seconds'>): string {
  const cores = os.cpus()
  const system = /^PRETTY_NAME="?([^"\n]+)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? os.type()
  const tools = Object.entries(versionArguments).flatMap(([name, argument]) => {
    const tool = findTool(name)
    return tool ? `${name} ${versionOf(tool, argument)}` : []
  })
  return [
    `${cores.length} cores (${cores[0]?.model.trim()}), ${Math.round(os.totalmem() / 2 ** 30)} GiB, ${system}.`,
    `Node.js ${nodeVersion(node)}, ${tools.join(', ')}.`,
    `${rounds} rounds of ${seconds} s; medians.`
  ].join(' ')
}

/** Such as `20.20.2`. */
export function nodeVersion(node: string): string {
  return spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim().replace(/^v/, '')
}
