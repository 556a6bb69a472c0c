import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { EvaluateJob, Job, JobResults, TrainJob, WorkerReady } from '../../../src-main/contract/index.ts'
import { EngineError } from '../../../src-main/contract/index.ts'
import type { Executor, JobOptions } from '../../../src-main/engine/executors/executor.ts'
import { runStudy } from '../../../src-main/engine/studies/run-study.ts'
import type { StudyRequest } from '../../../src-main/engine/studies/run-study.ts'
import { createFusedGenotype } from '../../../src-main/engine/studies/study-members.ts'
import type { StudyReport } from '../../../src-main/engine/studies/study.types.ts'
import { hrnetGenotype, largestGenotype } from '../../../src-main/nas/named-genotypes.ts'
import { createRandom } from '../../../src-main/nas/random.ts'
import { validateGenotype } from '../../../src-main/nas/validate-genotype.ts'
import { createTemporaryFolder, PRESETS_FOLDER } from '../../support/engine-core.ts'
import { FAKE_DATASET, fakeAccuracy, fakeProtocol } from '../../support/fake-scores.ts'
import { ALL_SPACES } from '../nas/spaces.ts'

type Candidate = EvaluateJob['candidates'][number]
type Score = (candidate: Candidate, job: EvaluateJob) => number

/** A worker whose scores are known in advance, so that what a study finds is known too. */
class ScriptedExecutor implements Executor {
  readonly jobs: Job[] = []
  readonly #score: Score

  constructor(score: Score = fakeAccuracy) {
    this.#score = score
  }

  async runJob<J extends Job>(job: J, options: JobOptions): Promise<JobResults[J['kind']]> {
    await Promise.resolve()
    if (options.signal?.aborted === true) {
      throw new EngineError('STOPPED', 'Stopped on request.')
    }
    this.jobs.push(job)
    return this.#run(job, options) as JobResults[J['kind']]
  }

  trainings(): TrainJob[] {
    return this.jobs.filter((job) => job.kind === 'train')
  }

  evaluations(): EvaluateJob[] {
    return this.jobs.filter((job) => job.kind === 'evaluate')
  }

  probe(): Promise<WorkerReady> {
    return Promise.reject(new Error('studies do not probe'))
  }
  release(): Promise<void> {
    return Promise.resolve()
  }
  close(): Promise<void> {
    return Promise.resolve()
  }

  #run(job: Job, { onEvent }: JobOptions): JobResults[Job['kind']] {
    switch (job.kind) {
      case 'train':
        onEvent({ kind: 'progressed', jobId: '', done: 1, total: 1, note: '' })
        return { iterations: 1, finalLoss: 0 }
      case 'evaluate':
        for (const candidate of job.candidates) {
          const accuracy = this.#score(candidate, job)
          const { candidateId } = candidate
          onEvent(
            Number.isNaN(accuracy)
              ? {
                  ...{ kind: 'candidate-failed', jobId: '', candidateId },
                  error: { code: 'NUMERIC', message: 'The score is NaN.', details: [] },
                }
              : {
                  ...{ kind: 'candidate-evaluated', jobId: '', candidateId, accuracy },
                  ...{ metrics: {}, protocol: fakeProtocol(job.split), milliseconds: 1 },
                },
          )
        }
        return { evaluated: job.candidates.length, macs: 1, separateMacs: 1 }
      case 'inspect-dataset':
        return { dataset: { ...FAKE_DATASET, format: 'coco', path: job.path } }
      default:
        throw new Error(`studies have no ${job.kind} job`)
    }
  }
}

const REQUEST: StudyRequest = {
  ...{ study: 'sampling', seeds: [1, 2], budget: 'tiny', rival: 'uniform', preset: null },
  ...{ datasetFolder: null, overrides: {}, command: 'npx scalenas study' },
}

let data: ReturnType<typeof createTemporaryFolder>
beforeEach(() => {
  data = createTemporaryFolder()
})
afterEach(() => {
  data.remove()
})

