import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { singleOutput } from '../../../src-main/compute/network-ops.ts'
import type { Value } from '../../../src-main/compute/network-ops.ts'
import type { EvaluateJob, Protocol, TrainJob } from '../../../src-main/contract/index.ts'
import { createWasmKernels } from '../../../src-main/compute/wasm/wasm-kernels.ts'
import { freezeConfig } from '../../../src-main/engine/configure/freeze-config.ts'
import { createSearchSetup } from '../../../src-main/engine/configure/search-setup.ts'
import { genotypeId, toGenotypeJson } from '../../../src-main/nas/genotype.ts'
import { hrnetGenotype, smallestGenotype } from '../../../src-main/nas/named-genotypes.ts'
import { planNetwork, planParameters, supernetParameters } from '../../../src-main/nas/network-plan.ts'
import { initialWeights } from '../../../src-main/supernet/initialise.ts'
import { withRecalibrated } from '../../../src-main/training/score-subnet.ts'
import { listCheckpoints, readCheckpoint } from '../../../src-main/worker/checkpoint-files.ts'
import { JobRunner } from '../../../src-main/worker/run-job.ts'
import { decodeWeights } from '../../../src-main/training/checkpoint.ts'
import { createTemporaryFolder, readPresets } from '../../support/engine-core.ts'
import { symmetric } from '../../support/formula-weights.ts'
import { smallSupernet } from '../../support/small-supernet.ts'

const kernels = await createWasmKernels()
const JOINTS = 14
const config = freezeConfig(await readPresets(), {
  preset: 'micro-pose',
  overrides: {
    ...{ 'dataset.drawn.train': 16, 'dataset.drawn.search': 8, 'dataset.drawn.report': 8 },
    ...{ 'teacher.epochs': 2, 'teacher.batch': 8, 'supernet.epochs': 3, 'supernet.batch': 8 },
    ...{ 'search.recalibrationBatches': 1, 'search.recalibrationBatchSize': 8 },
  },
})
const { space, shape } = createSearchSetup(config, JOINTS)
const ITERATIONS = 6

let folder: ReturnType<typeof createTemporaryFolder>
let runner: JobRunner
beforeEach(() => {
  folder = createTemporaryFolder()
  runner = new JobRunner({
    backend: { kernels, refused: [] },
    loaderThreadUrl: new URL('../../../src-main/datasets/loader-thread.ts', import.meta.url),
    threads: 1,
  })
})
afterEach(() => {
  folder.remove()
})

const jobIn = (name: string) => ({
  ...{ runId: 'study', config, attempt: 1, cacheFolder: join(folder.folder, 'cache') },
  runFolder: join(folder.folder, name),
})
const jsonOf = (genotype: Parameters<typeof genotypeId>[0]) =>
  toGenotypeJson(space, config.network.baseWidth, genotype)

async function train(name: string, job: Pick<TrainJob, 'phase' | 'subnet' | 'teacherFolder'>) {
  await runner.run(
    { ...jobIn(name), kind: 'train', ...job },
    { emit: () => undefined, log: () => undefined, isStopping: () => false },
  )
}

async function evaluate(name: string, changed: Partial<EvaluateJob>) {
  const protocols: Protocol[] = []
  const genotype = smallestGenotype(space)
  const candidate = { candidateId: 'c', genotypeId: genotypeId(genotype), genotype: jsonOf(genotype) }
  await runner.run(
    { ...jobIn(name), kind: 'evaluate', split: 'search', candidates: [candidate], ...changed },
    {
      emit: (event) => {
        if (event.kind === 'candidate-evaluated') {
          protocols.push(event.protocol)
        }
      },
      log: () => undefined,
      isStopping: () => false,
    },
  )
  return protocols[0]
}

describe('jobs of a study', () => {
  it('train one member alone from fresh weights and leave every other weight as it was', async () => {
    const member = smallestGenotype(space)
    await train('alone', { phase: 'supernet', subnet: jsonOf(member) })
    const [checkpoint] = listCheckpoints(jobIn('alone').runFolder, 'supernet')
    expect(checkpoint?.iteration).toBe(ITERATIONS)
    const trained =
      checkpoint === undefined ? new Map() : decodeWeights(readCheckpoint(checkpoint.weightsFile)).weights
    const own = new Set(planParameters(planNetwork(space, shape, member)).map(({ name }) => name))
    const specs = supernetParameters(space, shape)
    const fresh = initialWeights(specs, shape, config.seed)
    const moved = specs
      .map(({ name }) => name)
      .filter((name) => JSON.stringify(trained.get(name)) !== JSON.stringify(fresh.get(name)))
    expect(moved.filter((name) => !own.has(name))).toEqual([])
    expect([...own].filter((name) => name.endsWith('weight') && !moved.includes(name))).toEqual([])
  }, 60_000)

  it('start a super-network from the teacher of another folder', async () => {
    await expect(train('student', { phase: 'supernet' })).rejects.toMatchObject({ code: 'CHECKPOINT' })
    await train('teacher', { phase: 'teacher' })
    await train('student', { phase: 'supernet', teacherFolder: jobIn('teacher').runFolder })
    const filesOf = (name: string) => readdirSync(join(jobIn(name).runFolder, 'checkpoints'))
    expect(filesOf('teacher').every((file) => file.startsWith('teacher-'))).toBe(true)
    expect(filesOf('student').every((file) => file.startsWith('supernet-'))).toBe(true)
  }, 60_000)

  it('say in the protocol that nothing was recalibrated', async () => {
    await train('alone', { phase: 'supernet', subnet: jsonOf(hrnetGenotype(space)) })
    const recalibrated = await evaluate('alone', {})
    const running = await evaluate('alone', { recalibrates: false })
    expect(recalibrated?.recalibrationImages).toBe(8)
    expect(running).toEqual({ ...recalibrated, recalibrationImages: 0 })
  }, 60_000)
})

describe('withRecalibrated without batches', () => {
  it('is the forward pass with the running statistics', async () => {
    const { supernet, plan } = smallSupernet(kernels)
    const session = supernet.openEvaluation()
    const input = {
      shape: [1, 32, 32, 3],
      handle: kernels.upload(symmetric(1, 'input', 3072, 1), [1, 32, 32, 3]),
    }
    const take = (outputs: readonly Value[]): Float32Array => {
      const { handle } = singleOutput(outputs)
      const values = kernels.downloadSync(handle)
      kernels.release(handle)
      return values
    }
    // The session packs its weights at the first pass and keeps them.
    const expected = take(session.forward(plan, input).outputs)
    const before = kernels.liveTensors()
    const options = { supernet, session, plan }
    const running = await withRecalibrated({ ...options, recalibrationBatches: [] }, (forward) =>
      Promise.resolve(take(forward(input))),
    )
    const measured = await withRecalibrated({ ...options, recalibrationBatches: [input] }, (forward) =>
      Promise.resolve(take(forward(input))),
    )
    expect(running).toEqual(expected)
    expect(measured).not.toEqual(running)
    expect(kernels.liveTensors()).toBe(before)
    kernels.release(input.handle)
    session.close()
    supernet.dispose()
  })
})
