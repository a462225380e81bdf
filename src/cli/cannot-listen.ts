/**
 * Why nobody can listen there, and what to do, in one sentence.
 *
 * @param way how a person chooses another port, such as `with --port`
 */
export function cannotListen(error: unknown, host: string, port: number, way: string): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EADDRINUSE':
      return `Port ${port} on ${host} is already in use: stop the program that has it, or choose another port ${way}.`
    case 'EACCES':
      return `Port ${port} on ${host} may not be opened by this user: choose one above 1023 ${way}.`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `"${host}" is not an address of this machine: choose one that is, such as 127.0.0.1.`
    default:
      return `Port ${port} on ${host} cannot be opened: ${(error as Error).message}.`
  }
}
