/** What a split is scored on: what is known of every picture without opening it, and the decoded pictures as they are asked for. */
export interface Pictures<Known, Item = Known> {
  readonly known: readonly Known[]
  /** Pictures `begin` up to `end`, that one excluded. @throws EngineError DATASET if one cannot be read. */
  load(begin: number, end: number): Promise<readonly Item[]>
}

/** Pictures that are in memory already. */
export function keepAll<Item>(items: readonly Item[]): Pictures<Item> {
  return { known: items, load: (begin, end) => Promise.resolve(items.slice(begin, end)) }
}

interface Holder {
  dropKept(): void
}

/** Bytes that sets of pictures share: who was used last has the right of way. */
export class PictureBudget {
  readonly #bytes: number
  /** In the order of their last use. */
  readonly #held = new Map<Holder, number>()

  constructor(bytes: number) {
    this.#bytes = bytes
  }

  /** How much of so many bytes has room if nothing else is kept: 1 for all of them. */
  shareOf(bytes: number): number {
    return bytes <= this.#bytes ? 1 : this.#bytes / bytes
  }

  /** Bytes of everything kept. */
  get held(): number {
    return [...this.#held.values()].reduce((sum, bytes) => sum + bytes, 0)
  }

  /** True: the holder may keep that much more; others may have had to drop theirs. */
  take(holder: Holder, bytes: number): boolean {
    const own = this.#held.get(holder) ?? 0
    this.#held.delete(holder)
    this.#held.set(holder, own)
    if (own + bytes > this.#bytes) {
      return false
    }
    for (const other of this.#held.keys()) {
      if (this.held + bytes <= this.#bytes) {
        break
      }
      if (other !== holder) {
        other.dropKept()
        this.#held.delete(other)
      }
    }
    this.#held.set(holder, own + bytes)
    return true
  }
}

export interface StreamOptions<Known, Item> {
  readonly known: readonly Known[]
  /** Of the decoded picture. */
  bytesOf(known: Known): number
  decode(known: Known): Promise<Item>
  readonly budget: PictureBudget
}

/**
 * Decodes pictures as they are asked for and keeps those that the budget has room for; of the others only what was asked for last and
 * what comes after it. A pass that asks in order finds the next pictures decoded while it computed.
 */
export function streamPictures<Known, Item>(options: StreamOptions<Known, Item>): Pictures<Known, Item> {
  return new StreamedPictures(options)
}

/** What is decoded ahead, besides at least one picture: a batch of crops, but only a few whole street scenes. */
const AHEAD_BYTES = 64 * 1024 * 1024

class StreamedPictures<Known, Item> implements Pictures<Known, Item>, Holder {
  readonly known: readonly Known[]
  readonly #options: StreamOptions<Known, Item>
  readonly #kept = new Map<number, Item>()
  /** What was asked for last, and what comes after it. */
  readonly #window = new Map<number, Promise<Item>>()
  readonly #keptShare: number

  constructor(options: StreamOptions<Known, Item>) {
    this.known = options.known
    this.#options = options
    this.#keptShare = options.budget.shareOf(
      options.known.reduce((sum, known) => sum + options.bytesOf(known), 0),
    )
  }

  async load(begin: number, end: number): Promise<readonly Item[]> {
    const last = this.#lookAhead(begin, end)
    for (const index of this.#window.keys()) {
      if (index < begin || index >= last) {
        this.#window.delete(index)
      }
    }
    const all = this.known.slice(begin, last).map((known, at) => this.#get(begin + at, known))
    return Promise.all(all.slice(0, end - begin))
  }

  dropKept(): void {
    this.#kept.clear()
  }

  /** End of what is decoded ahead: as many as were asked for, fewer where they are large. */
  #lookAhead(begin: number, end: number): number {
    const most = Math.min(this.known.length, end + (end - begin))
    let bytes = 0
    let last = end
    for (const known of this.known.slice(end, most)) {
      if (bytes >= AHEAD_BYTES) {
        break
      }
      bytes += this.#options.bytesOf(known)
      last += 1
    }
    return last
  }

  #get(index: number, known: Known): Promise<Item> {
    const kept = this.#kept.get(index)
    if (kept !== undefined) {
      return Promise.resolve(kept)
    }
    const running = this.#window.get(index)
    if (running !== undefined) {
      return running
    }
    const promise = this.#decode(index, known)
    this.#window.set(index, promise)
    // A failure is met by whoever asks for this picture, who may never come; who asks again has it tried again.
    promise.catch(() => {
      if (this.#window.get(index) === promise) {
        this.#window.delete(index)
      }
    })
    return promise
  }

  async #decode(index: number, known: Known): Promise<Item> {
    const item = await this.#options.decode(known)
    const isCandidate = this.#isForKeeping(index) && !this.#kept.has(index)
    if (isCandidate && this.#options.budget.take(this, this.#options.bytesOf(known))) {
      this.#kept.set(index, item)
    }
    return item
  }

  /** Kept ones are spread over a pass, so that each of its chunks leaves time to decode the others of the next. */
  #isForKeeping(index: number): boolean {
    return Math.floor((index + 1) * this.#keptShare) > Math.floor(index * this.#keptShare)
  }
}
