export interface LabelStyle {
  /** '#rrggbb' by class. */
  readonly palette: readonly string[]
  readonly ignoreLabel: number
  readonly hiddenClasses: ReadonlySet<number>
  /** Opacity of the fill, 0..1. */
  readonly fill: number
  /** Adds a line of one pixel at the borders between classes. */
  readonly outlines: boolean
}

/** Opacity of an outline pixel; the design has 93 %. */
const OUTLINE_OPACITY = 0.93

/**
 * Colours of a label map for a canvas.
 *
 * @param labels - Class index per pixel, row-major, shape [height, width]; the ignore label and indices
 *   without a colour stay transparent.
 * @returns RGBA bytes, not premultiplied, shape [height, width, 4].
 */
export function colorizeLabels(
  labels: Uint8Array,
  width: number,
  style: LabelStyle,
): Uint8ClampedArray<ArrayBuffer> {
  const colors = style.palette.map(parseHexColor)
  const fillAlpha = Math.round(style.fill * 255)
  const outlineAlpha = style.outlines && style.fill > 0 ? Math.round(OUTLINE_OPACITY * 255) : fillAlpha
  const pixels = new Uint8ClampedArray(labels.length * 4)
  labels.forEach((label, index) => {
    const color = colors[label]
    if (color === undefined || label === style.ignoreLabel || style.hiddenClasses.has(label)) {
      return
    }
    pixels.set(color, index * 4)
    pixels[index * 4 + 3] = isBorder(labels, index, width) ? outlineAlpha : fillAlpha
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

function isBorder(labels: Uint8Array, index: number, width: number): boolean {
  const label = labels[index]
  const isLastColumn = (index + 1) % width === 0
  return (!isLastColumn && labels[index + 1] !== label) || (labels[index + width] ?? label) !== label
}
