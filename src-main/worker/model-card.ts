import { EngineError } from '../contract/index.ts'
import type {
  CardOutput,
  ExportChecks,
  ExportJob,
  FineTuneScores,
  ModelCard,
  RunConfig,
  TaskKind,
} from '../contract/index.ts'
import { CHANNEL_DEVIATION, CHANNEL_MEAN } from '../datasets/warp.ts'
import { countCost, toGigaMacs } from '../nas/cost.ts'
import type { NetworkPlan } from '../nas/network-plan.types.ts'
import type { WeightMap } from '../supernet/weights.ts'
import type { RunContext } from './run-context.ts'

export interface WrittenNetwork {
  /** The whole plan, dead layers included: the official count. */
  readonly plan: NetworkPlan
  readonly weights: WeightMap
  readonly counters: number
  readonly file: string
  readonly deadLayersDropped: boolean
  readonly normsFolded?: boolean
  /** Null for inherited weights. */
  readonly fineTuning: FineTuneScores | null
}

export type CardJob = Pick<ExportJob, 'runId' | 'runName' | 'config' | 'candidate' | 'codeVersion'>

/** Gathers what is known of a candidate that was written. */
export function createModelCard(
  job: CardJob,
  run: RunContext,
  { plan, weights, counters, file, deadLayersDropped, normsFolded = false, fineTuning }: WrittenNetwork,
  checks: ExportChecks,
): ModelCard {
  const { config, dataset, task } = run
  const { name, format, fingerprint, splits, skeleton, classes, found, leftOut, warnings } = dataset.facts
  const cost = countCost(plan)
  const { inputHeight: height, inputWidth: width } = config.network
  return {
    format: 'scalenas-model-card',
    version: 1,
    task: config.task,
    metricName: task.metricName,
    origin: originOf(job),
    space: config.space,
    network: config.network,
    genotype: job.candidate.genotype,
    input: { height, width, channels: 3, colors: 'RGB', mean: CHANNEL_MEAN, deviation: CHANNEL_DEVIATION },
    ...describeOutputs(plan, config.task, skeleton?.joints ?? classes?.names ?? []),
    ...groupingOf(config),
    cost: { ...cost, gigaMacs: toGigaMacs(cost.macs) },
    weights: {
      file,
      layout: 'PyTorch state dict: convolutions O, I, kh, kw; float32',
      tensors: weights.size,
      values: [...weights.values()].reduce((sum, { values }) => sum + values.length, 0),
      counters,
      deadLayersDropped,
      ...(normsFolded && { normsFolded }),
      source: fineTuning === null ? 'inherited' : 'fine-tuned',
    },
    fineTuning,
    checks,
    dataset: { name, format, fingerprint, splits, skeleton, classes, found, leftOut, warnings },
  }
}

function originOf({ runId, runName, config, candidate, codeVersion }: CardJob): ModelCard['origin'] {
  return {
    runId,
    runName,
    preset: config.preset,
    seed: config.seed,
    candidateId: candidate.id,
    genotypeId: candidate.genotypeId,
    generation: candidate.generation,
    search: candidate.origin,
    codeVersion,
  }
}

function groupingOf({ task, bottomUp }: RunConfig): Pick<ModelCard, 'grouping'> {
  if (task !== 'bottom-up-pose' || bottomUp === undefined) {
    return {}
  }
  const { mostPersons, detectionThreshold, tagThreshold } = bottomUp
  return { grouping: { mostPersons, detectionThreshold, tagThreshold } }
}

const MEANINGS: Readonly<Record<TaskKind, readonly CardOutput['meaning'][]>> = {
  pose: ['heat maps'],
  segmentation: ['logits'],
  'bottom-up-pose': ['heat maps and tags', 'heat maps'],
}

function describeOutputs(
  plan: NetworkPlan,
  task: TaskKind,
  names: readonly string[],
): Pick<ModelCard, 'output' | 'furtherOutputs'> {
  const [output, ...further] = plan.outputs.map(({ channels, height, width }, i): CardOutput => {
    const meaning = MEANINGS[task][i]
    if (meaning === undefined) {
      throw new EngineError('INTERNAL', `A network for ${task} has ${plan.outputs.length} outputs.`)
    }
    return { meaning, channels, stride: plan.input.height / height, height, width, names }
  })
  if (output === undefined) {
    throw new EngineError('INTERNAL', 'The plan of an exported network has no output.')
  }
  return further.length === 0 ? { output } : { output, furtherOutputs: further }
}
