/**
 * What to spawn so that a command runs in this environment and nothing else. tap hangs its hooks into every program that
 * a test starts, by variables that it adds to whatever `env` is given: the program would no longer be the one that
 * users run, and it takes twice as long to start.
 */
export function outside(
  env: Readonly<Record<string, string | undefined>>,
  command: readonly string[]
): [program: string, args: string[]] {
  const variables = Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : `${name}=${value}`))
  return ['/usr/bin/env', ['-i', ...variables, ...command]]
}
