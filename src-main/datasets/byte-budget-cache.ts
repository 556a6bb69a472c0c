/**
 * Keeps loaded values up to a number of bytes and drops those not asked for longest. Two askers of one key share one load.
 */
export class ByteBudgetCache<Value> {
  private readonly budgetBytes: number
  private readonly sizeOf: (value: Value) => number
  /** Map keeps insertion order; an entry moves to the end when it is asked for. */
  private readonly entries = new Map<string, { readonly value: Value; readonly bytes: number }>()
  private readonly loading = new Map<string, Promise<Value>>()
  private usedBytes = 0

  constructor(budgetBytes: number, sizeOf: (value: Value) => number) {
    this.budgetBytes = budgetBytes
    this.sizeOf = sizeOf
  }

  get bytes(): number {
    return this.usedBytes
  }

  /** The value of the key, loaded if it is not kept. A failed load is forgotten, so that the next asker tries again. */
  async get(key: string, load: () => Promise<Value>): Promise<Value> {
    const kept = this.entries.get(key)
    if (kept !== undefined) {
      this.entries.delete(key)
      this.entries.set(key, kept)
      return kept.value
    }
    const running = this.loading.get(key)
    if (running !== undefined) {
      return running
    }
    const promise = load().then((value) => {
      this.keep(key, value)
      return value
    })
    this.loading.set(key, promise)
    try {
      return await promise
    } finally {
      this.loading.delete(key)
    }
  }

  private keep(key: string, value: Value): void {
    const bytes = this.sizeOf(value)
    if (bytes > this.budgetBytes) {
      return
    }
    this.entries.set(key, { value, bytes })
    this.usedBytes += bytes
    for (const [oldest, entry] of this.entries) {
      if (this.usedBytes <= this.budgetBytes) {
        break
      }
      this.entries.delete(oldest)
      this.usedBytes -= entry.bytes
    }
  }
}

/** Enough for all of CamVid's training images, small beside the network's own memory. */
export const DEFAULT_CACHE_BYTES = 600 * 1024 * 1024
