import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import { stateDirOf } from '../../src/cli/state-dir.js'
import { type Config, loadConfig } from '../../src/config/load.js'
import { allSettings, configFile } from '../../src/config/settings.js'

const inRoot = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url))
const read = (path: string) => readFileSync(inRoot(path), 'utf8')
const deploy = (name: string) => read(`config/deploy/${name}`)
const { version } = JSON.parse(read('package.json')) as { version: string }
const dockerfile = read('Dockerfile')
/** What every container of the image has, whatever an example adds. */
const imageEnvironment = Object.fromEntries(
  [...dockerfile.matchAll(/\b((?:SC_PROXY|XDG)_\w+)=(\S+)/g)].map(([, name, value]) => [name, value])
)

/** Where the image keeps what must survive a restart. */
const imageState = stateDirOf(undefined, { env: imageEnvironment, cwd: '/' }, { platform: 'linux', home: () => '/' })

/** Where the admin listener may be asked. */
const adminPaths = ['/startup', '/readiness', '/liveness', '/metrics', '/api/status', '/api/quit']

/**
 * The configuration that comes of an example's variables, without a warning, and the files it reads.
 *
 * @param files paths that exist where the example runs
 */
function configOf(t: Test, env: Record<string, string>, files: readonly string[] = []): Config {
  const readFile = (path: string) => {
    t.ok(files.includes(path), `${path} is mounted`)
    return 'not-a-real-secret'
  }
  const loaded = loadConfig({ argv: [], env, readFile })
  t.match(loaded, { ok: true, warnings: [] })
  if (!loaded.ok) throw new Error(loaded.errors.join('\n'))
  return loaded.config
}

/** Closing comes after the delay and the draining. */
const mostSecondsToClose = 3

/** What somebody who stops the proxy has to allow it. */
const secondsToStop = ({ shutdown: { delaySeconds, drainSeconds } }: Config) =>
  delaySeconds + drainSeconds + mostSecondsToClose

interface Container {
  name: string
  image: string
  restartPolicy?: string
  env: { name: string; value: string }[]
  startupProbe: { exec: { command: string[] } }
  securityContext: Record<string, unknown>
  volumeMounts: { name: string; mountPath: string }[]
}

interface Pod {
  terminationGracePeriodSeconds: number
  enableServiceLinks: boolean
  initContainers: Container[]
  containers: Container[]
}

const environmentOf = ({ env }: Container) => Object.fromEntries(env.map(({ name, value }) => [name, value]))

t.test('compose: the proxy starts with what it is given, and the application finds it', async (t) => {
  const { services, secrets, networks } = parse(deploy('compose.yaml'))
  const proxy = services['sc-proxy']
  const files = proxy.secrets.map((name: string) => `/run/secrets/${name}`)
  const config = configOf(t, { ...imageEnvironment, ...proxy.environment }, files)
  const [listener] = config.listeners
  t.strictSame(proxy.secrets, Object.keys(secrets))
  const url = new URL(services['legacy-app'].environment.SERVICECHANNEL_URL)
  t.equal(Number(url.port), listener?.port)
  t.ok(listener?.allowedHosts.includes(url.hostname), 'under a name it knows')
  t.ok(services[url.hostname], 'that is a service')
  t.ok(
    services['legacy-app'].networks.every((name: string) => proxy.networks.includes(name) && networks[name].internal)
  )
  t.match(proxy, { read_only: true, cap_drop: ['ALL'] })
  t.ok(Number.parseInt(proxy.stop_grace_period, 10) >= secondsToStop(config))
  t.ok(
    proxy.volumes.some((volume: string) => volume.endsWith(`:${imageState}`)),
    'its memory outlives it'
  )
  t.equal(proxy.build, '../..', 'it is built from the repository')
})

for (const [name, podOf] of [
  ['kubernetes-sidecar.yaml', (manifest: { spec: { template: { spec: Pod } } }) => manifest.spec.template.spec],
  [
    'kubernetes-job.yaml',
    (manifest: { spec: { jobTemplate: { spec: { template: { spec: Pod } } } } }) =>
      manifest.spec.jobTemplate.spec.template.spec
  ]
] as const) {
  t.test(`${name}: the sidecar starts with what it is given, and the application finds it`, async (t) => {
    const pod = podOf(parse(deploy(name)))
    const [proxy] = pod.initContainers
    const [mount, memory] = proxy!.volumeMounts
    const files = ['client-secret', 'password'].map((file) => `${mount?.mountPath}/${file}`)
    const config = configOf(t, { ...imageEnvironment, ...environmentOf(proxy!) }, files)
    t.equal(memory?.mountPath, imageState)
    t.equal(config.listeners[0]?.host, '127.0.0.1', 'no other pod can reach it')
    t.equal(proxy?.restartPolicy, 'Always', 'it is a sidecar')
    t.equal(proxy?.image.split(':').at(-1), version)
    const url = new URL(environmentOf(pod.containers[0]!).SERVICECHANNEL_URL ?? '')
    t.strictSame([url.hostname, Number(url.port)], ['localhost', config.listeners[0]?.port])
    t.ok(pod.terminationGracePeriodSeconds > secondsToStop(config), 'the application needs some, too')
    t.equal(pod.enableServiceLinks, false, 'no SC_PROXY_PORT=tcp://… of a service called sc-proxy')
    t.match(proxy?.securityContext, { runAsUser: 1000, readOnlyRootFilesystem: true, allowPrivilegeEscalation: false })
    t.equal(proxy?.startupProbe.exec.command[0], 'node', 'no probe needs a shell or curl')
  })
}

