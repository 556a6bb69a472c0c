import type { GenerationRow } from '../../src-main/contract/index.ts'

/** Generations that are compared; the method calls for a hint when they brought less than the share. */
const SPAN = 2
const LITTLE_GAIN = 0.001

/** 'little gain lately: +0.03 % in 2 generations', or null while the front still grows. Source: method.md 7.5. */
export function hypervolumeHint(generations: readonly GenerationRow[], at: number): string | null {
  const now = generations.find((row) => row.generation === at)?.hypervolume ?? null
  const before = generations.find((row) => row.generation === at - SPAN)?.hypervolume ?? null
  if (now === null || before === null || before <= 0) {
    return null
  }
  const gain = now / before - 1
  return gain < LITTLE_GAIN
    ? `little gain lately: +${(gain * 100).toFixed(2)} % in ${String(SPAN)} gen.`
    : null
}
