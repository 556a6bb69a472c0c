import { malformed } from './malformed.ts'

/** Names of modules and classes end at a line feed; none is longer. */
const LONGEST_LINE = 256

/** Reads little-endian values one after another; reading past the end is a refusal, never an accident. */
export class ByteReader {
  position: number
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #format: string

  /** @param format - Begins every message, e.g. `pickle`. */
  constructor(bytes: Uint8Array, format: string, position = 0) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#format = format
    this.position = position
  }

  get remaining(): number {
    return this.#bytes.length - this.position
  }

  /** The next `count` bytes, a view of the file. */
  take(count: number): Uint8Array {
    const start = this.#advance(count)
    return this.#bytes.subarray(start, start + count)
  }

  uint8(): number {
    return this.#view.getUint8(this.#advance(1))
  }

  uint16(): number {
    return this.#view.getUint16(this.#advance(2), true)
  }

  uint32(): number {
    return this.#view.getUint32(this.#advance(4), true)
  }

  int32(): number {
    return this.#view.getInt32(this.#advance(4), true)
  }

  /** A count or an offset: beyond 2^53 it cannot be one. */
  uint64(): number {
    const start = this.#advance(8)
    const value = this.#view.getBigUint64(start, true)
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw malformed(this.#format, `byte ${start} claims a size of ${value}`)
    }
    return Number(value)
  }

  float64BigEndian(): number {
    return this.#view.getFloat64(this.#advance(8), false)
  }

  /** Text up to a line feed, which is read and left out. */
  line(): string {
    const start = this.position
    const end = this.#bytes.subarray(start, start + LONGEST_LINE).indexOf(0x0a)
    if (end < 0) {
      throw malformed(this.#format, `byte ${start}: no end of line within ${LONGEST_LINE} bytes`)
    }
    this.position = start + end + 1
    return Buffer.from(this.#bytes.subarray(start, start + end)).toString('latin1')
  }

  #advance(count: number): number {
    if (count > this.remaining) {
      throw malformed(
        this.#format,
        `byte ${this.position} announces ${count} more, the file has ${this.remaining}`,
      )
    }
    const start = this.position
    this.position += count
    return start
  }
}
