import { availableParallelism } from 'node:os'
import { EngineError } from '../contract/index.ts'
import type { ComputeConfig, ForwardJob, JobResults, PredictFilesJob } from '../contract/index.ts'
import type { JobEvent } from '../engine/executors/executor.ts'
import { LocalExecutor } from '../engine/executors/local-executor.ts'
import { genotypeId, toGenotypeJson } from '../nas/genotype.ts'
import type { NetworkShape } from '../nas/network-plan.types.ts'
import { describeProblems } from '../nas/validate-genotype.ts'
import { flag, integer, oneOf, text } from './command-line.ts'
import type { CommandArgs, CommandContext } from './command-line.ts'
import { findSubject } from './inspect-subject.ts'

/** What `forward` and `predict` share: a network of files and options, and a worker of its own that runs it without a run. */

export const UP_FUSIONS = ['nearest', 'bilinear'] as const satisfies readonly ForwardJob['upFusion'][]
export const LARGEST_COUNT = 4096
/** More threads than this slow one image down. */
const MOST_THREADS = 8

type FileJob = ForwardJob | PredictFilesJob

export interface FileNetwork {
  /** The weights say the width; what is given of the outputs is checked against them. */
  readonly network: Pick<ForwardJob, 'task' | 'space' | 'genotype' | 'outputs' | 'hasHrnetNames' | 'upFusion'>
  readonly shape: NetworkShape
  readonly id: string
}

/** @throws EngineError BAD_REQUEST naming the option that is missing or does not fit. */
export async function readFileNetwork(args: CommandArgs, context: CommandContext): Promise<FileNetwork> {
  if (text(args, 'genotype') === undefined) {
    throw new EngineError('BAD_REQUEST', '--genotype is missing.')
  }
  const { space, shape, validation } = await findSubject(args, context)
  if (!validation.ok) {
    throw new EngineError('BAD_REQUEST', describeProblems(validation.problems))
  }
  const range = { min: 1, max: LARGEST_COUNT }
  const network = {
    task: shape.task,
    space: {
      layout: space.stages.map(({ branches, modules }): [number, number] => [branches, modules]),
      depthChoices: [...space.depthChoices],
      evolveLastModule: space.evolveLastModule,
    },
    genotype: toGenotypeJson(space, shape.baseWidth, validation.genotype),
    outputs: integer(args, shape.task === 'segmentation' ? 'classes' : 'joints', range) ?? null,
    hasHrnetNames: flag(args, 'hrnet-names'),
    upFusion: oneOf(UP_FUSIONS, args, 'up-fusion'),
  }
  return { network, shape, id: genotypeId(validation.genotype) }
}

export async function runFileJob<J extends FileJob>(
  job: J,
  options: {
    readonly lane: string
    readonly backend: ComputeConfig['backend']
    readonly onEvent?: (event: JobEvent) => void
  },
  { parts, interrupted }: CommandContext,
): Promise<JobResults[J['kind']]> {
  const executor = new LocalExecutor({ workerEntry: parts.workerEntry })
  try {
    return await executor.runJob(job, {
      onEvent: () => undefined,
      ...options,
      threads: Math.min(availableParallelism(), MOST_THREADS),
      logFolder: null,
      signal: interrupted,
    })
  } finally {
    await executor.close()
  }
}
