/** One line of a diagnosis: what was looked at, what was found, and what to do about it. */
export interface Finding {
  /** `dns`, `tls`, `user`, …: a stable name for programs. */
  check: string
  /** What was looked at: a host, a port, a file, an environment. */
  subject: string
  /** A warning is worth reading and stands in nobody's way; what could not be looked at was skipped. */
  status: 'ok' | 'warning' | 'wrong' | 'skipped'
  /** What was found, in words that follow the subject. Never a secret. */
  found: string
  /** What to do, as a sentence. */
  advice?: string | undefined
}

const marks = { ok: 'ok     ', warning: 'warning', wrong: 'WRONG  ', skipped: 'skipped' }

/** For a person. */
export function describeFinding({ check, subject, status, found, advice }: Finding): string {
  const line = `${marks[status]}  ${check} ${subject}: ${found}`
  return advice === undefined ? `${line}\n` : `${line}\n         → ${advice}\n`
}
