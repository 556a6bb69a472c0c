/**
 * Picks at most `count` items, evenly spread over their order, first and last always among them.
 *
 * @throws RangeError if count is below 1.
 */
export function spreadEvenly<T>(items: readonly T[], count: number): readonly T[] {
  if (count < 1) {
    throw new RangeError(`spreadEvenly: count must be at least 1, got ${count.toString()}`)
  }
  if (items.length <= count) {
    return items
  }
  if (count === 1) {
    return items.slice(0, 1)
  }
  const indices = Array.from({ length: count }, (_, index) =>
    Math.round((index * (items.length - 1)) / (count - 1)),
  )
  return items.filter((_, index) => indices.includes(index))
}