function study(
  executor: ScriptedExecutor,
  changed: Partial<StudyRequest>,
  signal = new AbortController().signal,
): Promise<StudyReport> {
  return runStudy(
    { ...REQUEST, ...changed },
    {
      ...{ executor, signal, dataFolder: data.folder, presetsFolder: PRESETS_FOLDER, codeVersion: '1' },
      ...{ onProgress: () => undefined, now: () => 0 },
    },
  )
}

function find(report: StudyReport, measure: string, group: string, seed: number | null) {
  const found = report.findings.filter(
    (finding) => finding.measure === measure && finding.group === group && finding.seed === seed,
  )
  expect(found, `${measure} / ${group} / ${String(seed)}`).toHaveLength(1)
  return found[0]
}

/** Thousands of resamples and draws: a second here, several where other work shares the cores. */
const SLOW = { timeout: 60_000 }

describe('the sampling study', SLOW, () => {
  const GAIN = 0.05
  const byMode: Score = (candidate, { config }) =>
    fakeAccuracy(candidate) + (config.supernet.sampling === 'grouped' ? GAIN : 0)

  it('trains both super-networks of a seed from one teacher and finds the gain that is there', async () => {
    const executor = new ScriptedExecutor(byMode)
    const report = await study(executor, { study: 'sampling' })
    const trainings = executor.trainings().map(({ phase, config, teacherFolder, runFolder }) => ({
      ...{ phase, seed: config.seed, sampling: config.supernet.sampling, teacherFolder, runFolder },
    }))
    expect(trainings.map(({ phase, seed }) => [phase, seed])).toEqual(
      [1, 2].flatMap((seed) => ['teacher', 'supernet', 'teacher', 'supernet'].map((phase) => [phase, seed])),
    )
    const first = trainings.slice(0, 4)
    expect(first.map(({ sampling }) => sampling)).toEqual(['grouped', 'grouped', 'uniform', 'uniform'])
    expect(new Set([0, 2].map((index) => first[index]?.runFolder)).size).toBe(1)
    expect([first[1]?.teacherFolder, first[3]?.teacherFolder]).toEqual([
      first[0]?.runFolder,
      first[0]?.runFolder,
    ])
    expect(first[1]?.runFolder).not.toBe(first[3]?.runFolder)

    for (const group of ['cheapest third', 'middle third', 'dearest third', 'all']) {
      const gain = find(report, 'mean accuracy, grouped - uniform', group, null)
      // Sums of doubles near 1.
      expect(gain?.value).toBeCloseTo(GAIN, 12)
      expect(gain?.interval?.low).toBeCloseTo(GAIN, 12)
      expect(gain?.samples).toBe(group === 'all' ? 30 : 10)
    }
    const better = find(report, 'hypervolume, grouped', '', 1)?.value ?? 0
    expect(better).toBeGreaterThan(find(report, 'hypervolume, uniform', '', 1)?.value ?? 1)
  })

  it('scores the same genotypes under every network, whatever the seeds', async () => {
    const idsOf = async (seeds: readonly number[]): Promise<string[]> => {
      const { scores } = await study(new ScriptedExecutor(), { seeds })
      return scores
        .filter(({ network, seed }) => network === 'uniform' && seed === seeds[0])
        .map((s) => s.genotypeId)
    }
    const ids = await idsOf([1])
    expect(new Set(ids).size).toBe(30)
    expect(await idsOf([9, 4])).toEqual(ids)
  })

  it('keeps trained networks apart by what decides their weights alone', async () => {
    const foldersOf = async (overrides: StudyRequest['overrides']): Promise<string[]> => {
      const executor = new ScriptedExecutor()
      await study(executor, { seeds: [1], overrides })
      return executor.trainings().map(({ runFolder }) => runFolder)
    }
    const folders = await foldersOf({})
    expect(await foldersOf({ 'search.recalibrationBatches': 3, 'dataset.searchLimit': 20 })).toEqual(folders)
    expect(await foldersOf({ 'teacher.epochs': 5 })).not.toEqual(folders)
  })
})