t.test(
  'replicas: as many as redis.maxReplicas says, a rolling update included, and Redis asks for a password',
  async (t) => {
    const { services, secrets } = parse(deploy('compose-replicas.yaml'))
    const proxy = services['sc-proxy']
    const composed = configOf(
      t,
      { ...imageEnvironment, ...proxy.environment },
      proxy.secrets.map((name: string) => `/run/secrets/${name}`)
    )
    t.equal(composed.redis.maxReplicas, proxy.deploy.replicas)
    t.ok(services[new URL(composed.redis.url ?? '').hostname], 'that is a service')
    t.strictSame(proxy.secrets, Object.keys(secrets))
    t.match(services.redis.command.join(' '), '--requirepass')
    t.notOk(services.redis.ports, 'nobody outside reaches it')

    const { spec } = parse(deploy('kubernetes-replicas.yaml'))
    const [sidecar] = (spec.template.spec as Pod).initContainers
    const files = ['client-secret', 'password', 'redis-password'].map((file) => `/run/secrets/sc-proxy/${file}`)
    const deployed = configOf(t, { ...imageEnvironment, ...environmentOf(sidecar!) }, files)
    t.ok(deployed.redis.url)
    t.equal(deployed.redis.maxReplicas, spec.replicas + spec.strategy.rollingUpdate.maxSurge)
    t.equal(sidecar?.image.split(':').at(-1), version)
  }
)

t.test('systemd: the service starts with what it is given', async (t) => {
  const unit = deploy('sc-proxy.service')
  const all = (key: string) => [...unit.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value = '']) => value)
  const credentials = all('LoadCredential').map((credential) => `/run/credentials/${credential.split(':')[0]}`)
  const env = Object.fromEntries(
    all('Environment').map((line) => line.replace('%d', '/run/credentials').replace('%S', '/var/lib').split('=', 2))
  )
  const config = configOf(t, env, credentials)
  t.equal(config.stateDir, `/var/lib/${all('StateDirectory')[0]}`)
  t.ok(Number(all('TimeoutStopSec')[0]) >= secondsToStop(config))
  t.strictSame(all('RestartPreventExitStatus'), ['2'])
  t.strictSame(all('ExecStart'), ['/usr/local/bin/sc-proxy start'])
})

t.test('the image: no root, no shell, and a health check that asks a path there is', async (t) => {
  const config = configOf(t, imageEnvironment)
  t.match(dockerfile, /^FROM node:24-bookworm-slim AS build$/m)
  t.match(dockerfile, /^USER node$/m)
  t.match(dockerfile, /^ENTRYPOINT \["node", "dist\/main\.js"\]$/m, 'node itself is process 1 and gets the signals')
  t.match(dockerfile, new RegExp(`^EXPOSE ${config.listeners[0]?.port}$`, 'm'))
  t.match(dockerfile, /ln -s \/app\/dist\/main\.js \/usr\/local\/bin\/sc-proxy/, 'its commands can be run by name')
  const final = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '))
  t.notMatch(final, /^(CMD|ENTRYPOINT) [^[]/m)
  t.match(final, /HEALTHCHECK [^\n]*\\\n {2}CMD \["node"/)
  t.ok(dockerfile.includes(`|| ${config.admin.port}`), 'on the port of the admin listener')
})

t.test('every variable, and every path of the admin listener, that is named anywhere exists', async (t) => {
  const variables = new Set([configFile, ...allSettings].map(({ env }) => env))
  const files = readdirSync(inRoot('config/deploy')).map((name) => [name, deploy(name)] as const)
  for (const [name, text] of [...files, ['Dockerfile', dockerfile] as const]) {
    for (const [variable] of text.matchAll(/\bSC_PROXY_\w+[A-Z]/g))
      t.ok(variables.has(variable), `${name}: ${variable}`)
    for (const [, path = ''] of text.matchAll(/:8081((?:\/\w+)+)/g)) t.ok(adminPaths.includes(path), `${name}: ${path}`)
  }
})
