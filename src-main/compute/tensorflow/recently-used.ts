/**
 * `make` with a memory: of each key the same value, until `capacity` other keys were asked for since; then it is dropped.
 *
 * A hit only notes the time, and the Map is made anew now and then: V8 keeps deleted entries in the table of a Map until that is full
 * and then copies it, and the table of a Map that has lived for long is garbage which only a full collection finds (25 KB a training
 * step, where every hit moved its entry to the end).
 */
export function recentlyUsed<K, V>(
  capacity: number,
  make: (key: K) => V,
  drop: (value: V) => void,
): (key: K) => V {
  let known = new Map<K, { readonly value: V; used: number }>()
  let [clock, deleted] = [0, 0]
  const forgetOldest = (): void => {
    let oldest = clock
    for (const { used } of known.values()) {
      oldest = Math.min(oldest, used)
    }
    for (const [key, { value, used }] of known) {
      if (used === oldest) {
        known.delete(key)
        drop(value)
      }
    }
    deleted += 1
    if (deleted >= capacity / 2) {
      known = new Map(known)
      deleted = 0
    }
  }
  return (key) => {
    clock += 1
    const hit = known.get(key)
    if (hit !== undefined) {
      hit.used = clock
      return hit.value
    }
    if (known.size >= capacity) {
      forgetOldest()
    }
    const value = make(key)
    known.set(key, { value, used: clock })
    return value
  }
}
