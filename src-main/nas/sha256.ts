/**
 * SHA-256 in plain integer arithmetic: this layer may use neither node: nor the asynchronous browser digest, and a genotype id
 * has to be the same everywhere. Source: FIPS 180-4.
 */

const BLOCK_BYTES = 64
const LENGTH_BYTES = 8

/** First 32 bits of the fractional parts of the square roots of the first 8 primes. */
const INITIAL_STATE = firstPrimes(8).map((prime) => fractionBits(Math.sqrt(prime)))
/** First 32 bits of the fractional parts of the cube roots of the first 64 primes. */
const ROUND_CONSTANTS = Uint32Array.from(firstPrimes(64), (prime) => fractionBits(Math.cbrt(prime)))

/**
 * @param text - Any text; hashed as UTF-8.
 * @returns The digest as eight unsigned 32-bit words, most significant first.
 */
export function sha256Words(text: string): Uint32Array {
  const bytes = padded(new TextEncoder().encode(text))
  const view = new DataView(bytes.buffer)
  const state = Uint32Array.from(INITIAL_STATE)
  const schedule = new Uint32Array(BLOCK_BYTES)
  for (let offset = 0; offset < bytes.length; offset += BLOCK_BYTES) {
    for (let index = 0; index < 16; index += 1) {
      schedule[index] = view.getUint32(offset + index * 4)
    }
    compress(state, schedule)
  }
  return state
}

/** The digest of a text (as UTF-8) as 64 lower-case hex digits. */
export function sha256Hex(text: string): string {
  return Array.from(sha256Words(text), (word) => word.toString(16).padStart(8, '0')).join('')
}

/** Message, bit 1, zeros, then the length in bits as a big-endian 64-bit number. */
function padded(message: Uint8Array): Uint8Array<ArrayBuffer> {
  const blocks = Math.ceil((message.length + 1 + LENGTH_BYTES) / BLOCK_BYTES)
  const bytes = new Uint8Array(blocks * BLOCK_BYTES)
  bytes.set(message)
  bytes[message.length] = 0x80
  new DataView(bytes.buffer).setBigUint64(bytes.length - LENGTH_BYTES, BigInt(message.length) * 8n)
  return bytes
}

/** One block: extends the 16 words in `schedule` to 64 and folds them into `state`. */
function compress(state: Uint32Array, schedule: Uint32Array): void {
  const word = (index: number): number => schedule[index] ?? 0
  for (let index = 16; index < BLOCK_BYTES; index += 1) {
    const older = word(index - 15)
    const newer = word(index - 2)
    const small0 = rotateRight(older, 7) ^ rotateRight(older, 18) ^ (older >>> 3)
    const small1 = rotateRight(newer, 17) ^ rotateRight(newer, 19) ^ (newer >>> 10)
    schedule[index] = word(index - 16) + small0 + word(index - 7) + small1
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state
  for (let index = 0; index < BLOCK_BYTES; index += 1) {
    const big1 = rotateRight(e, 6) ^ rotateRight(e, 11) ^ rotateRight(e, 25)
    const choice = (e & f) ^ (~e & g)
    const first = (h + big1 + choice + (ROUND_CONSTANTS[index] ?? 0) + word(index)) | 0
    const big0 = rotateRight(a, 2) ^ rotateRight(a, 13) ^ rotateRight(a, 22)
    const majority = (a & b) ^ (a & c) ^ (b & c)
    h = g
    g = f
    f = e
    e = (d + first) | 0
    d = c
    c = b
    b = a
    a = (first + big0 + majority) | 0
  }
  for (const [index, value] of [a, b, c, d, e, f, g, h].entries()) {
    state[index] = (state[index] ?? 0) + value
  }
}

function rotateRight(value: number, bits: number): number {
  return (value >>> bits) | (value << (32 - bits))
}

/** First 32 bits after the binary point; a double root of a small prime carries more than 40 of them. */
function fractionBits(root: number): number {
  return Math.floor((root - Math.floor(root)) * 2 ** 32)
}

function firstPrimes(count: number): number[] {
  const primes: number[] = []
  for (let candidate = 2; primes.length < count; candidate += 1) {
    if (primes.every((prime) => candidate % prime !== 0)) {
      primes.push(candidate)
    }
  }
  return primes
}
