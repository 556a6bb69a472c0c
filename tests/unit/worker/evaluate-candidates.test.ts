import { describe, expect, it } from 'vitest'
import type { Kernels } from '../../../src-main/compute/kernels.ts'
import { EngineError } from '../../../src-main/contract/index.ts'
import { drawInitialPopulation } from '../../../src-main/nas/evolution/initial-population.ts'
import { genotypeId, toGenotypeJson } from '../../../src-main/nas/genotype.ts'
import { planNetwork, supernetParameters } from '../../../src-main/nas/network-plan.ts'
import type { NetworkShape } from '../../../src-main/nas/network-plan.types.ts'
import { createRandom } from '../../../src-main/nas/random.ts'
import { createSearchSpace } from '../../../src-main/nas/search-space.ts'
import { peakBytesPerImage, sharePlans } from '../../../src-main/nas/shared-plan.ts'
import { initialWeights } from '../../../src-main/supernet/initialise.ts'
import { Supernet } from '../../../src-main/supernet/supernet.ts'
import { keepAll } from '../../../src-main/tasks/pictures.ts'
import { createPoseScoring } from '../../../src-main/tasks/pose-scoring.ts'
import { createSegmentationScoring } from '../../../src-main/tasks/segmentation-scoring.ts'
import type { ScoreOptions, Scorer, ScoreResult, ScoringSet } from '../../../src-main/tasks/task.ts'
import { KeptValues } from '../../../src-main/training/kept-values.ts'
import { evaluateCandidates } from '../../../src-main/worker/evaluate-candidates.ts'
import type { EvaluationOptions, PlannedCandidate } from '../../../src-main/worker/evaluate-candidates.ts'
import { losingPicture } from '../../support/losing-picture.ts'
import { testBackends } from '../../support/backends.ts'
import { breakableKernels } from '../../support/failing-kernels.ts'

/** Pictures of noise: what is compared are bits, so what they show does not matter. */
const IMAGES = 7
const BATCH = 3
const CANDIDATES = 9

type Task = NetworkShape['task']

function openBench(kernels: Kernels, task: Task) {
  const space = createSearchSpace({
    task,
    layout: [
      [2, 1],
      [3, 1],
    ],
    depthChoices: [1, 2],
    evolveLastModule: true,
  })
  const shape: NetworkShape = {
    ...{ task, baseWidth: 4, stemChannels: 6, layer1Blocks: 1, layer1Planes: 4 },
    ...{ inputHeight: 32, inputWidth: 32, outputs: 4 },
  }
  const weights = initialWeights(supernetParameters(space, shape), shape, 1)
  const supernet = new Supernet(kernels, space, shape, weights)
  const random = createRandom(5, 'noise')
  const noise = (length: number): Float32Array => Float32Array.from({ length }, () => random.next() * 2 - 1)
  // Batches of different sizes: the weights of the averages must be right.
  const recalibrationBatches = [4, 4, 2].map((images) => {
    const batch = [images, 32, 32, 3]
    return { handle: kernels.upload(noise(images * 32 * 32 * 3), batch), shape: batch }
  })
  const images = task === 'pose' ? poseImages(noise, shape) : labelImages(noise, shape)
  const { members } = drawInitialPopulation(space, CANDIDATES, createRandom(2, 'search'))
  const candidates = members.map(({ genotype }): PlannedCandidate => {
    const id = genotypeId(genotype)
    const json = toGenotypeJson(space, shape.baseWidth, genotype)
    return {
      candidate: { candidateId: id, genotypeId: id, genotype: json },
      plan: planNetwork(space, shape, genotype),
    }
  })
  const session = supernet.openEvaluation()
  return {
    ...{ supernet, session, recalibrationBatches, images, candidates },
    close() {
      session.close()
      supernet.dispose()
      recalibrationBatches.forEach(({ handle }) => {
        kernels.release(handle)
      })
    },
  }
}

