/**
 * Bytes in the order in which they came, in pieces of many chains: each piece knows where the one before it in its chain
 * begins. Places only count up; 0 is none.
 */
export interface Ring {
  /**
   * Appends a copy.
   *
   * @param previous the last piece of the chain so far, or 0
   * @param piece text of latin1 letters, or bytes
   * @returns the place of what is now the last piece of the chain
   */
  append(previous: number, kind: number, piece: string | Uint8Array): number
  /** A copy of what a chain has of one kind. Nothing in it may have been forgotten. */
  read(last: number, kind: number): Buffer
  /** Where the next piece begins, at the earliest. */
  end(): number
  /** Nobody wants to see any more what is before this place. */
  forget(place: number): void
  /** Nobody wants to see anything any more. */
  clear(): void
  /** How many bytes are kept, those between the pieces of others included. */
  bytes(): number
}

interface Slab {
  readonly bytes: Buffer
  /** The same memory: what is before each piece are numbers. */
  readonly words: Float64Array
}

const wordBytes = 8
const slabBytes = 256 * 1024
const slabWords = slabBytes / wordBytes
/** Where the previous piece begins; length and kind in one. */
const headWords = 2
const kinds = 8

/**
 * Memory outside of V8's heap, in slabs that are used again. What is kept for a while and then let go of, the garbage
 * collector comes to last, after it has carried it about: keeping calls as objects took longer than proxying them.
 */
export function createRing(): Ring {
  let slabs: Slab[] = []
  let free: Slab[] = []
  /** The number of the first slab that is kept; their number counts up as the places do. */
  let firstSlab = 0
  let current = newSlab()
  let at = 1
  let start = 1
  slabs.push(current)

  const currentNumber = () => firstSlab + slabs.length - 1
  const end = () => currentNumber() * slabWords + at

  function nextSlab(): void {
    current = free.pop() ?? newSlab()
    slabs.push(current)
    at = 0
  }

  return {
    append(previous, kind, piece) {
      let last = previous
      let from = 0
      do {
        if (slabWords - at <= headWords) nextSlab()
        const length = Math.min(piece.length - from, (slabWords - at - headWords) * wordBytes)
        const { words } = current
        words[at] = last
        words[at + 1] = length * kinds + kind
        last = end()
        put(current.bytes, (at + headWords) * wordBytes, piece, from, length)
        at += headWords + Math.ceil(length / wordBytes)
        from += length
      } while (from < piece.length)
      return last
    },
    read(last, kind) {
      const pieces: Buffer[] = []
      for (let place = last; place !== 0; ) {
        const { bytes, words } = slabs[Math.floor(place / slabWords) - firstSlab] as Slab
        const word = place % slabWords
        const head = words[word + 1] ?? 0
        const from = (word + headWords) * wordBytes
        if (head % kinds === kind) pieces.push(bytes.subarray(from, from + Math.floor(head / kinds)))
        place = words[word] ?? 0
      }
      return Buffer.concat(pieces.reverse())
    },
    end,
    forget(place) {
      start = place
      while (firstSlab < Math.floor(place / slabWords) && slabs.length > 1) {
        free.push(slabs.shift() as Slab)
        firstSlab++
      }
    },
    clear() {
      firstSlab = currentNumber() + 1
      slabs = []
      free = []
      nextSlab()
      start = end()
    },
    bytes: () => (end() - start) * wordBytes
  }
}

function newSlab(): Slab {
  const bytes = Buffer.allocUnsafeSlow(slabBytes)
  return { bytes, words: new Float64Array(bytes.buffer) }
}

function put(bytes: Buffer, to: number, piece: string | Uint8Array, from: number, length: number): void {
  const isWhole = length === piece.length
  if (typeof piece === 'string') bytes.write(isWhole ? piece : piece.slice(from, from + length), to, length, 'latin1')
  else bytes.set(isWhole ? piece : piece.subarray(from, from + length), to)
}
