import type { Kernels } from './kernels.ts'

/** The same kernels; one that fails in the middle releases what it had made. */
export function leavingNothing(kernels: Kernels, atomically: <T>(kernel: () => T) => T): Kernels {
  const guarded = { ...kernels }
  for (const [name, member] of Object.entries(kernels) as [keyof Kernels, unknown][]) {
    if (typeof member === 'function' && name !== 'release' && name !== 'download') {
      const run = member as (...args: unknown[]) => unknown
      const call = (...args: unknown[]): unknown => atomically(() => run(...args))
      Object.assign(guarded, { [name]: call })
    }
  }
  return guarded
}
