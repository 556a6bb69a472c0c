import { invertAffine, type Affine } from '../affine.ts'

/** One size at which a picture is shown to a bottom-up network. */
export interface InferenceScale {
  readonly scale: number
  /** Of the network's input, multiples of what its strides need for the published scales. */
  readonly width: number
  readonly height: number
  /** Stored picture pixels to input pixels. */
  readonly toInput: Affine
  /** Input pixels to stored picture pixels. */
  readonly toImage: Affine
}

/** Sides of the smallest scale are rounded up to this. */
const SIDE_UNIT = 64

/**
 * Sizes and maps of multi-scale inference (method.md 9.4 step 1; HigherHRNet `get_multi_scale_size`): with m the smallest scale, the
 * short side is the input size times m, rounded up to 64, the long one keeps the picture's proportion, rounded up to 64; both
 * times s / m. The picture is laid in about its rounded centre.
 *
 * @param scales - Above 0; 1 must be among them, its maps decide the size of the result.
 * @returns The largest scale first.
 */
export function planInferenceScales(
  image: { readonly width: number; readonly height: number },
  inputSize: number,
  scales: readonly number[],
): readonly InferenceScale[] {
  const smallest = Math.min(...scales)
  const short = roundUp(smallest * inputSize)
  return scales
    .toSorted((a, b) => b - a)
    .map((scale) => {
      const isUpright = image.width < image.height
      const [shortSide, longSide] = isUpright ? [image.width, image.height] : [image.height, image.width]
      const shortSize = Math.trunc((short * scale) / smallest)
      const longSize = Math.trunc((roundUp((short / shortSide) * longSide) * scale) / smallest)
      const [width, height] = isUpright ? [shortSize, longSize] : [longSize, shortSize]
      // Upright: the widths meet exactly; else the heights do, and the width follows in proportion.
      const shownWidth = isUpright ? image.width : (width / height) * image.height
      const toInput = centred(image, width / shownWidth, width, height)
      return { scale, width, height, toInput, toImage: invertAffine(toInput) }
    })
}

function centred(
  image: { readonly width: number; readonly height: number },
  zoom: number,
  width: number,
  height: number,
): Affine {
  const x = Math.floor(image.width / 2 + 0.5)
  const y = Math.floor(image.height / 2 + 0.5)
  return [zoom, 0, width / 2 - zoom * x, 0, zoom, height / 2 - zoom * y]
}

/** As published, after cutting off what is behind the point: (x + 63) // 64 * 64. */
function roundUp(side: number): number {
  return Math.trunc(Math.floor((side + SIDE_UNIT - 1) / SIDE_UNIT) * SIDE_UNIT)
}
