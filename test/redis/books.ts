/**
 * The books of a quota in memory, by the rules of the script: for simulations of days. That both say the same is a test
 * of its own.
 */
export function createBooks(now: () => number) {
  interface Line {
    id: string
    live: boolean
    held: number
    used: number
    want: number
    question: number
    till: number
    life: number
  }
  const places = new Map<string, Line>()
  let learned: Record<string, number | string> = {}

  const number = (name: string, otherwise: number) => Number(learned[name] ?? otherwise)

  function learn(name: string, told: number, base: number): number {
    let stands = number(name, base)
    if (told < base) stands = Math.min(stands, told)
    else if (told > base && stands >= base) stands = Math.max(stands, told)
    learned[name] = stands
    return stands
  }

  function exchange(args: (string | number)[]): unknown {
    const at = now()
    const me = String(args[0])
    const [question, lease, grace, calls, percent, seats, held, used, want] = args.slice(1, 10).map(Number) as number[]
    const run = String(args[10])
    const knew = Number(args[11])
    const rest = Number(args[12])
    const probed = String(args[13])
    const isEmpty = places.size === 0
    const others: Line[] = []
    let live = 0
    let own: Line | undefined
    for (const [id, line] of places) {
      if (line.till + grace! <= at) {
        places.delete(id)
        if (id === me) own = line
      } else if (id === me) own = line
      else {
        line.live = line.till > at
        others.push(line)
        if (line.live) live++
      }
    }
    if (own !== undefined && places.has(me) && own.question >= question!) return ['late']
    if (!places.has(me)) own = undefined
    if (learned.run !== run || isEmpty) {
      learned.run = run
      learned.born = at
      learned.knew = own !== undefined && own.till > at ? live + 1 : live
      delete learned.settled
    }
    const born = number('born', at)
    const isNew = knew === 0 || own?.life === 0
    if (learned.settled === undefined) {
      if (!isNew && knew > number('knew', 0)) learned.knew = knew
      const told = (isNew ? 0 : 1) + others.filter((line) => line.life === born).length
      const all = told >= number('knew', 0)
      if ((all && at >= born + Number(args[14])) || at >= born + lease! + grace!) learned.settled = 1
    }
    if (number('calls', calls!) !== calls) {
      delete learned.limit
      delete learned.trusted
    }
    learned.calls = calls!
    const limit = Math.min(calls!, learn('limit', Number(args[15]), Number(args[16])))
    const trusted = learn('trusted', Number(args[17]), Number(args[18]))
    if (rest > 0) {
      learned.rest = Math.max(number('rest', 0), at + rest)
      delete learned.prober
    } else if (learned.prober === me && probed !== '') {
      delete learned.prober
      if (probed === 'admitted') delete learned.rest
    }
    let mode = 'open'
    let restMs = 0
    if (learned.rest !== undefined) {
      restMs = Math.max(0, number('rest', 0) - at)
      const probing = others.some((line) => line.live && line.id === learned.prober && at < number('probing', 0))
      if (restMs > 0) mode = 'rest'
      else if (probing || Number(args[19]) === 0) {
        mode = 'rest'
        restMs = 100
      } else {
        mode = 'probe'
        if (learned.prober !== me || at >= number('probing', 0)) {
          learned.prober = me
          learned.probing = at + 30_000
        }
      }
    }
    const floor = Math.floor((limit * percent!) / 100 / seats!)
    const pool = limit - floor * Math.max(seats!, live + 1)
    let elsewhere = 0
    let taken = 0
    let claims = 1
    for (const line of others) {
      taken += line.held
      elsewhere += line.used
      if (line.live && line.held + line.want > 0) claims++
    }
    const free = pool - taken - held!
    const fair = Math.max(1, Math.floor(pool / claims))
    let unmet = 0
    for (const line of others) if (line.live) unmet += Math.min(line.want, Math.max(0, fair - line.held))
    let grant = 0
    let most = -1
    if (learned.settled !== undefined) {
      grant = Math.max(0, Math.min(want!, free, Math.max(fair - held!, free - unmet)))
      const short = unmet - free
      if (short > 0 && held! > fair) most = Math.max(fair, held! - short)
    }
    const line = {
      id: me,
      live: true,
      held: held! + grant,
      used: used!,
      want: want! - grant,
      question: question!,
      till: at + lease!,
      life: isNew && learned.settled === undefined ? 0 : born
    }
    places.set(me, line)
    const left = learned.settled === undefined ? 0 : Math.max(0, free - grant - unmet)
    return ['ok', grant, most, elsewhere, left, limit, trusted, mode, restMs, live + 1, floor]
  }

  return {
    exchange,
    /** As a server does that is short of memory. */
    evict() {
      places.clear()
    },
    /** As FLUSHALL does. */
    flush() {
      places.clear()
      learned = {}
    }
  }
}
