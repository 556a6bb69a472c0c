import type { Handle } from './kernels.ts'

/** The tensors of a backend of our own, by handle. Handles count upwards and are never used again. */
export class TensorTable<Entry> {
  readonly #entries = new Map<number, Entry>()
  #lastHandle = 0

  get size(): number {
    return this.#entries.size
  }

  add(entry: Entry): Handle {
    this.#lastHandle += 1
    this.#entries.set(this.#lastHandle, entry)
    return this.#lastHandle as Handle
  }

  /** @throws Error for a handle that was released or never existed. */
  get(tensor: Handle): Entry {
    const entry = this.#entries.get(tensor)
    if (entry === undefined) {
      throw new Error(`tensor ${tensor} was released or never existed`)
    }
    return entry
  }

  /** Takes a tensor out. @throws Error for a handle that was released or never existed. */
  remove(tensor: Handle): Entry {
    const entry = this.get(tensor)
    this.#entries.delete(tensor)
    return entry
  }

  /** Runs one kernel; if it throws in the middle (no memory left), the tensors that it made are released. */
  atomically<T>(kernel: () => T, release: (tensor: Handle) => void): T {
    const before = this.#lastHandle
    try {
      return kernel()
    } catch (thrown) {
      for (const tensor of [...this.#entries.keys()].filter((key) => key > before)) {
        release(tensor as Handle)
      }
      throw thrown
    }
  }
}
