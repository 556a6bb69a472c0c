import { describe, expect, it } from 'vitest'
import { createRandom } from '../../../../src-main/nas/random.ts'
import type { Random } from '../../../../src-main/nas/random.ts'
import {
  differenceInterval,
  intervalOf,
  resampleScores,
} from '../../../../src-main/nas/statistics/resample-scores.ts'
import type { ResampleOptions } from '../../../../src-main/nas/statistics/resample-scores.ts'
import { precisionScore } from '../../../../src-main/nas/statistics/weighted-precision.ts'
import { iouScore, ratioScore } from '../../../../src-main/nas/statistics/weighted-scores.ts'
import type { WeightedScore } from '../../../../src-main/nas/statistics/weighted-scores.ts'
import { averagePrecision } from '../../../../src-main/vision/keypoints/average-precision.ts'
import { precisionParts } from '../../../../src-main/vision/keypoints/precision-parts.ts'

function finish(members: readonly WeightedScore[], options: ResampleOptions): readonly Float64Array[] {
  const steps = resampleScores(members, options)
  for (;;) {
    const step = steps.next()
    if (step.done === true) {
      return step.value
    }
  }
}

function deviationOf(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
}

/** Joints found of pictures that are each as hard for everybody as `hardness` says, plus chance of the network's own. */
function drawRatio(pictures: number, random: Random, accuracy: number) {
  const trials = new Uint32Array(pictures).fill(14)
  const hits = trials.map((count) =>
    Array.from({ length: count }, () => random.next()).reduce(
      (sum, draw) => sum + (draw < accuracy ? 1 : 0),
      0,
    ),
  )
  return { hits, trials }
}

