/** Bytes that are kept until nobody wants them any more. */
export interface Held {
  length(): number
  /** What they take of the pool. */
  taken(): number
  append(bytes: Uint8Array): void
  /** One letter per byte. */
  latin1(): string
  copy(): Buffer
  /** Lets go of them; others may take their place. */
  clear(): void
  /** Lets go of them, and takes no others. */
  release(): void
}

export interface Pool {
  hold(): Held
}

/** Most bodies fit into one. */
const cellBytes = 4096
const slabCells = 256

/**
 * Memory in cells of 4 KiB. What is held for a while and then let go of, the garbage collector comes to last: bodies in buffers
 * of their own, 32 MiB at a time, were seen to leave 600 MiB behind them.
 */
export function createPool(): Pool {
  const free: Buffer[] = []

  function take(): Buffer {
    if (free.length === 0) {
      const slab = Buffer.allocUnsafeSlow(cellBytes * slabCells)
      for (let at = 0; at < slab.length; at += cellBytes) free.push(slab.subarray(at, at + cellBytes))
    }
    return free.pop() as Buffer
  }

  function hold(): Held {
    const cells: Buffer[] = []
    let length = 0
    let isReleased = false

    function clear(): void {
      free.push(...cells.splice(0))
      length = 0
    }

    const used = (cell: number) => Math.min(cellBytes, length - cell * cellBytes)

    return {
      length: () => length,
      taken: () => cells.length * cellBytes,
      append(bytes) {
        if (isReleased) return
        for (let at = 0; at < bytes.length; ) {
          const offset = length % cellBytes
          const cell = offset === 0 ? take() : (cells.at(-1) as Buffer)
          if (offset === 0) cells.push(cell)
          const piece = bytes.subarray(at, at + cellBytes - offset)
          cell.set(piece, offset)
          length += piece.length
          at += piece.length
        }
      },
      latin1: () => cells.map((cell, index) => cell.toString('latin1', 0, used(index))).join(''),
      copy: () => Buffer.concat(cells, length),
      clear,
      release() {
        isReleased = true
        clear()
      }
    }
  }

  return { hold }
}
