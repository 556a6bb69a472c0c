export interface LabelStyle {
  /** '#rrggbb' by class. */
  readonly palette: readonly string[]
  readonly ignoreLabel: number
  readonly hiddenClasses: ReadonlySet<number>
  /** Opacity of the fill, 0..1. */
  readonly fill: number
}

/**
 * Colours of a label map for a canvas.
 *
 * @param labels - Class index per pixel, row-major, shape [height, width]; the ignore label and indices
 *   without a colour stay transparent.
 * @returns RGBA bytes, not premultiplied, shape [height, width, 4].
 */
export function colorizeLabels(labels: Uint8Array, style: LabelStyle): Uint8ClampedArray<ArrayBuffer> {
  const colors = style.palette.map(parseHexColor)
  const alpha = Math.round(style.fill * 255)
  const pixels = new Uint8ClampedArray(labels.length * 4)
  labels.forEach((label, index) => {
    const color = colors[label]
    if (color === undefined || label === style.ignoreLabel || style.hiddenClasses.has(label)) {
      return
    }
    pixels.set(color, index * 4)
    pixels[index * 4 + 3] = alpha
  })
  return pixels
}

/** Pixels where a prediction differs from a truth that counts, in one colour, the rest transparent. */
export function colorizeErrors(
  labels: Uint8Array,
  truth: Uint8Array,
  ignoreLabel: number,
  errorColor: string,
): Uint8ClampedArray<ArrayBuffer> {
  const color = parseHexColor(errorColor)
  const pixels = new Uint8ClampedArray(labels.length * 4)
  labels.forEach((label, index) => {
    if (truth[index] !== ignoreLabel && truth[index] !== label) {
      pixels.set(color, index * 4)
      pixels[index * 4 + 3] = 224
    }
  })
  return pixels
}

/** @throws RangeError unless the colour is written '#rrggbb'. */
export function parseHexColor(color: string): readonly [number, number, number] {
  if (!/^#[0-9a-f]{6}$/i.test(color)) {
    throw new RangeError(`parseHexColor: expected '#rrggbb', got '${color}'`)
  }
  const value = Number.parseInt(color.slice(1), 16)
  return [value >> 16, (value >> 8) & 255, value & 255]
}

export interface OutlineSegment {
  readonly x0: number
  readonly y0: number
  readonly x1: number
  readonly y1: number
}

/**
 * The edges between pixels of different classes, by the class on their left or upper side.
 *
 * @param labels - Row-major, shape [height, width].
 * @returns Segments in pixels of the map; the border of the map has none.
 */
export function labelOutlines(
  labels: Uint8Array,
  width: number,
): ReadonlyMap<number, readonly OutlineSegment[]> {
  const byClass = new Map<number, OutlineSegment[]>()
  const add = (label: number, segment: OutlineSegment): void => {
    const known = byClass.get(label)
    if (known === undefined) {
      byClass.set(label, [segment])
    } else {
      known.push(segment)
    }
  }
  labels.forEach((label, index) => {
    const x = index % width
    const y = (index - x) / width
    if (x + 1 < width && labels[index + 1] !== label) {
      add(label, { x0: x + 1, y0: y, x1: x + 1, y1: y + 1 })
    }
    if (index + width < labels.length && labels[index + width] !== label) {
      add(label, { x0: x, y0: y + 1, x1: x + 1, y1: y + 1 })
    }
  })
  return byClass
}