describe('the rank study', () => {
  it.each([
    { sign: 1, what: 'agree' },
    { sign: -1, what: 'are opposite' },
  ])('finds that rankings $what', async ({ sign }) => {
    const executor = new ScriptedExecutor((candidate, { runFolder }) =>
      runFolder.includes('alone') ? 0.5 + sign * 0.5 * fakeAccuracy(candidate) : fakeAccuracy(candidate),
    )
    const report = await study(executor, { study: 'rank', seeds: [3, 4] })
    for (const seed of [3, 4, null]) {
      expect(find(report, 'tau, inherited and alone', 'all', seed)?.value).toBeCloseTo(sign, 12)
      expect(find(report, 'tau, inherited and alone', 'within fifths of cost', seed)?.value).toBeCloseTo(
        sign,
        12,
      )
    }
    expect(find(report, 'tau, alone and alone with the next seed', 'all', null)?.value).toBeCloseTo(1, 12)
  })

  it('trains each member alone by the schedule of the teacher, without a teacher', async () => {
    const executor = new ScriptedExecutor()
    const { counts, config } = await study(executor, { study: 'rank', seeds: [3] })
    const alone = executor.trainings().filter(({ subnet }) => subnet !== undefined)
    expect(alone).toHaveLength(counts.rank)
    expect(new Set(alone.map(({ runFolder }) => runFolder)).size).toBe(counts.rank)
    for (const job of alone) {
      expect(job.config.supernet).toMatchObject({ ...config.teacher, distillationWeight: 0 })
    }
  })
})

describe('the fusion study', () => {
  it('finds what each fusion is worth, at the same depths and at equal cost', async () => {
    const WORTH = 0.001
    const countFusions = ({ genotype }: Candidate): number =>
      genotype.stages
        .flatMap(({ modules }) => modules)
        .reduce(
          (sum, { fusion, branches }) =>
            sum + fusion.flat(2).filter((bit) => bit === 1).length - fusion.length * branches,
          0,
        )
    const report = await study(new ScriptedExecutor((candidate) => WORTH * countFusions(candidate)), {
      ...{ study: 'fusion', seeds: [1] },
    })
    const half = find(report, 'accuracy at the same depths, minus p=0', 'p=0.5', 1)
    const all = find(report, 'accuracy at the same depths, minus p=0', 'p=1', 1)
    expect(half?.samples).toBe(8)
    expect(half?.value).toBeGreaterThan(0)
    // Half of the coins fall on either side: 24 draws of some ten coins each stay within a quarter of the half.
    expect((half?.value ?? 0) / (all?.value ?? 0)).toBeGreaterThan(0.375)
    expect((half?.value ?? 0) / (all?.value ?? 0)).toBeLessThan(0.625)
    const none = find(report, 'mean accuracy', 'p=0', 1)
    const most = find(report, 'mean accuracy', 'p=1', 1)
    expect((most?.value ?? 0) - (none?.value ?? 0)).toBeCloseTo(all?.value ?? 0, 12)
    expect(
      find(report, 'accuracy of p=0.5 at equal cost, minus the hrnet pattern', '', 1)?.samples,
    ).toBeGreaterThan(2)
  })

  it('draws valid members between the pattern of HRNet and all fusions', () => {
    const random = createRandom(5, 'fused')
    for (const space of ALL_SPACES) {
      const depthsOf = (depth: number) =>
        space.modules.map(({ branches }) => new Array<number>(branches).fill(depth))
      const hrnetDepth = space.depthChoices.at(-2) ?? space.maxDepth
      expect(createFusedGenotype(space, depthsOf(hrnetDepth), 0, random)).toEqual(hrnetGenotype(space))
      expect(createFusedGenotype(space, depthsOf(space.maxDepth), 1, random)).toEqual(largestGenotype(space))
      const mixed = space.modules.map(({ branches }) =>
        Array.from({ length: branches }, () => random.choice(space.depthChoices)),
      )
      const genotype = createFusedGenotype(space, mixed, 0.5, random)
      expect(validateGenotype(space, { stages: [genotype] })).toEqual({ ok: true, genotype, warnings: [] })
    }
  })
})

