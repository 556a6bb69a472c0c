import type { DatasetFacts, GenotypeJson, RunConfig } from '../../src-main/contract/index.ts'
import { fromGenotypeJson } from '../../src-main/nas/genotype.ts'
import { planNetwork } from '../../src-main/nas/network-plan.ts'
import type { PlanNode } from '../../src-main/nas/network-plan.types.ts'
import { spaceOfConfig } from './config-space.ts'

export interface CostShare {
  readonly label: string
  /** Of all multiply-adds, 0..1. */
  readonly share: number
  readonly color: string
}

/** Outputs of a network before its dataset is known: joints or classes of the drawn data. */
const DEFAULT_OUTPUTS = { pose: 14, 'bottom-up-pose': 14, segmentation: 11 } as const

/**
 * Where a candidate's multiply-adds go: stem and stage 1, the blocks of each branch, fusions, head. Read from the network plan, so
 * the parts add up to the cost that was counted.
 */
export function costShares(
  config: RunConfig,
  genotype: GenotypeJson,
  dataset: DatasetFacts | null,
): readonly CostShare[] {
  const space = spaceOfConfig(config)
  if (space === null) {
    return []
  }
  const outputs =
    dataset?.skeleton?.joints.length ?? dataset?.classes?.names.length ?? DEFAULT_OUTPUTS[config.task]
  const shape = { task: config.task, ...config.network, outputs }
  const plan = planNetwork(space, shape, fromGenotypeJson(space, genotype))
  const macsOf = new Map<string, number>()
  let total = 0
  for (const node of plan.nodes) {
    const macs = nodeMacs(node)
    macsOf.set(partOf(node), (macsOf.get(partOf(node)) ?? 0) + macs)
    total += macs
  }
  return [...macsOf]
    .filter(([, macs]) => macs > 0)
    .toSorted(([a], [b]) => ORDER.indexOf(a) - ORDER.indexOf(b))
    .map(([part, macs]) => ({ label: part, share: macs / total, color: COLORS[part] ?? 'var(--fg-3)' }))
}

const ORDER = ['stem', '1/4', '1/8', '1/16', '1/32', 'fusions', 'head']
const COLORS: Readonly<Record<string, string>> = {
  stem: 'var(--branch-stem)',
  '1/4': 'var(--branch-0)',
  '1/8': 'var(--branch-1)',
  '1/16': 'var(--branch-2)',
  '1/32': 'var(--branch-3)',
  fusions: 'var(--fg-3)',
  head: 'var(--line-strong)',
}

function partOf({ location }: PlanNode): string {
  if (location.role === 'fusion' || location.role === 'merge') {
    return 'fusions'
  }
  switch (location.part) {
    case 'stem':
    case 'layer1':
      return 'stem'
    case 'head':
      return 'head'
    case 'transition':
    case 'stage':
      return `1/${(4 << location.branch).toString()}`
  }
}

function nodeMacs(node: PlanNode): number {
  return node.kind === 'conv' || node.kind === 'deconv'
    ? node.height * node.width * node.channels * node.inChannels * node.kernel ** 2
    : 0
}
