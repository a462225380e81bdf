import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { nginxFile } from './nginx.js'
import { scProxy, source } from './paths.js'
import { scProxyFile } from './sc-proxy.js'
import { findTool, type Tool } from './tools.js'
import type { Upstream } from './upstream.js'

/** What a candidate is given to work with. */
export interface Ground {
  readonly upstream: Upstream
  readonly port: number
  /** A folder of its own. */
  readonly folder: string
  /** The Node.js that runs those written for it. */
  readonly node: string
}

export interface Candidate {
  readonly name: string
  readonly title: string
  /** The program it needs besides Node.js. */
  readonly tool?: string
  command(ground: Ground): { command: string[]; env?: Readonly<Record<string, string>> }
}

export const scProxyCandidate: Candidate = {
  name: 'sc-proxy',
  title: '**sc-proxy**, everything on',
  command: (ground) => ({
    command: [ground.node, scProxy, 'start', '--config', write(ground, 'config.json', scProxyFile(ground))]
  })
}

/** In the order in which they take turns. */
export const candidates: readonly Candidate[] = [
  native('nginx', 'nginx', ({ path, env }, ground) => ({
    command: [path, '-p', ground.folder, '-e', 'stderr', '-c', write(ground, 'nginx.conf', nginx(ground))],
    env
  })),
  native('haproxy', 'haproxy', ({ path, env }, ground) => ({
    command: [path, '-db', '-f', write(ground, 'haproxy.cfg', haproxy(ground))],
    env
  })),
  native('caddy', 'caddy', ({ path, env }, ground) => ({
    command: [path, 'run', '--adapter', 'caddyfile', '--config', write(ground, 'Caddyfile', caddy(ground))],
    env: { ...env, HOME: ground.folder }
  })),
  script('fastify-http-proxy', 'bare @fastify/http-proxy'),
  script('express', 'express + http-proxy-middleware'),
  script('undici', 'node:http + undici, nothing between'),
  scProxyCandidate
]

type Launch = ReturnType<Candidate['command']>

function native(name: string, title: string, launch: (tool: Tool, ground: Ground) => Launch): Candidate {
  return {
    name,
    title,
    tool: name,
    command(ground) {
      const tool = findTool(name)
      if (!tool) throw new Error(`${name} is not installed`)
      return launch(tool, ground)
    }
  }
}

function script(name: string, title: string): Candidate {
  return {
    name,
    title,
    command: ({ node, port, upstream: { apiUrl, caFile, token } }) => ({
      command: [node, source(`candidates/${name}.mjs`)],
      env: { PORT: String(port), API_URL: apiUrl, CA_FILE: caFile, TOKEN: token, NODE_ENV: 'production' }
    })
  }
}

function write({ folder }: Ground, name: string, text: string): string {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

const addressOf = (url: string) => `127.0.0.1:${new URL(url).port}`

function nginx({ folder, port, upstream: { apiUrl, caFile, token } }: Ground): string {
  return nginxFile(
    folder,
    `upstream api { server ${addressOf(apiUrl)}; keepalive 64; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass https://api;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host localhost;
      proxy_set_header Authorization "Bearer ${token}";
      proxy_ssl_verify on; proxy_ssl_trusted_certificate ${caFile};
      proxy_ssl_name localhost; proxy_ssl_server_name on; proxy_ssl_protocols TLSv1.2;
    }
  }`
  )
}

function haproxy({ port, upstream: { apiUrl, caFile, token } }: Ground): string {
  return `global
  nbthread 1
defaults
  mode http
  timeout connect 10s
  timeout client 120s
  timeout server 120s
listen proxy
  bind 127.0.0.1:${port}
  http-reuse always
  http-request set-header Authorization "Bearer ${token}"
  http-request set-header Host localhost
  server api ${addressOf(apiUrl)} ssl verify required ca-file ${caFile} verifyhost localhost sni str(localhost) ssl-max-ver TLSv1.2
`
}

function caddy({ port, upstream: { apiUrl, caFile, token } }: Ground): string {
  return `{
  admin off
  auto_https off
}
http://127.0.0.1:${port} {
  reverse_proxy https://${addressOf(apiUrl)} {
    header_up Authorization "Bearer ${token}"
    header_up Host localhost
    transport http {
      tls_trusted_ca_certs ${caFile}
      tls_server_name localhost
      versions 1.1
      keepalive_idle_conns_per_host 64
    }
  }
}
`
}
