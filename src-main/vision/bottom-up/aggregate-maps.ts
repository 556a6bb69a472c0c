import type { JointMaps } from './joint-maps.ts'

/** Raw outputs of the network for one picture. */
export interface RawMaps {
  /** Of the maps at stride 2; those at stride 4 are half as large. */
  readonly height: number
  readonly width: number
  /** [h / 2, w / 2, 2 J]: heat maps, then tags. */
  readonly coarse: Float32Array
  /** [h, w, J]: heat maps. */
  readonly fine: Float32Array
}

export interface ScaleMaps {
  readonly plain: RawMaps
  /** Of the mirrored picture, as the network gave them; null without flip test. */
  readonly mirrored: RawMaps | null
  /** Whether tags are taken from this scale; those of scale 1 are. */
  readonly givesTags: boolean
}

export interface AggregateOptions {
  readonly joints: number
  /** Of the result: the network's input at scale 1. */
  readonly height: number
  readonly width: number
  /** Joint that each joint becomes in a mirrored picture, shape [J]. */
  readonly partners: readonly number[]
}

/**
 * One set of maps from all scales and the mirrored picture (method.md 9.4 steps 2 and 3): heat is the mean of both resolutions, of
 * picture and mirror image, and of the scales; tags come from stride 4 of scale 1, one component each for picture and mirror image.
 */
export function aggregateMaps(scales: readonly ScaleMaps[], options: AggregateOptions): JointMaps {
  const { joints, height, width } = options
  const pixels = height * width
  const heat = new Float32Array(joints * pixels)
  const tagged = scales.filter(({ givesTags }) => givesTags)
  const tagSources = tagged.flatMap(({ plain, mirrored }) => [
    { maps: plain, isMirrored: false },
    ...(mirrored === null ? [] : [{ maps: mirrored, isMirrored: true }]),
  ])
  const tags = new Float32Array(joints * pixels * tagSources.length)
  for (let joint = 0; joint < joints; joint++) {
    const target = heat.subarray(joint * pixels, (joint + 1) * pixels)
    for (const { plain, mirrored } of scales) {
      const share = 1 / scales.length / (mirrored === null ? 1 : 2)
      addScaled(target, heatPlane(plain, joint, options, false), share)
      if (mirrored !== null) {
        addScaled(target, heatPlane(mirrored, joint, options, true), share)
      }
    }
    for (const [part, { maps, isMirrored }] of tagSources.entries()) {
      const plane = tagPlane(maps, joint, options, isMirrored)
      plane.forEach((value, pixel) => (tags[(joint * pixels + pixel) * tagSources.length + part] = value))
    }
  }
  return { joints, height, width, heat, tags, tagSize: tagSources.length }
}

function heatPlane(
  maps: RawMaps,
  joint: number,
  options: AggregateOptions,
  isMirrored: boolean,
): Float32Array {
  const { joints, partners } = options
  const channel = isMirrored ? (partners[joint] ?? joint) : joint
  const fine = planeOf(maps.fine, maps.height, maps.width, joints, channel)
  const coarse = enlargedPlane(maps, 2 * joints, channel)
  fine.values.forEach((value, at) => (fine.values[at] = (value + (coarse.values[at] ?? 0)) / 2))
  return finish(fine, options, isMirrored)
}

function tagPlane(
  maps: RawMaps,
  joint: number,
  options: AggregateOptions,
  isMirrored: boolean,
): Float32Array {
  const { joints, partners } = options
  const channel = joints + (isMirrored ? (partners[joint] ?? joint) : joint)
  return finish(enlargedPlane(maps, 2 * joints, channel), options, isMirrored)
}

interface Plane {
  readonly height: number
  readonly width: number
  readonly values: Float32Array
}

function copyChannel(values: Float32Array, pixels: number, channels: number, channel: number): Float32Array {
  const copy = new Float32Array(pixels)
  for (let pixel = 0; pixel < pixels; pixel++) {
    copy[pixel] = values[pixel * channels + channel] ?? 0
  }
  return copy
}

/** A channel of stride 4 at the size of stride 2. */
function enlargedPlane(maps: RawMaps, channels: number, channel: number): Plane {
  const { height, width, coarse } = maps
  return resizePlane(planeOf(coarse, height / 2, width / 2, channels, channel), height, width)
}

function planeOf(
  values: Float32Array,
  height: number,
  width: number,
  channels: number,
  channel: number,
): Plane {
  return {
    height,
    width,
    values: copyChannel(values, height * width, channels, channel),
  }
}

function finish(plane: Plane, { height, width }: AggregateOptions, isMirrored: boolean): Float32Array {
  return resizePlane(isMirrored ? mirrorPlane(plane) : plane, height, width).values
}

function mirrorPlane({ height, width, values }: Plane): Plane {
  const mirrored = values.slice()
  for (let row = 0; row < height; row++) {
    mirrored.subarray(row * width, (row + 1) * width).reverse()
  }
  return { height, width, values: mirrored }
}

/** Bilinear, half-pixel centres, edges clamped, not anti-aliased. */
function resizePlane(plane: Plane, height: number, width: number): Plane {
  if (plane.height === height && plane.width === width) {
    return plane
  }
  const source = plane.values
  const rows = axisTaps(plane.height, height)
  const columns = axisTaps(plane.width, width)
  const values = new Float32Array(height * width)
  for (let row = 0; row < height; row++) {
    const above = (rows.low[row] ?? 0) * plane.width
    const below = (rows.high[row] ?? 0) * plane.width
    const down = rows.weight[row] ?? 0
    for (let column = 0; column < width; column++) {
      const left = columns.low[column] ?? 0
      const right = columns.high[column] ?? 0
      const along = columns.weight[column] ?? 0
      const upper = (source[above + left] ?? 0) * (1 - along) + (source[above + right] ?? 0) * along
      const lower = (source[below + left] ?? 0) * (1 - along) + (source[below + right] ?? 0) * along
      values[row * width + column] = upper * (1 - down) + lower * down
    }
  }
  return { height, width, values }
}

/** Per output pixel of one axis the two input pixels that it lies between, and the share of the second. */
interface AxisTaps {
  readonly low: Int32Array
  readonly high: Int32Array
  readonly weight: Float64Array
}

function axisTaps(input: number, output: number): AxisTaps {
  const positions = Float64Array.from({ length: output }, (_, index) =>
    Math.min(Math.max(((index + 0.5) * input) / output - 0.5, 0), input - 1),
  )
  const low = Int32Array.from(positions, Math.floor)
  return {
    low,
    high: low.map((at) => Math.min(at + 1, input - 1)),
    weight: positions.map((position) => position - Math.floor(position)),
  }
}

function addScaled(target: Float32Array, values: Float32Array, factor: number): void {
  values.forEach((value, at) => (target[at] = (target[at] ?? 0) + value * factor))
}
