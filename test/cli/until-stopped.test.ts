import t from 'tap'
import { exitCodeOf, untilStopped } from '../../src/cli/until-stopped.js'

type Signal = 'SIGTERM' | 'SIGINT'

/** What has been heard of the signals sent so far. */
function listen() {
  let send = (_: Signal) => {}
  let time = 0
  const onStop = (listener: typeof send) => {
    send = listener
  }
  const { asked, insisted } = untilStopped({ signals: { onStop } }, () => time)
  const heard: string[] = []
  void asked.then((signal) => heard.push(`asked: ${signal}`))
  void insisted.then((signal) => heard.push(`insisted: ${signal}`))
  return async (signal: Signal, at: number) => {
    time = at
    send(signal)
    await new Promise(setImmediate)
    return heard
  }
}

t.test('the first signal asks, the second insists, and more change nothing', async (t) => {
  const send = listen()
  t.strictSame(await send('SIGTERM', 0), ['asked: SIGTERM'])
  t.strictSame(await send('SIGTERM', 1000), ['asked: SIGTERM', 'insisted: SIGTERM'])
  t.strictSame(await send('SIGINT', 2000), ['asked: SIGTERM', 'insisted: SIGTERM'])
})

t.test('a Ctrl-C that npm passes on once more is no second one', async (t) => {
  const send = listen()
  await send('SIGINT', 1000)
  t.strictSame(await send('SIGINT', 1100), ['asked: SIGINT'])
  t.strictSame(await send('SIGINT', 1300), ['asked: SIGINT', 'insisted: SIGINT'], 'a key that is held down is')
})

t.test('another signal insists at once', async (t) => {
  const send = listen()
  await send('SIGTERM', 1000)
  t.strictSame(await send('SIGINT', 1000), ['asked: SIGTERM', 'insisted: SIGINT'])
})

t.test('the exit code names the signal as a shell does', async (t) => {
  t.strictSame([exitCodeOf('SIGINT'), exitCodeOf('SIGTERM')], [130, 143])
})
