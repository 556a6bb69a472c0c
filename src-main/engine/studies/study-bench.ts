import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { EngineError, fromErrorInfo } from '../../contract/index.ts'
import type { EvaluateJob, Protocol, RunConfig, SupernetConfig, TrainJob } from '../../contract/index.ts'
import type { Genotype } from '../../nas/genotype.ts'
import { toGenotypeJson } from '../../nas/genotype.ts'
import { shareByFormula } from '../calibration/core-shares.ts'
import { readMachine } from '../calibration/machine-facts.ts'
import type { SearchSetup } from '../configure/search-setup.ts'
import type { Executor, JobEvent } from '../executors/executor.ts'
import { MAIN_LANE } from '../pipeline/run-context.ts'
import { laneNames, runSideBySide } from '../search/run-search.ts'
import { protocolKey } from '../search/protocol.ts'
import type { StudyScore } from './study.types.ts'

/** A genotype of a study with what is known before it is scored. */
export interface StudyMember {
  readonly id: string
  readonly genotype: Genotype
  readonly label: string
  readonly macs: number
}

/** Trained weights that members can be scored with. */
export interface StudyNetwork {
  readonly name: string
  readonly seed: number
  readonly folder: string
  readonly config: RunConfig
}

export interface StudyProgress {
  /** 'teacher, seed 1'. */
  readonly part: string
  readonly done: number
  readonly total: number
}

export interface StudyBenchOptions {
  readonly executor: Executor
  /** The configuration without the seed's say: each training sets its own. */
  readonly config: RunConfig
  readonly setup: SearchSetup
  /** Trained networks are kept below it, so that a study goes on where it was stopped and studies share them. */
  readonly studiesFolder: string
  readonly cacheFolder: string
  readonly codeVersion: string
  readonly signal: AbortSignal
  readonly onProgress: (progress: StudyProgress) => void
}

export interface ScoreOptions {
  /** Name of the scores in the report; default: that of the network. */
  readonly name?: string
  /** Default true. */
  readonly recalibrates?: boolean
}

/** Trains and scores for a study, by the jobs that runs use. */
export interface StudyBench {
  readonly config: RunConfig
  readonly setup: SearchSetup
  /** The super-network of a seed, from that seed's teacher: every sampling starts from the same one. */
  trainSupernet(seed: number, sampling: SupernetConfig['sampling']): Promise<StudyNetwork>
  /** One member alone: fresh weights, the teacher's schedule, no distillation. */
  trainAlone(seed: number, member: StudyMember): Promise<StudyNetwork>
  /** @returns one score for each member, in their order. @throws EngineError of the first member that cannot be scored. */
  score(
    network: StudyNetwork,
    members: readonly StudyMember[],
    options?: ScoreOptions,
  ): Promise<readonly StudyScore[]>
  /** Every way in which scores were measured so far. */
  protocols(): readonly Protocol[]
}

export function createStudyBench(options: StudyBenchOptions): StudyBench {
  const root = join(options.studiesFolder, networkKey(options.config, options.codeVersion))
  const protocols = new Map<string, Protocol>()
  const trainer = { options, root }
  return {
    config: options.config,
    setup: options.setup,
    trainSupernet: (seed, sampling) => trainSupernet(trainer, seed, sampling),
    trainAlone: (seed, member) => trainAlone(trainer, seed, member),
    score: (network, members, asked = {}) =>
      scoreMembers(options, { network, members, ...asked }, (protocol) => {
        protocols.set(protocolKey(protocol), protocol)
      }),
    protocols: () => [...protocols.values()],
  }
}

/** Equal for configurations whose trained networks are equal: the search and the number of scored images do not go in. */
function networkKey(config: RunConfig, codeVersion: string): string {
  const { task, dataset, space, network, teacher, supernet, pose, segmentation, compute } = config
  const { source, path, drawn, searchFraction } = dataset
  const trained = { task, source, path, drawn, searchFraction, space, network, teacher, pose, segmentation }
  const text = JSON.stringify([trained, { ...supernet, sampling: '' }, compute.backend, codeVersion])
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}

interface Trainer {
  readonly options: StudyBenchOptions
  readonly root: string
}

