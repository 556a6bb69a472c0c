/** A local disk answers within milliseconds, a network mount within seconds; one that is silent for so long is gone. */
export const ANSWER_MS = 60_000

let silent = 0

/** What an operation on a file had not done in time. */
export class NoAnswer extends Error {
  constructor(milliseconds: number) {
    super(`it has not answered for ${String(milliseconds / 1000)} s; is it on a mount that is gone?`)
  }
}

/**
 * Waits for an operation of the file system, but not for ever. Nothing can call such an operation off: the thread that asked stays in the
 * kernel until the mount answers, see {@link hasSilentOperation}.
 *
 * @throws NoAnswer after `milliseconds`; else what the operation throws.
 */
export function answering<T>(operation: Promise<T>, milliseconds = ANSWER_MS): Promise<T> {
  return new Promise((resolve, reject) => {
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      silent += 1
      reject(new NoAnswer(milliseconds))
    }, milliseconds)
    const settle = (): void => {
      clearTimeout(timer)
      silent -= isLate ? 1 : 0
    }
    operation.then(
      (value) => {
        settle()
        resolve(value)
      },
      (thrown: unknown) => {
        settle()
        reject(thrown instanceof Error ? thrown : new Error(String(thrown)))
      },
    )
  })
}

/** True while a thread waits for a mount that does not answer: an ordinary end of the process would wait for it as well. */
export function hasSilentOperation(): boolean {
  return silent > 0
}