function poseImages(
  noise: (length: number) => Float32Array,
  { inputHeight, inputWidth }: NetworkShape,
): ScoringSet {
  const joints = ['left shoulder', 'right shoulder', 'left hip', 'right hip']
  const crops = Array.from({ length: IMAGES }, (_, index) => ({
    sample: {
      ...{ id: String(index), imageKey: String(index), imageWidth: 32, imageHeight: 32, area: 900 },
      box: [0, 0, 32, 32] as const,
      keypoints: Float32Array.from([8, 8, 2, 24, 8, 2, 10, 24, 2, 22, 24, 2]),
    },
    input: noise(inputHeight * inputWidth * 3),
    toImage: [4, 0, 0, 0, 4, 0] as const,
  }))
  const skeleton = {
    joints,
    flipPairs: [[0, 1] as const, [2, 3] as const],
  }
  return createPoseScoring(
    keepAll(crops),
    { skeleton, network: { inputHeight, inputWidth } },
    {
      ...{ metric: 'pck', ignored: [], aspect: inputWidth / inputHeight, truth: null },
      skeleton: { ...skeleton, sigmas: skeleton.joints.map(() => 0.08) },
    },
  )
}

function labelImages(
  noise: (length: number) => Float32Array,
  { inputHeight, inputWidth }: NetworkShape,
): ScoringSet {
  const items = Array.from({ length: IMAGES }, (_, index) => {
    // Two stored sizes, so that chunks end early.
    const { width, height } = index < 4 ? { width: 40, height: 36 } : { width: 48, height: 32 }
    return {
      ...{ id: String(index), width, height },
      input: noise(inputHeight * inputWidth * 3),
      labels: Uint8Array.from({ length: width * height }, (_, pixel) => (pixel + index) % 4),
    }
  })
  return createSegmentationScoring(keepAll(items), {
    classes: ['a', 'b', 'c', 'd'],
    ignoreLabel: 255,
    network: { inputHeight, inputWidth },
  })
}

/** The same images, but what scorers get is kept: by scorer, then by chunk, then by input. */
function recording(images: ScoringSet): { images: ScoringSet; outputs: Float32Array[][] } {
  const outputs: Float32Array[][] = []
  const { passes } = images
  if (passes === undefined) {
    throw new Error('these images are scored in passes')
  }
  const openScorer = (options: ScoreOptions): Scorer => {
    const scorer = passes.openScorer(options)
    const own: Float32Array[] = []
    outputs.push(own)
    return {
      async add(kernels, values) {
        own.push(...values.map(({ handle }) => kernels.downloadSync(handle)))
        await scorer.add(kernels, values)
      },
      finish: () => scorer.finish(),
    }
  }
  return {
    outputs,
    images: {
      count: images.count,
      passes: { ...passes, openScorer },

      async score(kernels, forward, options) {
        const own: Float32Array[] = []
        outputs.push(own)
        return images.score(
          kernels,
          (input) => {
            const output = forward(input)
            own.push(...output.map(({ handle }) => kernels.downloadSync(handle)))
            return output
          },
          options,
        )
      },
    },
  }
}

async function evaluate(
  bench: ReturnType<typeof openBench>,
  changed: Partial<EvaluationOptions>,
  onSplit: (members: number) => void = () => undefined,
  candidates: readonly PlannedCandidate[] = bench.candidates,
) {
  const { images, outputs } = recording(bench.images)
  const scores = new Map<string, ScoreResult>()
  const failures: string[] = []
  const work = await evaluateCandidates(
    candidates,
    {
      ...{ ...bench, images, flipTest: true, batch: BATCH, sharedBytes: Number.MAX_SAFE_INTEGER },
      pause: () => Promise.resolve(),
      now: () => 0,
      ...changed,
    },
    {
      onScore({ candidate }, result) {
        scores.set(candidate.candidateId, result)
      },
      onFailure({ candidate }, thrown) {
        failures.push(`${candidate.candidateId}: ${String(thrown)}`)
      },
      onSplit,
    },
  )
  return { outputs, scores, failures, work }
}

/** Of a kept score the detections are gone. */
function numbersOf(scores: ReadonlyMap<string, ScoreResult>, id: string): unknown {
  const score = scores.get(id)
  return { accuracy: score?.accuracy, metrics: score?.metrics }
}

