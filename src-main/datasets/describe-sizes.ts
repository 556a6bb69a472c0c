/** "640 x 480", up to three sizes as a list, more of them as a range. */
export function describeSizes(sizes: readonly (readonly [width: number, height: number])[]): string {
  const words = [...new Set(sizes.map(([width, height]) => `${String(width)} x ${String(height)}`))]
  if (words.length <= 3) {
    return words.join(', ')
  }
  const sorted = sizes.toSorted((a, b) => a[0] * a[1] - b[0] * b[1])
  const word = (size: readonly [number, number] | undefined): string => (size ?? ['', '']).join(' x ')
  return `${String(words.length)} sizes from ${word(sorted[0])} to ${word(sorted.at(-1))}`
}
