/** A replica speaks with Redis at least this often: how late all others learn that one was told to rest. */
export const beatMs = 500
/** As long as a replica may be silent before its places are taken for spent: some beats, and a failover. */
export const leaseMs = 5000
/** Where the replica stands it ends earlier, and counts from the question: nobody uses what others take for free. */
export const trustedLeaseMs = leaseMs - 1000

/** How long a used place counts at most, by the clock of the window: see `createCooling`. */
export const longestUseMs = (windowMs: number) => windowMs * 1.0005 + 1 + Math.min(250, Math.max(1, windowMs / 100))