describe('resampleScores', () => {
  it('spreads a ratio as the closed form of its variance says', () => {
    const { hits, trials } = drawRatio(400, createRandom(1, 'ratio'), 0.4)
    const [scores = new Float64Array()] = finish([ratioScore({ hits, trials })], {
      ...{ pictures: 400, random: createRandom(2), resamples: 4000 },
    })
    // All pictures have 14 trials, so the ratio is a mean of shares, and its variance that of the shares over P.
    const shares = Float64Array.from(hits, (found) => found / 14)
    const expected = deviationOf(shares) / Math.sqrt(400)
    // The deviation of 4,000 draws has a relative error of 1.1 %; four times of it.
    expect(Math.abs(deviationOf(scores) / expected - 1)).toBeLessThan(0.045)
    const { low, high } = intervalOf(scores)
    expect(Math.abs((high - low) / (2 * 1.96 * expected) - 1)).toBeLessThan(0.08)
  })

  it('spreads a ratio of unequal trials as the linearised variance says', () => {
    const random = createRandom(3, 'unequal')
    const trials = Uint32Array.from({ length: 500 }, () => 1 + random.int(30))
    const hits = trials.map((count) => random.int(count + 1))
    const [scores = new Float64Array()] = finish([ratioScore({ hits, trials })], {
      ...{ pictures: 500, random: createRandom(4), resamples: 4000 },
    })
    const sum = (values: ArrayLike<number>) => Array.from(values).reduce((total, value) => total + value, 0)
    const ratio = sum(hits) / sum(trials)
    const residuals = Array.from(hits, (found, picture) => found - ratio * (trials[picture] ?? 0))
    const expected = Math.sqrt(sum(residuals.map((value) => value ** 2))) / sum(trials)
    expect(Math.abs(deviationOf(scores) / expected - 1)).toBeLessThan(0.05)
  })

  it('gives each resample the score of its copies: AP and IoU against copied pictures', () => {
    const random = createRandom(5, 'copies')
    const sigmas = [0.1, 0.1]
    const persons = Array.from({ length: 25 }, (_, imageId) =>
      Array.from({ length: imageId % 3 }, (_person, at) => {
        const x = 200 * at + random.int(50)
        return {
          imageId,
          keypoints: [x, 10, 2, x + 40, 60, 2],
          box: [x, 10, 40, 50] as const,
          area: 2500,
          isCrowd: imageId % 6 === 0,
        }
      }),
    )
    const found = persons.map((ofOne, imageId) =>
      [...ofOne, ...(imageId % 4 === 1 ? [{ keypoints: [900, 10, 2, 940, 60, 2] }] : [])].map(
        ({ keypoints }) => ({
          ...{ imageId, score: random.next() },
          keypoints: keypoints.map((value) => value + 5 * random.normal()),
        }),
      ),
    )
    const pictures = persons.map((_, imageId) => imageId)
    const score = precisionScore(
      precisionParts({ truth: persons.flat(), detections: found.flat(), sigmas }, pictures),
    )
    const cells = Array.from({ length: 25 * 3 }, () => random.int(50))
    const unions = cells.map((cell, at) => (at % 3 === 2 && at > 9 ? 0 : cell + random.int(40)))
    const intersections = cells.map((cell, at) => Math.min(cell, unions[at] ?? 0))
    const overlap = iouScore({ classes: 3, intersections, unions })
    for (let repetition = 0; repetition < 60; repetition++) {
      const drawn = pictures.map(() => random.int(25))
      const weights = pictures.map((picture) => drawn.filter((one) => one === picture).length)
      const copy = <T>(of: readonly (readonly T[])[]) =>
        drawn.flatMap((picture, imageId) => (of[picture] ?? []).map((one) => ({ ...one, imageId })))
      const { ap } = averagePrecision({ truth: copy(persons), detections: copy(found), sigmas })
      expect(Math.abs(score(weights) - Math.max(0, ap))).toBeLessThan(1e-12)
      const ious = [0, 1, 2].flatMap((index) => {
        const sum = (of: readonly number[]) =>
          drawn.reduce((total, one) => total + (of[one * 3 + index] ?? 0), 0)
        return sum(unions) === 0 ? [] : [sum(intersections) / sum(unions)]
      })
      const mean = ious.reduce((sum, value) => sum + value, 0) / ious.length
      expect(Math.abs(overlap(weights) - mean)).toBeLessThan(1e-12)
    }
  })

  it('draws as a plain loop over copies does', () => {
    const { hits, trials } = drawRatio(30, createRandom(6), 0.5)
    const [scores = []] = finish([ratioScore({ hits, trials })], {
      pictures: 30,
      random: createRandom(7),
      resamples: 50,
    })
    const random = createRandom(7)
    const plain = Array.from({ length: 50 }, () => {
      const drawn = Array.from({ length: 30 }, () => random.int(30))
      const sum = (of: Uint32Array) => drawn.reduce((total, picture) => total + (of[picture] ?? 0), 0)
      return sum(hits) / sum(trials)
    })
    expect([...scores]).toEqual(plain)
  })

  it('tells two equal networks apart in about 5 % of 200 repetitions, and two unequal ones in most', () => {
    const options = (seed: number) => ({ pictures: 150, random: createRandom(seed, 'draws'), resamples: 400 })
    const countApart = (gain: number): number =>
      Array.from({ length: 200 }, (_, seed) => {
        const random = createRandom(seed, 'networks')
        const [a = new Float64Array(), b = new Float64Array()] = finish(
          [0.5, 0.5 + gain].map((accuracy) => ratioScore(drawRatio(150, random, accuracy))),
          options(seed),
        )
        const { low, high } = differenceInterval(a, b)
        return low > 0 || high < 0 ? 1 : 0
      }).reduce((sum: number, one) => sum + one, 0)
    // Of 200 with probability 0.05: mean 10, deviation 3.1.
    expect(countApart(0)).toBeLessThanOrEqual(19)
    expect(countApart(0.05)).toBeGreaterThan(150)
  })

  it('finds the difference of networks that miss the same joints surer than their scores', () => {
    const random = createRandom(8, 'paired')
    const hardness = Array.from({ length: 300 }, () => random.next())
    const trials = new Uint32Array(300).fill(1)
    const of = (accuracy: number) =>
      ratioScore({ hits: hardness.map((value) => (value < accuracy ? 1 : 0)), trials })
    const [a = new Float64Array(), b = new Float64Array()] = finish([of(0.5), of(0.56)], {
      ...{ pictures: 300, random: createRandom(9) },
    })
    expect(intervalOf(b).low).toBeLessThan(intervalOf(a).high)
    expect(differenceInterval(a, b).low).toBeGreaterThan(0)
  })

  it('yields after every resample and refuses an empty set', () => {
    const steps = resampleScores([() => 1], { pictures: 1, random: createRandom(1), resamples: 2 })
    expect([steps.next(), steps.next(), steps.next()]).toEqual([
      { value: 1, done: false },
      { value: 2, done: false },
      { value: [Float64Array.of(1, 1)], done: true },
    ])
    expect(() => finish([], { pictures: 0, random: createRandom(1) })).toThrow('got 0 and 1000')
  })
})