for (const { name, kernels } of await testBackends()) {
  describe.skipIf(kernels === null)(`shared evaluation on ${name}`, () => {
    const real = (): Kernels => {
      if (kernels === null) {
        throw new Error(`${name} is not there`)
      }
      return kernels
    }

    for (const task of ['pose', 'segmentation'] as const) {
      for (const flipTest of [true, false]) {
        it(`gives the bits of the plain one: ${task}, flip test ${flipTest ? 'on' : 'off'}`, async () => {
          const bench = openBench(real(), task)
          const before = real().liveTensors()
          const plain = await evaluate(bench, { sharedBytes: 0, flipTest })
          const reads = real().liveTensors() - before
          const shared = await evaluate(bench, { flipTest })
          expect(shared.outputs).toEqual(plain.outputs)
          expect(shared.scores).toEqual(plain.scores)
          expect(shared.scores.size).toBe(CANDIDATES)
          expect(shared.failures).toEqual([])
          expect(plain.work.macs).toBe(plain.work.separateMacs)
          expect(shared.work.macs).toBeLessThan(plain.work.macs / 1.5)
          // The parameters that the session has read stay, nothing else.
          expect(real().liveTensors() - before).toBe(reads)
          bench.close()
        })
      }
    }

    it('gives the same bits where the memory holds only some of the candidates together', async () => {
      const bench = openBench(real(), 'pose')
      const plain = await evaluate(bench, { sharedBytes: 0 })
      const peak = peakBytesPerImage(sharePlans(bench.candidates.map(({ plan }) => plan)))
      const tight = await evaluate(bench, { sharedBytes: (peak - 1) * BATCH * 2 })
      expect(tight.outputs).toEqual(plain.outputs)
      expect(tight.scores).toEqual(plain.scores)
      expect(tight.work.macs).toBeLessThan(plain.work.macs)
      bench.close()
    })

    for (const task of ['pose', 'segmentation'] as const) {
      it(`gives the same bits with values kept from one group to the next: ${task}`, async () => {
        const bench = openBench(real(), task)
        const plain = await evaluate(bench, { sharedBytes: 0 })
        const before = real().liveTensors()
        const alone = await evaluate(bench, {})
        const groups = [bench.candidates.slice(0, 4), bench.candidates.slice(3, 6), bench.candidates.slice(6)]
        // The peak of a group comes first; what is beyond it is for values that are kept.
        const peak = peakBytesPerImage(sharePlans(bench.candidates.map(({ plan }) => plan))) * BATCH * 2
        const executed: number[] = []
        for (const memory of [Number.MAX_SAFE_INTEGER, peak * 2, peak]) {
          const kept = new KeptValues(real())
          let macs = 0
          for (const group of groups) {
            const shared = await evaluate(bench, { kept, sharedBytes: memory }, undefined, group)
            macs += shared.work.macs
            for (const { candidate } of group) {
              expect(numbersOf(shared.scores, candidate.candidateId)).toEqual(
                numbersOf(plain.scores, candidate.candidateId),
              )
            }
            expect(shared.failures).toEqual([])
            expect(kept.bytes).toBeLessThanOrEqual(memory / 2)
          }
          executed.push(macs)
          // Scored once more, nothing is left to run.
          const again = await evaluate(bench, { kept, sharedBytes: memory })
          expect(again.work.macs).toBe(0)
          expect(again.scores.size).toBe(CANDIDATES)
          kept.clear()
          expect(real().liveTensors()).toBe(before)
        }
        const [much = 0, some = 0, little = 0] = executed
        expect(much).toBeGreaterThanOrEqual(alone.work.macs)
        expect(much).toBeLessThan(some)
        expect(some).toBeLessThan(little)
        bench.close()
      })
    }

    it('forgets what was kept when a group fails or is stopped, and gives the same bits afterwards', async () => {
      const breakable = breakableKernels(real())
      const bench = openBench(breakable.kernels, 'pose')
      const plain = await evaluate(bench, { sharedBytes: 0 })
      const before = real().liveTensors()
      const kept = new KeptValues(breakable.kernels)
      const [first, rest] = [bench.candidates.slice(0, 4), bench.candidates.slice(4)]
      for (const calls of [3, 250, 700]) {
        await evaluate(bench, { kept }, undefined, first)
        expect(real().liveTensors()).toBeGreaterThan(before)
        breakable.allow(calls)
        const after = await evaluate(
          bench,
          { kept },
          () => {
            expect(real().liveTensors()).toBe(before)
            breakable.allow(Number.POSITIVE_INFINITY)
          },
          rest,
        )
        expect(breakable.lastCall()).not.toBe('')
        for (const { candidate } of rest) {
          expect(after.scores.get(candidate.candidateId)).toEqual(plain.scores.get(candidate.candidateId))
        }
        expect(kept.bytes).toBe(0)
      }
      await evaluate(bench, { kept }, undefined, first)
      const stop = (): Promise<void> => Promise.reject(new EngineError('STOPPED', 'enough'))
      await expect(evaluate(bench, { kept, pause: stop }, undefined, rest)).rejects.toThrow('enough')
      expect(real().liveTensors()).toBe(before)
      bench.close()
    })

    it('scores one by one after memory ran out in a group, leaves nothing behind, and gives the same bits', async () => {
      const breakable = breakableKernels(real())
      const bench = openBench(breakable.kernels, 'pose')
      const plain = await evaluate(bench, { sharedBytes: 0 })
      const before = real().liveTensors()
      // In the recalibration, in the upload of the statistics, in a scoring pass.
      for (const calls of [3, 400, 2000]) {
        const splits: number[] = []
        breakable.allow(calls)
        const after = await evaluate(bench, {}, (members) => {
          splits.push(members)
          breakable.allow(Number.POSITIVE_INFINITY)
        })
        expect(splits).toEqual([CANDIDATES])
        expect(after.scores).toEqual(plain.scores)
        expect(after.outputs.slice(-CANDIDATES)).toEqual(plain.outputs)
        expect(real().liveTensors()).toBe(before)
      }
      bench.close()
    })

    it('reports a candidate that cannot be scored alone and goes on', async () => {
      const breakable = breakableKernels(real())
      const bench = openBench(breakable.kernels, 'pose')
      breakable.allow(0)
      const { failures, scores } = await evaluate(bench, {})
      expect(failures).toHaveLength(CANDIDATES)
      expect(scores.size).toBe(0)
      breakable.allow(Number.POSITIVE_INFINITY)
      bench.close()
    })

    it('ends with a picture that cannot be read: no candidate has failed, and with the picture back all are scored', async () => {
      const bench = openBench(real(), 'pose')
      for (const sharedBytes of [Number.MAX_SAFE_INTEGER, 0]) {
        // The session reads its parameters once.
        const { scores } = await evaluate(bench, { sharedBytes })
        const before = real().liveTensors()
        const verdicts: string[] = []
        const evaluateLost = evaluateCandidates(
          bench.candidates,
          {
            ...{ ...bench, images: losingPicture(bench.images), flipTest: true, batch: BATCH, sharedBytes },
            pause: () => Promise.resolve(),
            now: () => 0,
          },
          {
            onScore: () => void verdicts.push('scored'),
            onFailure: () => void verdicts.push('failed'),
            onSplit: () => void verdicts.push('split'),
          },
        )
        await expect(evaluateLost).rejects.toMatchObject({ code: 'DATASET', message: 'v105.jpg is gone' })
        expect(verdicts).toEqual([])
        expect(real().liveTensors()).toBe(before)
        expect((await evaluate(bench, { sharedBytes })).scores).toEqual(scores)
      }
      bench.close()
    })

    it('ends at the next pass when it is stopped', async () => {
      const bench = openBench(real(), 'pose')
      const before = real().liveTensors()
      let passes = 0
      const pause = (): Promise<void> => {
        passes += 1
        return passes < 5 ? Promise.resolve() : Promise.reject(new EngineError('STOPPED', 'enough'))
      }
      await expect(evaluate(bench, { pause })).rejects.toThrow('enough')
      bench.session.close()
      expect(real().liveTensors()).toBeLessThanOrEqual(before)
      bench.close()
    })
  })
}
