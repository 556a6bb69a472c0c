/**
 * The element at an index that must exist; turns a broken invariant into an error that names it instead of an `undefined`
 * that travels on.
 *
 * @throws RangeError if there is no such element.
 */
export function elementAt<Value>(values: readonly Value[], index: number, what: string): Value {
  const value = values[index]
  if (value === undefined) {
    throw new RangeError(`${what}: index ${String(index)} given, ${String(values.length)} available`)
  }
  return value
}
