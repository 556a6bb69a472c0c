import type { RandomSource } from '../../../src-main/vision/random-source.ts'

/** Gives the listed draws one after another and fails on a draw of another kind or too many: shows the order of draws. */
export function scriptedRandom(
  draws: readonly (readonly ['next' | 'normal' | 'int', number])[],
): RandomSource & {
  readonly left: () => number
} {
  let at = 0
  const take = (kind: string): number => {
    const draw = draws[at++]
    if (draw?.[0] !== kind) {
      throw new Error(`draw ${String(at)} is ${kind}, the script has ${draw?.[0] ?? 'nothing'}`)
    }
    return draw[1]
  }
  return {
    next: () => take('next'),
    normal: () => take('normal'),
    int: () => take('int'),
    left: () => draws.length - at,
  }
}
