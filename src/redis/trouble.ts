/** What Redis begins its refusals with, and what that means here. */
const meanings: Record<string, string> = {
  WRONGPASS: 'user name or password refused',
  NOAUTH: 'it wants a password',
  NOPERM: 'its user may not do all that is needed',
  READONLY: 'a replica answers in place of the primary',
  NOREPLICAS: 'it has too few replicas to take anything',
  OOM: 'it is out of memory',
  MISCONF: 'it cannot write to its disk',
  LOADING: 'it is still starting',
  MASTERDOWN: 'a replica without its primary',
  MOVED: 'a cluster, whose protocol is not spoken here'
}

/** In a few words for the log; never the message as it is, which may quote commands and addresses. */
export function reasonOf({ message, code }: NodeJS.ErrnoException): string {
  if (code !== undefined) return code
  if (/timed out|timeout/i.test(message)) return 'no answer in time'
  // What a script may not do is told in other words, and by Valkey in others again.
  const isForbidden = /^ERR (The user executing the script can't|ACL failure in script)|\bNOPERM\b/.test(message)
  const word = isForbidden ? 'NOPERM' : /^[A-Z]{2,}\b/.exec(message)?.[0]
  if (word === undefined) return 'connection lost'
  return word in meanings ? `${word}: ${meanings[word]}` : word
}
