import type { Kernels } from '../../src-main/compute/kernels.ts'

export interface BreakableKernels {
  readonly kernels: Kernels
  /** From now on so many calls succeed, then all fail as if memory ran out; `release` always works. */
  allow(calls: number): void
  /** Name of the latest call. */
  lastCall(): string
}

/** Kernels that can be told to fail; until then they work. */
export function breakableKernels(real: Kernels): BreakableKernels {
  let left = Number.POSITIVE_INFINITY
  let last = ''
  const kernels = new Proxy(real, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key)
      if (
        typeof member !== 'function' ||
        key === 'release' ||
        key === 'releaseVariable' ||
        key === 'liveTensors' ||
        key === 'backendBytes'
      ) {
        return member
      }
      return (...args: unknown[]): unknown => {
        last = String(key)
        left -= 1
        if (left < 0) {
          throw new Error(`out of memory in ${last}`)
        }
        return Reflect.apply(member, target, args)
      }
    },
  })
  return {
    kernels,
    allow: (calls) => {
      left = calls
    },
    lastCall: () => last,
  }
}

/**
 * Runs `attempt` again and again, each time with one more call that succeeds, until it comes through.
 *
 * @returns What the first attempt that left tensors behind left, or an empty list.
 */
export function leaksOfFailures(
  breakable: BreakableKernels,
  attempt: () => void,
  stride = 1,
): readonly string[] {
  const { kernels } = breakable
  const before = kernels.liveTensors()
  for (let calls = 0; ; calls += stride) {
    breakable.allow(calls)
    const isDone = comesThrough(attempt)
    const left = kernels.liveTensors() - before
    breakable.allow(Number.POSITIVE_INFINITY)
    if (left !== 0) {
      return [`${String(left)} tensors after ${String(calls)} calls, the last was ${breakable.lastCall()}`]
    }
    if (isDone) {
      return []
    }
  }
}

/** False where it ran out of the allowed calls; any other error is thrown on. */
function comesThrough(attempt: () => void): boolean {
  try {
    attempt()
    return true
  } catch (thrown) {
    if (!String(thrown).includes('out of memory in')) {
      throw thrown
    }
    return false
  }
}
