import { describe, expect, it } from 'vitest'
import { forEachBilinearTap } from '../../../../src-main/compute/conformance/reference.ts'
import { aggregateMaps } from '../../../../src-main/vision/bottom-up/aggregate-maps.ts'
import type { RawMaps, ScaleMaps } from '../../../../src-main/vision/bottom-up/aggregate-maps.ts'
import { planInferenceScales } from '../../../../src-main/vision/bottom-up/inference-scales.ts'
import { applyAffine } from '../../../../src-main/vision/affine.ts'
import { symmetric } from '../../../support/formula-weights.ts'

const JOINTS = 3
/** Joints 0 and 1 are left and right. */
const PARTNERS = [1, 0, 2]
/** Sums of a few float32 products of numbers below 1. */
const TOLERANCE = 1e-6

function rawMaps(name: string, height: number, width: number): RawMaps {
  return {
    height,
    width,
    coarse: symmetric(1, `${name} coarse`, (height / 2) * (width / 2) * 2 * JOINTS, 1),
    fine: symmetric(1, `${name} fine`, height * width * JOINTS, 1),
  }
}

/** [h, w, C] at another size, by the float64 loops of the conformance cases. */
function resized(
  values: ArrayLike<number>,
  [h, w, c]: readonly [number, number, number],
  height: number,
  width: number,
) {
  const out = new Float64Array(height * width * c)
  forEachBilinearTap([1, h, w, c], height, width, (source, target, weight) => {
    out[target] = (out[target] ?? 0) + (values[source] ?? Number.NaN) * weight
  })
  return out
}

/** Heat and tags of one network pass at the result's size, [H, W, J] each, mirrored ones turned back. */
function oracle(maps: RawMaps, height: number, width: number, isMirrored: boolean) {
  const big = resized(maps.coarse, [maps.height / 2, maps.width / 2, 2 * JOINTS], maps.height, maps.width)
  const read = (heat: boolean) =>
    Float64Array.from({ length: maps.height * maps.width * JOINTS }, (_, at) => {
      const [joint, x, y] = [
        at % JOINTS,
        Math.floor(at / JOINTS) % maps.width,
        Math.floor(at / JOINTS / maps.width),
      ]
      const channel = isMirrored ? (PARTNERS[joint] ?? 0) : joint
      const pixel = y * maps.width + (isMirrored ? maps.width - 1 - x : x)
      const coarse = big[pixel * 2 * JOINTS + (heat ? 0 : JOINTS) + channel] ?? Number.NaN
      return heat ? (coarse + (maps.fine[pixel * JOINTS + channel] ?? Number.NaN)) / 2 : coarse
    })
  const size = [maps.height, maps.width, JOINTS] as const
  return { heat: resized(read(true), size, height, width), tags: resized(read(false), size, height, width) }
}

describe('aggregateMaps', () => {
  it('averages both resolutions, picture and mirror image, and the scales; tags of scale 1 stand side by side', () => {
    const [height, width] = [16, 24]
    const scales: ScaleMaps[] = [
      { plain: rawMaps('large', 16, 24), mirrored: rawMaps('large mirrored', 16, 24), givesTags: false },
      { plain: rawMaps('one', 8, 12), mirrored: rawMaps('one mirrored', 8, 12), givesTags: true },
    ]
    const got = aggregateMaps(scales, { joints: JOINTS, height, width, partners: PARTNERS })
    expect(got.tagSize).toBe(2)
    const passes = scales.flatMap(({ plain, mirrored }) => [
      oracle(plain, height, width, false),
      ...(mirrored === null ? [] : [oracle(mirrored, height, width, true)]),
    ])
    let worst = 0
    for (let joint = 0; joint < JOINTS; joint++) {
      for (let pixel = 0; pixel < height * width; pixel++) {
        const at = pixel * JOINTS + joint
        const mean = passes.reduce((sum, { heat }) => sum + (heat[at] ?? Number.NaN), 0) / 4
        worst = Math.max(worst, Math.abs((got.heat[joint * height * width + pixel] ?? Number.NaN) - mean))
        for (const part of [0, 1]) {
          const tag = got.tags[(joint * height * width + pixel) * 2 + part] ?? Number.NaN
          worst = Math.max(worst, Math.abs(tag - (passes[2 + part]?.tags[at] ?? Number.NaN)))
        }
      }
    }
    expect(worst).toBeLessThanOrEqual(TOLERANCE)
  })

  it('a symmetric answer to picture and mirror image is that answer', () => {
    const plain = rawMaps('one', 8, 8)
    const mirrored: RawMaps = {
      ...plain,
      coarse: mirrorOf(plain.coarse, 4, 2 * JOINTS),
      fine: mirrorOf(plain.fine, 8, JOINTS),
    }
    const options = { joints: JOINTS, height: 16, width: 16, partners: PARTNERS }
    const alone = aggregateMaps([{ plain, mirrored: null, givesTags: true }], options)
    const both = aggregateMaps([{ plain, mirrored, givesTags: true }], options)
    expect(
      Math.max(...both.heat.map((v, i) => Math.abs(v - (alone.heat[i] ?? Number.NaN)))),
    ).toBeLessThanOrEqual(TOLERANCE)
    alone.tags.forEach((tag, i) => {
      expect([both.tags[2 * i], both.tags[2 * i + 1]]).toEqual([tag, tag])
    })
  })
})

function mirrorOf(values: Float32Array, side: number, channels: number): Float32Array {
  return values.map((_, at) => {
    const channel = at % channels
    const [x, y] = [Math.floor(at / channels) % side, Math.floor(at / channels / side)]
    const group = Math.floor(channel / JOINTS) * JOINTS
    const partner = group + (PARTNERS[channel % JOINTS] ?? 0)
    return values[(y * side + (side - 1 - x)) * channels + partner] ?? Number.NaN
  })
}

describe('planInferenceScales', () => {
  it('has sides of 64 at the smallest scale and multiples of it above, largest first', () => {
    // HigherHRNet's get_multi_scale_size for 640 x 427, input 512: 256 x 384 at 0.5.
    const plans = planInferenceScales({ width: 640, height: 427 }, 512, [1, 0.5, 2])
    expect(plans.map(({ scale, width, height }) => [scale, width, height])).toEqual([
      [2, 1536, 1024],
      [1, 768, 512],
      [0.5, 384, 256],
    ])
    expect(
      planInferenceScales({ width: 300, height: 500 }, 500, [1]).map(({ width, height }) => [width, height]),
    ).toEqual([[512, 896]])
  })

  it.each([
    [640, 427],
    [427, 640],
    [128, 128],
  ])('lays a picture of %i x %i in about its centre, and back', (width, height) => {
    const [plan] = planInferenceScales({ width, height }, 128, [1])
    expect(plan).toBeDefined()
    if (plan !== undefined) {
      const centre = [Math.floor(width / 2 + 0.5), Math.floor(height / 2 + 0.5)] as const
      expect(applyAffine(plan.toInput, ...centre)).toEqual([plan.width / 2, plan.height / 2])
      const [x, y] = applyAffine(plan.toImage, ...applyAffine(plan.toInput, 17, 31))
      expect([x, y].map((v) => Math.round(v * 1e9) / 1e9)).toEqual([17, 31])
      // The short side fits exactly.
      expect(plan.toInput[0]).toBeCloseTo(Math.min(plan.width, plan.height) / Math.min(width, height), 12)
    }
  })
})
