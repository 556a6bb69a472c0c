/** Jobs that were asked to rest, by id. */
export class Pauses {
  readonly #asked = new Map<string, PromiseWithResolvers<undefined>>()

  ask(jobId: string): void {
    if (!this.#asked.has(jobId)) {
      this.#asked.set(jobId, Promise.withResolvers())
    }
  }

  end(jobId: string): void {
    this.#asked.get(jobId)?.resolve(undefined)
    this.#asked.delete(jobId)
  }

  /** Resolves at once for a job that nobody asked; else says that it rests, and resolves at the end of the pause. */
  async rest(jobId: string, tell: () => void): Promise<void> {
    const pause = this.#asked.get(jobId)
    if (pause !== undefined) {
      tell()
      await pause.promise
    }
  }
}
