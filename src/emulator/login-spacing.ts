/**
 * The rule of the token endpoint (Basics: Throttling): one POST per user in so many seconds. Refreshes and failed logins
 * count; ServiceChannel does not say, and a client that assumes so is safe. A POST that is turned away does not start the
 * time anew. Returns whether this POST may pass.
 */
export function createLoginSpacing(seconds: number, now: () => number): (username: string) => boolean {
  const lastLogin = new Map<string, number>()
  return (username) => {
    const user = username.toLowerCase()
    if (now() - (lastLogin.get(user) ?? Number.NEGATIVE_INFINITY) < seconds * 1000) return false
    lastLogin.set(user, now())
    return true
  }
}
