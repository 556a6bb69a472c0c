import { describe, expect, it } from 'vitest'
import { drawSceneHeatmaps, listTaggedPersons } from '../../src-main/vision/bottom-up/scene-targets.ts'
import { tagLoss } from '../../src-main/vision/bottom-up/tag-loss.ts'
import type { TagLoss } from '../../src-main/vision/bottom-up/tag-loss.ts'
import { symmetric } from '../support/formula-weights.ts'
import { distance, norm } from '../support/golden-network.ts'
import { goldenPath, hasShared, numbersOf, readGoldenJson, readNpz } from '../support/read-npz.ts'

interface GoldenTagLoss {
  readonly push: readonly number[]
  readonly pull: readonly number[]
  readonly gradientNorm: number
}

interface GoldenLoss {
  readonly resolution: number
  readonly peoplePerImage: readonly number[]
  readonly sigma: number
  readonly tagsInput: { readonly name: string; readonly seed: number; readonly bound: number }
  readonly loss: {
    readonly exp: GoldenTagLoss
    readonly max: GoldenTagLoss
  }
}

const JOINTS = 17
const MOST_PERSONS = 30
/** Of the set: losses 1e-5 relative, gradient 1e-4 of its norm, targets 1e-6. */
const [LOSS, GRADIENT, TARGET] = [1e-5, 1e-4, 1e-6] as const

describe.skipIf(!hasShared)('bottom_up/ae_loss (needs ../shared)', () => {
  const golden = readIfThere()
  const { arrays, images, size, plane } = golden

  it('joint lists hold the labelled joints inside the map, person by person', () => {
    const wanted = numbersOf(arrays, 'jointIndex')
    const slots = wanted.length / images / 6 / 2
    for (let image = 0; image < images; image++) {
      const persons = listTaggedPersons(size, golden.persons(image), MOST_PERSONS)
      const published = Array.from({ length: 6 }, (_, person) =>
        Array.from({ length: slots }, (_unused, slot) => ((image * 6 + person) * slots + slot) * 2).flatMap(
          (at) => (wanted[at + 1] === 1 ? [golden.toChannelsLast(wanted[at] ?? 0)] : []),
        ),
      ).filter((joints) => joints.length > 0)
      expect(persons).toEqual(published)
      expect(persons).toHaveLength(golden.peoplePerImage[image] ?? -1)
    }
  })

  it('heat maps are the larger Gaussian of all persons', () => {
    const wanted = numbersOf(arrays, 'targets')
    for (let image = 0; image < images; image++) {
      const target = new Float32Array(plane * JOINTS)
      drawSceneHeatmaps(target, 0, size, golden.persons(image), golden.sigma)
      const worst = target.reduce((most, value, at) => {
        const [pixel, joint] = [Math.floor(at / JOINTS), at % JOINTS]
        const want = wanted[(image * JOINTS + joint) * plane + pixel] ?? Number.NaN
        return Math.max(most, Math.abs(value - want))
      }, 0)
      expect(worst).toBeLessThanOrEqual(TARGET)
    }
  })

  it.each(['exp', 'max'] as const)(
    'pull and push %s of each picture, and the gradient of their sum',
    (kind) => {
      const { name, seed, bound } = golden.tagsInput
      const tags = symmetric(seed, name, images * plane * JOINTS, bound)
      const gradient = new Float64Array(tags.length)
      const perImage: TagLoss[] = []
      for (let image = 0; image < images; image++) {
        const own = Float64Array.from({ length: plane * JOINTS }, (_, at) => {
          return tags[image * plane * JOINTS + golden.toPlanes(at)] ?? Number.NaN
        })
        const slope = new Float64Array(own.length)
        perImage.push(
          tagLoss(own, listTaggedPersons(size, golden.persons(image), MOST_PERSONS), slope, 1, kind),
        )
        slope.forEach((value, at) => {
          gradient[image * plane * JOINTS + golden.toPlanes(at)] = value
        })
      }
      const { push, pull, gradientNorm } = golden.loss[kind]
      for (const [image, loss] of perImage.entries()) {
        expect(Math.abs(loss.push - (push[image] ?? 1))).toBeLessThanOrEqual(
          LOSS * Math.max(1, push[image] ?? 1),
        )
        expect(Math.abs(loss.pull - (pull[image] ?? 1))).toBeLessThanOrEqual(
          LOSS * Math.max(1, pull[image] ?? 1),
        )
      }
      expect(Math.abs(norm(gradient) - gradientNorm)).toBeLessThanOrEqual(GRADIENT * gradientNorm)
      expect(distance(gradient, numbersOf(arrays, `gradient:${kind}`))).toBeLessThanOrEqual(
        GRADIENT * gradientNorm,
      )
    },
  )
})

function readIfThere() {
  const json = hasShared ? readGoldenJson<GoldenLoss>('bottom_up/ae_loss.json') : EMPTY
  const arrays = hasShared ? readNpz(goldenPath('bottom_up/ae_loss.npz')) : {}
  const plane = json.resolution ** 2
  return {
    ...json,
    arrays,
    plane,
    images: json.peoplePerImage.length,
    size: { width: json.resolution, height: json.resolution, joints: JOINTS },
    persons: (image: number): Float32Array[] => {
      const all = numbersOf(arrays, 'people')
      return Array.from({ length: 6 }, (_, person) =>
        Float32Array.from(
          { length: JOINTS * 3 },
          (_unused, i) => all[(image * 6 + person) * JOINTS * 3 + i] ?? 0,
        ),
      )
    },
    /** joint · plane + pixel to pixel · J + joint. */
    toChannelsLast: (at: number): number => (at % plane) * JOINTS + Math.floor(at / plane),
    /** The other way. */
    toPlanes: (at: number): number => (at % JOINTS) * plane + Math.floor(at / JOINTS),
  }
}

const EMPTY: GoldenLoss = {
  resolution: 1,
  peoplePerImage: [],
  sigma: 1,
  tagsInput: { name: '', seed: 0, bound: 0 },
  loss: { exp: { push: [], pull: [], gradientNorm: 0 }, max: { push: [], pull: [], gradientNorm: 0 } },
}
