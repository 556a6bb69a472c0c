/** Something that can be repeated and timed, in a process of its own. */
export interface Contender {
  /** @returns milliseconds of each repetition; at least one unless `budgetMs` is 0. */
  repeat(budgetMs: number): Promise<readonly number[]>
}

/** Milliseconds of the repetitions, by round. */
export type Rounds = readonly (readonly number[])[]

/**
 * Lets contenders repeat in turns, so that all see the same noise of the machine. Only one works at a time. Every other round goes
 * backwards: what grows during a round (heat, a neighbour) favours nobody.
 */
export async function alternate<Key>(
  contenders: ReadonlyMap<Key, Contender>,
  { rounds, budgetMs }: { readonly rounds: number; readonly budgetMs: number },
): Promise<ReadonlyMap<Key, Rounds>> {
  const times = new Map<Key, (readonly number[])[]>()
  for (const [key, contender] of contenders) {
    // Opens networks, warms up.
    await contender.repeat(0)
    times.set(key, [])
  }
  for (let round = 0; round < rounds; round++) {
    const turns = [...contenders]
    for (const [key, contender] of round % 2 === 0 ? turns : turns.toReversed()) {
      times.get(key)?.push(await contender.repeat(budgetMs))
    }
  }
  return times
}