describe('the evolution study', () => {
  it('lets both ways go on from one start with as many candidates, and scores no genotype twice', async () => {
    const executor = new ScriptedExecutor()
    const report = await study(executor, { study: 'evolution', seeds: [1, 2, 3] })
    const scored = executor
      .evaluations()
      .flatMap(({ candidates }) => candidates.map(({ genotypeId }) => genotypeId))
    expect(new Set(scored).size).toBe(scored.length)
    expect(executor.trainings().map(({ phase }) => phase)).toEqual(['teacher', 'supernet'])
    for (const seed of [1, 2, 3]) {
      const [evolution, random] = ['evolution', 'random'].map((way) =>
        report.findings.filter((row) => row.seed === seed && row.measure === `hypervolume, ${way}`),
      )
      expect(evolution?.map(({ samples }) => samples)).toEqual(random?.map(({ samples }) => samples))
      expect(evolution?.map(({ samples }) => samples)[0]).toBe(20)
      expect(evolution).toHaveLength(5)
      expect(evolution?.[0]?.value).toBe(random?.[0]?.value)
      for (const curve of [evolution, random].map((rows) => rows?.map(({ value }) => value ?? 0))) {
        expect(curve).toEqual(curve?.toSorted((a, b) => a - b))
        expect(curve?.at(-1)).toBeGreaterThan(curve?.[0] ?? 1)
      }
    }
    expect(find(report, 'final hypervolume, evolution - random', '', null)?.samples).toBe(3)
  })

  it('refuses a space that has too few members for equal budgets', async () => {
    const overrides = { 'space.layout': [[2, 1]], 'space.depthChoices': [1, 2], 'search.perGeneration': 100 }
    await expect(study(new ScriptedExecutor(), { study: 'evolution', overrides })).rejects.toMatchObject({
      code: 'BAD_REQUEST',
    })
  })
})

describe('the recalibration study', () => {
  it('finds the gap and that the ranking stays', async () => {
    const executor = new ScriptedExecutor(
      (candidate, { recalibrates }) => fakeAccuracy(candidate) - (recalibrates === false ? 0.1 : 0),
    )
    const report = await study(executor, { study: 'recalibration', seeds: [1] })
    expect(find(report, 'mean accuracy, recalibrated - running', '', 1)?.value).toBeCloseTo(0.1, 12)
    expect(find(report, 'tau, recalibrated and running', '', 1)?.value).toBeCloseTo(1, 12)
    expect(report.scores).toHaveLength(30)
  })
})

describe('any study', SLOW, () => {
  it('ends with the error of a member that cannot be scored, and with STOPPED when asked to stop', async () => {
    const failing = new ScriptedExecutor(() => Number.NaN)
    await expect(study(failing, { study: 'recalibration' })).rejects.toMatchObject({ code: 'NUMERIC' })
    const stopped = AbortSignal.abort()
    await expect(study(new ScriptedExecutor(), {}, stopped)).rejects.toMatchObject({ code: 'STOPPED' })
  })

  it('takes a real dataset and refuses a preset of another task', async () => {
    const executor = new ScriptedExecutor()
    const { config } = await study(executor, { seeds: [1], datasetFolder: '/people' })
    expect(config.dataset).toMatchObject({ source: 'coco', path: '/people' })
    await expect(
      study(new ScriptedExecutor(), { datasetFolder: '/people', preset: 'micro-seg' }),
    ).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  })

  it('trains a third as long on the tiny budget, unless told otherwise', async () => {
    const preset = JSON.parse(readFileSync(`${PRESETS_FOLDER}/micro-pose.json`, 'utf8')) as {
      config: StudyReport['config']
    }
    const executor = new ScriptedExecutor()
    const { config } = await study(executor, { seeds: [1], overrides: { 'teacher.epochs': 2 } })
    expect(config.teacher.epochs).toBe(2)
    expect(config.supernet.epochs).toBe(Math.round(preset.config.supernet.epochs / 3))
  })
})
