import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const program = fileURLToPath(new URL('./simulate.js', import.meta.url))

// Windows of a minute, longer than the lease: what a killed replica has used has to stay charged after that. In so many
// minutes one is killed, Redis is away and comes back, and is emptied, each with some minutes between.
t.test('72 minutes of few replicas under more load than the quota allows never exceed it, and use it', async (t) => {
  const args = ['--replicas', '4', '--hours', '1.2', '--load', '2.5', '--percent', '20', '--seed', '7']
  const { status, stdout } = spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' })
  t.equal(status, 0, stdout)
  t.match(stdout, /; 0 violations/)
  const [, used] = /while 10 calls wait +([\d.]+) %/.exec(stdout) ?? []
  t.ok(Number(used) > 85, `${used} % while calls wait`)
})
