/** A value of a run, and what it may be compared with: values of other keys were measured in another way. */
export interface ComparedValue {
  readonly id: string
  readonly key: string | null
  readonly value: number | null
}

/**
 * Ids of the best values, each among those of its own key. A value that has nothing to be compared with is not called the best, nor are
 * values that are all the same.
 */
export function bestIds(values: readonly ComparedValue[], better: 'larger' | 'smaller'): ReadonlySet<string> {
  const measured = values.flatMap(({ id, key, value }) =>
    key === null || value === null || !Number.isFinite(value) ? [] : [{ id, key, value }],
  )
  const sign = better === 'larger' ? 1 : -1
  return new Set(
    [...Map.groupBy(measured, ({ key }) => key).values()].flatMap((group) => {
      const best = Math.max(...group.map(({ value }) => sign * value))
      const winners = group.filter(({ value }) => sign * value === best)
      return winners.length === group.length ? [] : winners.map(({ id }) => id)
    }),
  )
}
