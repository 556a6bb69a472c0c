import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { evaluateKeypoints } from '../../src-main/engine/evaluate/evaluate-keypoints.ts'
import type { KeypointEvaluation } from '../../src-main/engine/evaluate/evaluate-keypoints.ts'
import { readJsonFile } from '../../src-main/engine/evaluate/read-json-file.ts'
import { readSigmas } from '../../src-main/engine/evaluate/sigma-sets.ts'
import { hasShared, sharedPath } from '../support/read-npz.ts'

type Numbers = Readonly<Record<string, number>>

interface Golden {
  readonly cases: readonly {
    readonly sigmas: string
    readonly truth: unknown
    readonly detections: unknown
    readonly want: Numbers
  }[]
}

const golden = JSON.parse(
  readFileSync(new URL('./data/keypoint-evaluation.json', import.meta.url), 'utf8'),
) as Golden

/** Sums of at most a few thousand float64 terms in another order than numpy's. */
const TOLERANCE = 1e-12

function expectNumbers({ numbers }: KeypointEvaluation, want: Numbers): void {
  expect(Object.keys(numbers)).toEqual(Object.keys(want))
  for (const [name, value] of Object.entries(want)) {
    expect(Math.abs((numbers[name] ?? NaN) - value), name).toBeLessThanOrEqual(TOLERANCE)
  }
}

const moveBy = (file: unknown, x: number, y: number): unknown =>
  (file as { annotations: { image_id: number; keypoints: number[] }[] }).annotations.map((person, index) => ({
    image_id: person.image_id,
    category_id: 1,
    score: 0.9 - 0.1 * index,
    keypoints: person.keypoints.map((value, at) => value * ([x, y][at % 3] ?? 1)),
  }))

describe('evaluate keypoints against pycocotools and xtcocotools', () => {
  it.each(golden.cases.map((entry, index) => [index, entry] as const))(
    'random case %i: every number',
    async (_, { sigmas, truth, detections, want }) => {
      const evaluation = evaluateKeypoints({
        truth: { file: 'truth', value: truth },
        detections: { file: 'detections', value: detections },
        sigmas: await readSigmas(sigmas),
        areas: null,
      })
      expectNumbers(evaluation, want)
    },
  )
})

describe.skipIf(!hasShared)('evaluate keypoints on files of others (needs ../shared/data)', () => {
  const read = (name: string) => readJsonFile(sharedPath(`data/eval_parity/${name}`))

  it('xt_wholebody: 133 joints from five fields, and its body alone', async () => {
    const [truth, detections] = [await read('xt_wholebody/val.json'), await read('xt_wholebody/preds.json')]
    const whole = await readSigmas('wholebody133')
    expect(whole.sigmas.length).toBe(133)
    // By xtcocotools 1.14.3 and pycocotools 2.0.11.
    expectNumbers(evaluateKeypoints({ truth, detections, sigmas: whole, areas: null }), {
      ...{
        AP: 0.6420759218779022,
        AP50: 1.0,
        AP75: 0.8410891089108912,
        APM: 0.6764504307573613,
        APL: 0.6303173394262502,
      },
      ...{ AR: 0.7041666666666666, AR50: 1.0, AR75: 0.875, ARM: 0.7454545454545454, ARL: 0.6692307692307693 },
    })
    expectNumbers(evaluateKeypoints({ truth, detections, sigmas: null, areas: null }), {
      ...{
        AP: 0.853921820753504,
        AP50: 1.0,
        AP75: 0.9352310231023103,
        APM: 0.7765442972868715,
        APL: 0.9227740905958729,
      },
      ...{
        AR: 0.8958333333333334,
        AR50: 1.0,
        AR75: 0.9583333333333334,
        ARM: 0.8272727272727272,
        ARL: 0.953846153846154,
      },
    })
  })

  it('xt_crowdpose: the nine stated numbers', async () => {
    const evaluation = evaluateKeypoints({
      truth: await read('xt_crowdpose/gt.json'),
      detections: await read('xt_crowdpose/dt.json'),
      ...{ sigmas: null, areas: null },
    })
    const expected = await read('expected.json')
    const { stated_exact: want } = (expected.value as Record<string, { stated_exact: Numbers }>)[
      'xt_crowdpose'
    ] ?? {
      stated_exact: {},
    }
    expectNumbers(evaluation, want)
    expect(evaluation.unrounded?.['AP_medium']).toBeCloseTo(0.9802, 4)
  })

  it('mmpose_crowdpose: the truth moved by five percent', async () => {
    const truth = await read('mmpose_crowdpose/test_crowdpose.json')
    const detections = { file: 'moved', value: moveBy(truth.value, 1.06, 0.95) }
    // By xtcocotools 1.14.3.
    expectNumbers(evaluateKeypoints({ truth, detections, sigmas: null, areas: null }), {
      AP: 0.3297029702970297,
      AP50: 0.504950495049505,
      AP75: 0.2574257425742574,
      AR: 0.325,
      AR50: 0.5,
      AR75: 0.25,
      AP_easy: -1.0,
      AP_medium: 0.3297,
      AP_hard: -1.0,
    })
  })
})
