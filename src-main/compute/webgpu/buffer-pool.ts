/** Smallest step between two sizes; also what offsets of buffers are multiples of. */
const SIZE_STEP = 256
/** Sizes are multiples of an eighth of the power of two below, so at most that much is wasted. */
const STEPS_PER_POWER = 8
/** Bytes that may wait for a tensor of their size even where little is in use. */
const LEAST_KEPT_BYTES = 2 ** 26

export interface PooledBuffer {
  readonly id: number
  readonly bytes: number
  /** Tensors that share it. */
  owners: number
}

/** Makes and ends buffers; both are done in order with everything else that the device is told. */
export interface BufferMaker {
  create(id: number, bytes: number): void
  destroy(id: number): void
}

/**
 * Buffers that are used again. The device works in order, so a buffer may be handed out as soon as its last reader is told. What waits
 * is never more than what was in use at the most.
 */
export class BufferPool {
  readonly #maker: BufferMaker
  /** Oldest first. */
  readonly #waiting = new Set<PooledBuffer>()
  readonly #bySize = new Map<number, PooledBuffer[]>()
  readonly #broken = new Set<number>()
  #usedBytes = 0
  #mostUsedBytes = LEAST_KEPT_BYTES
  #waitingBytes = 0
  #lastId = 0

  constructor(maker: BufferMaker) {
    this.#maker = maker
  }

  take(bytes: number): PooledBuffer {
    const size = roundUp(bytes)
    const known = this.#bySize.get(size)?.pop()
    const buffer = known ?? this.#create(size)
    if (known !== undefined) {
      this.#waiting.delete(known)
      this.#waitingBytes -= size
    }
    buffer.owners = 1
    this.#usedBytes += size
    this.#mostUsedBytes = Math.max(this.#mostUsedBytes, this.#usedBytes)
    return buffer
  }

  share(buffer: PooledBuffer): void {
    buffer.owners += 1
  }

  giveBack(buffer: PooledBuffer): void {
    buffer.owners -= 1
    if (buffer.owners > 0) {
      return
    }
    this.#usedBytes -= buffer.bytes
    if (this.#broken.delete(buffer.id)) {
      this.#maker.destroy(buffer.id)
      return
    }
    const sameSize = this.#bySize.get(buffer.bytes)
    if (sameSize === undefined) {
      this.#bySize.set(buffer.bytes, [buffer])
    } else {
      sameSize.push(buffer)
    }
    this.#waiting.add(buffer)
    this.#waitingBytes += buffer.bytes
    while (this.#waitingBytes > this.#mostUsedBytes) {
      this.#destroyOldest()
    }
  }

  /** After memory ran out: `broken` buffers end with their tensors, and nothing waits any more. */
  forget(broken: readonly number[]): void {
    broken.forEach((id) => this.#broken.add(id))
    while (this.#waiting.size > 0) {
      this.#destroyOldest()
    }
  }

  bytes(): number {
    return this.#usedBytes + this.#waitingBytes
  }

  #create(bytes: number): PooledBuffer {
    this.#lastId += 1
    this.#maker.create(this.#lastId, bytes)
    return { id: this.#lastId, bytes, owners: 0 }
  }

  #destroyOldest(): void {
    const [oldest] = this.#waiting
    if (oldest === undefined) {
      return
    }
    this.#waiting.delete(oldest)
    const sameSize = this.#bySize.get(oldest.bytes) ?? []
    sameSize.splice(sameSize.indexOf(oldest), 1)
    this.#waitingBytes -= oldest.bytes
    this.#broken.delete(oldest.id)
    this.#maker.destroy(oldest.id)
  }
}

function roundUp(bytes: number): number {
  const power = 2 ** Math.floor(Math.log2(Math.max(bytes, 1)))
  const step = Math.max(SIZE_STEP, power / STEPS_PER_POWER)
  return Math.ceil(bytes / step) * step
}
