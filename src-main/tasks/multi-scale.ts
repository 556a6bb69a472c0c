import type { Kernels } from '../compute/kernels.ts'
import { singleOutput } from '../compute/network-ops.ts'
import { coverWithWindows, scaledSize } from '../vision/segmentation/scale-windows.ts'
import type { Size, Window } from '../vision/segmentation/scale-windows.ts'
import type { Forward } from './task.ts'

export interface MultiScaleOptions {
  /** For example 0.5, 1, 1.5. */
  readonly scales: readonly number[]
  /** Averages the logits with those of the mirrored picture. */
  readonly flip: boolean
  /** Long side at scale 1 in pixels. */
  readonly base: number
  /** Largest picture that passes the network whole above scale 1, in pixels. */
  readonly crop: Size
}

/** Row-major, channels last. */
export interface Plane extends Size {
  readonly channels: number
  readonly values: Float32Array
}

/** Networks take multiples of this; pictures are padded with 0 at the right and the bottom. */
const STRIDE = 32

/**
 * Multi-scale inference (method.md 6.3): per scale the picture is resized bilinearly and passed whole, above scale 1 in windows whose
 * overlaps are averaged; a pass gives exp of the up-sampled logits; results are resized to the picture and summed.
 *
 * @param image - Normalised, three channels.
 * @returns The sums, of the picture's size; their arg-max is the label.
 */
export async function multiScaleSums(
  kernels: Kernels,
  forward: Forward,
  image: Plane,
  options: MultiScaleOptions,
): Promise<Plane> {
  let sums: Plane | null = null
  for (const scale of options.scales) {
    const size = scaledSize(image, options.base, scale)
    const scaled = await resize(kernels, image, size)
    const windows = coverWithWindows(size, scale <= 1 ? size : options.crop)
    const answer = await answerWindows(kernels, forward, scaled, windows, options.flip)
    const back = await resize(kernels, answer, image)
    sums = sums === null ? back : add(sums, back)
  }
  return sums ?? { height: image.height, width: image.width, channels: 0, values: new Float32Array(0) }
}

async function answerWindows(
  kernels: Kernels,
  forward: Forward,
  image: Plane,
  windows: readonly Window[],
  flip: boolean,
): Promise<Plane> {
  let total: Plane | null = null
  const counts = new Float32Array(image.height * image.width)
  for (const window of windows) {
    const answer = await pass(kernels, forward, cut(image, window), flip)
    total ??= {
      ...{ height: image.height, width: image.width, channels: answer.channels },
      values: new Float32Array(counts.length * answer.channels),
    }
    addAt(total, counts, answer, window)
  }
  if (total === null) {
    throw new RangeError('multi-scale inference: a picture without windows')
  }
  const { channels } = total
  return {
    ...total,
    values: total.values.map((value, at) => value / (counts[Math.floor(at / channels)] ?? 1)),
  }
}

/** exp of the logits at the size of the input. */
async function pass(kernels: Kernels, forward: Forward, image: Plane, flip: boolean): Promise<Plane> {
  const padded = pad(image)
  const shape = [1, padded.height, padded.width, padded.channels]
  const input = kernels.upload(padded.values, shape)
  try {
    const plain = await logits(kernels, forward, input, shape)
    if (!flip) {
      return cut({ ...plain, values: plain.values.map(Math.exp) }, { top: 0, left: 0, ...sizeOf(image) })
    }
    const turned = kernels.flipWidth(input)
    try {
      const mirrored = await logits(kernels, forward, turned, shape)
      const { width, channels } = plain
      const values = plain.values.map((value, at) => {
        const pixel = Math.floor(at / channels)
        const column = pixel % width
        const other = (pixel - column + width - 1 - column) * channels + (at % channels)
        return Math.exp((value + (mirrored.values[other] ?? 0)) / 2)
      })
      return cut({ ...plain, values }, { top: 0, left: 0, ...sizeOf(image) })
    } finally {
      kernels.release(turned)
    }
  } finally {
    kernels.release(input)
  }
}

async function logits(
  kernels: Kernels,
  forward: Forward,
  handle: Parameters<Kernels['release']>[0],
  shape: readonly number[],
): Promise<Plane> {
  const output = singleOutput(forward({ handle, shape }))
  const [, height = 0, width = 0] = shape
  try {
    const big = kernels.resizeBilinear(output.handle, output.shape, height, width)
    const values = await kernels.download(big).finally(() => {
      kernels.release(big)
    })
    return { height, width, channels: output.shape[3] ?? 0, values }
  } finally {
    kernels.release(output.handle)
  }
}

async function resize(kernels: Kernels, image: Plane, { height, width }: Size): Promise<Plane> {
  if (image.height === height && image.width === width) {
    return image
  }
  const shape = [1, image.height, image.width, image.channels]
  const handle = kernels.upload(image.values, shape)
  try {
    const resized = kernels.resizeBilinear(handle, shape, height, width)
    const values = await kernels.download(resized).finally(() => {
      kernels.release(resized)
    })
    return { height, width, channels: image.channels, values }
  } finally {
    kernels.release(handle)
  }
}

function sizeOf({ height, width }: Size): Size {
  return { height, width }
}

function pad(image: Plane): Plane {
  const height = Math.ceil(image.height / STRIDE) * STRIDE
  const width = Math.ceil(image.width / STRIDE) * STRIDE
  if (height === image.height && width === image.width) {
    return image
  }
  const { channels } = image
  const values = new Float32Array(height * width * channels)
  for (let row = 0; row < image.height; row++) {
    const from = row * image.width * channels
    values.set(image.values.subarray(from, from + image.width * channels), row * width * channels)
  }
  return { height, width, channels, values }
}

function cut(image: Plane, { top, left, height, width }: Window): Plane {
  if (height === image.height && width === image.width) {
    return image
  }
  const { channels } = image
  const values = new Float32Array(height * width * channels)
  for (let row = 0; row < height; row++) {
    const from = ((top + row) * image.width + left) * channels
    values.set(image.values.subarray(from, from + width * channels), row * width * channels)
  }
  return { height, width, channels, values }
}

function add(a: Plane, b: Plane): Plane {
  return { ...a, values: a.values.map((value, at) => value + (b.values[at] ?? 0)) }
}

function addAt(total: Plane, counts: Float32Array, part: Plane, { top, left }: Window): void {
  const { channels } = total
  for (let row = 0; row < part.height; row++) {
    for (let column = 0; column < part.width; column++) {
      const pixel = (top + row) * total.width + left + column
      counts[pixel] = (counts[pixel] ?? 0) + 1
      for (let channel = 0; channel < channels; channel++) {
        const at = pixel * channels + channel
        total.values[at] =
          (total.values[at] ?? 0) + (part.values[(row * part.width + column) * channels + channel] ?? 0)
      }
    }
  }
}

/** Index of the largest sum of each pixel; of equal ones the first. */
export function largestChannel({ height, width, channels, values }: Plane): Uint8Array {
  const labels = new Uint8Array(height * width)
  for (let pixel = 0; pixel < labels.length; pixel++) {
    let best = 0
    for (let channel = 1; channel < channels; channel++) {
      if ((values[pixel * channels + channel] ?? 0) > (values[pixel * channels + best] ?? 0)) {
        best = channel
      }
    }
    labels[pixel] = best
  }
  return labels
}

/** The sums at another size, bilinearly. */
export const resizePlane = resize
