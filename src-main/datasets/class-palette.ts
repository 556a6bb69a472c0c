import { STREET_CLASSES } from './street-classes.ts'

/** CamVid's colours for its classes, else hues that lie far apart. */
export function choosePalette(names: readonly string[]): string[] {
  const known = new Map<string, string>(
    STREET_CLASSES.names.map((name, index) => [
      name.toLowerCase(),
      STREET_CLASSES.palette[index] ?? '#808080',
    ]),
  )
  return names.map((name, index) => known.get(name.toLowerCase()) ?? spreadColor(index))
}

/** Steps by the golden ratio, so that neighbours in the list differ most. */
function spreadColor(index: number): string {
  const hue = (index * 0.618034) % 1
  const channel = (offset: number): string => {
    const position = (offset + hue * 6) % 6
    const part = Math.max(0, Math.min(position, 4 - position, 1))
    return Math.round(235 * (1 - 0.6 * part))
      .toString(16)
      .padStart(2, '0')
  }
  return `#${channel(5)}${channel(3)}${channel(1)}`
}
