/** Results of `work` for each item, in their order, with at most `limit` running at a time. The first failure rejects. */
export async function mapLimited<Item, Result>(
  items: readonly Item[],
  limit: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results = new Map<number, Result>()
  let next = 0
  const runLane = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++
      const item = items[index]
      if (item !== undefined) {
        results.set(index, await work(item))
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, runLane))
  return items.flatMap((_, index) => {
    const result = results.get(index)
    return result === undefined ? [] : [result]
  })
}

/** Files looked at side by side: keeps the few threads of libuv's pool busy without opening thousands of files at once. */
export const FILES_AT_ONCE = 8
