/** Synchronous work as a promise, so that a refusal rejects where callers expect it and never throws at the call. */
export function answer<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => {
    resolve(work())
  })
}
