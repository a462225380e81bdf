import { join, resolve } from 'node:path'
import t from 'tap'
import { stateDirOf } from '../../src/cli/state-dir.js'

const home = () => resolve('/home/robin')
const nobody = () => {
  throw new Error('ENOENT')
}
const on = (platform: NodeJS.Platform, env: Record<string, string> = {}, at: () => string = home) =>
  stateDirOf(undefined, { env, cwd: '/here' }, { platform, home: at })

t.test('state is kept where the system keeps such things', async (t) => {
  t.equal(on('linux'), join(home(), '.local', 'state', 'sc-proxy'))
  t.equal(on('linux', { XDG_STATE_HOME: resolve('/var/state') }), join(resolve('/var/state'), 'sc-proxy'))
  t.equal(on('linux', { XDG_STATE_HOME: 'state' }), join(home(), '.local', 'state', 'sc-proxy'), 'relative: ignored')
  t.equal(on('darwin'), join(home(), 'Library', 'Application Support', 'sc-proxy'))
  t.equal(on('win32'), join(home(), 'AppData', 'Local', 'sc-proxy'))
  t.equal(on('win32', { LOCALAPPDATA: resolve('/local') }), join(resolve('/local'), 'sc-proxy'))
  t.equal(on('linux', {}, nobody), undefined, 'a user without a home has no such place')
})

t.test('a folder that is named counts from the current one', async (t) => {
  const machine = { platform: 'linux', home: nobody } as const
  t.equal(stateDirOf('kept', { env: {}, cwd: '/here' }, machine), resolve('/here', 'kept'))
})
