/** Decoders side by side: as many as keep libuv's four threads busy. */
const LANES = 4

/** Runs work in the order in which it comes, so many pieces of it at a time. */
export function createLanes(lanes = LANES): <Result>(work: () => Promise<Result>) => Promise<Result> {
  let free = lanes
  const waiting: (() => void)[] = []
  return async (work) => {
    if (free > 0) {
      free -= 1
    } else {
      // Whoever ends hands its lane over.
      await new Promise<void>((resolve) => {
        waiting.push(resolve)
      })
    }
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next === undefined) {
        free += 1
      } else {
        next()
      }
    }
  }
}