async function trainSupernet(
  trainer: Trainer,
  seed: number,
  sampling: SupernetConfig['sampling'],
): Promise<StudyNetwork> {
  const { config: base } = trainer.options
  const config: RunConfig = { ...base, seed, supernet: { ...base.supernet, sampling } }
  const teacherFolder = join(trainer.root, `seed-${String(seed)}`, 'teacher')
  await train(trainer, `teacher, seed ${String(seed)}`, {
    ...jobOf(trainer.options, config, teacherFolder),
    kind: 'train',
    phase: 'teacher',
  })
  const folder = join(trainer.root, `seed-${String(seed)}`, sampling)
  await train(trainer, `${sampling} super-network, seed ${String(seed)}`, {
    ...jobOf(trainer.options, config, folder),
    kind: 'train',
    phase: 'supernet',
    teacherFolder,
  })
  return { name: sampling, seed, folder, config }
}

async function trainAlone(trainer: Trainer, seed: number, member: StudyMember): Promise<StudyNetwork> {
  const { config: base, setup } = trainer.options
  const config: RunConfig = {
    ...base,
    seed,
    supernet: { ...base.supernet, ...base.teacher, distillationWeight: 0, distillationWeightEnd: 0 },
  }
  const folder = join(trainer.root, `seed-${String(seed)}`, 'alone', member.id)
  await train(trainer, `${member.id} alone, seed ${String(seed)}`, {
    ...jobOf(trainer.options, config, folder),
    kind: 'train',
    phase: 'supernet',
    subnet: toGenotypeJson(setup.space, config.network.baseWidth, member.genotype),
  })
  return { name: 'alone', seed, folder, config }
}

async function train({ options }: Trainer, part: string, job: TrainJob): Promise<void> {
  const { executor, signal } = options
  const { trainThreads, loaderThreads } = shareByFormula(job.config, readMachine().cores)
  await executor.runJob(
    { ...job, loaderThreads },
    {
      lane: MAIN_LANE,
      threads: trainThreads,
      cores: trainThreads + loaderThreads,
      backend: job.config.compute.backend,
      logFolder: join(job.runFolder, 'logs'),
      signal,
      onEvent: (event) => {
        if (event.kind === 'progressed') {
          options.onProgress({ part, done: event.done, total: event.total })
        }
      },
    },
  )
}

interface Scoring extends ScoreOptions {
  readonly network: StudyNetwork
  readonly members: readonly StudyMember[]
}

/** Several workers side by side, each with its share of the members. */
async function scoreMembers(
  options: StudyBenchOptions,
  scoring: Scoring,
  onProtocol: (protocol: Protocol) => void,
): Promise<readonly StudyScore[]> {
  const { network, members } = scoring
  const accuracies = new Map<string, number>()
  const { searchWorkers } = shareByFormula(network.config, readMachine().cores)
  const lanes = laneNames(Math.min(searchWorkers, members.length))
  const part = `scoring ${scoring.name ?? network.name}, seed ${String(network.seed)}`
  const onEvent = (event: JobEvent): void => {
    if (event.kind === 'candidate-failed') {
      throw fromErrorInfo(event.error)
    }
    if (event.kind === 'candidate-evaluated') {
      accuracies.set(event.candidateId, event.accuracy)
      onProtocol(event.protocol)
      options.onProgress({ part, done: accuracies.size, total: members.length })
    }
  }
  await runSideBySide(options, lanes, async (lane, signal) => {
    const share = members.filter((_, index) => index % lanes.length === lanes.indexOf(lane))
    await options.executor.runJob(evaluateJobOf(options, scoring, share), {
      lane,
      threads: 1,
      cores: readMachine().cores / lanes.length,
      backend: network.config.compute.backend,
      logFolder: join(network.folder, 'logs'),
      signal,
      onEvent,
    })
  })
  return members.map(({ id, label, macs }) => {
    const accuracy = accuracies.get(id)
    if (accuracy === undefined) {
      throw new EngineError('INTERNAL', `The worker ended its job without a verdict on ${id}.`)
    }
    return {
      network: scoring.name ?? network.name,
      seed: network.seed,
      label,
      genotypeId: id,
      macs,
      accuracy,
    }
  })
}

function evaluateJobOf(
  options: StudyBenchOptions,
  { network, recalibrates = true }: Scoring,
  members: readonly StudyMember[],
): EvaluateJob {
  const { space } = options.setup
  return {
    ...jobOf(options, network.config, network.folder),
    kind: 'evaluate',
    split: 'search',
    recalibrates,
    candidates: members.map(({ id, genotype }) => ({
      candidateId: id,
      genotypeId: id,
      genotype: toGenotypeJson(space, network.config.network.baseWidth, genotype),
    })),
  }
}

function jobOf({ cacheFolder }: StudyBenchOptions, config: RunConfig, runFolder: string) {
  return { runId: 'study', config, runFolder, cacheFolder, attempt: 1 }
}
