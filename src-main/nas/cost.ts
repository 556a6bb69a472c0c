import { liveNodes } from './live-nodes.ts'
import type { NetworkPlan, PlanLocation, PlanNode } from './network-plan.types.ts'

/** Exact integers (below 2^53) for one input image; method.md part 4. */
export interface Cost {
  /** Trainable values of the layers that the forward pass executes: convolution weights and biases, 2 per norm channel. */
  readonly params: number
  /** Multiply-adds of the convolutions that the forward pass executes; nothing else counts. */
  readonly macs: number
  /** The same without layers that cannot influence the output (4.4). */
  readonly liveParams: number
  readonly liveMacs: number
}

export interface PartCost extends Cost {
  /** 'stem', 'layer1', 'transition1', 'stage2', …, 'head'. */
  readonly name: string
  readonly part: PlanLocation['part']
  /** As in {@link PlanLocation}. */
  readonly stage: number
  /** Residual blocks and bottlenecks executed. */
  readonly blocks: number
  /** Fusions between two branches executed. */
  readonly fusions: number
}

const GIGA_BINARY = 2 ** 30

/**
 * Cost of one forward pass of a plan, batch 1. This is the official count that searches and published comparisons use (`params`,
 * `macs`), next to the live one.
 */
export function countCost(plan: NetworkPlan): Cost {
  const live = liveNodes(plan)
  const total = { params: 0, macs: 0, liveParams: 0, liveMacs: 0 }
  for (const node of plan.nodes) {
    addNode(total, node, live.has(node.output))
  }
  return total
}

/**
 * Multiply-adds really done: {@link countCost} counts a deconvolution with its output size, as published figures do, yet at stride 2
 * each output pixel meets a quarter of the kernel (method.md 4.1 rule 4, 9.6). Equal to `macs` for networks without one.
 */
export function countTrueMacs(plan: NetworkPlan): number {
  return plan.nodes.reduce((sum, node) => {
    const { macs } = countNode(node)
    return sum + (node.kind === 'deconv' ? macs / node.stride ** 2 : macs)
  }, 0)
}

/** The same by part of the network, in the order of execution; the rows sum up to {@link countCost}. */
export function costByPart(plan: NetworkPlan): PartCost[] {
  const live = liveNodes(plan)
  const rows = new Map<string, Mutable<PartCost>>()
  const groups = new Map<string, Set<string>>()
  for (const node of plan.nodes) {
    const { part, stage, role, module, branch, step, source } = node.location
    const name = partName(node.location)
    const row = rows.get(name) ?? emptyRow(name, part, stage)
    rows.set(name, row)
    addNode(row, node, live.has(node.output))
    const counted = groups.get(name) ?? new Set<string>()
    groups.set(name, counted)
    const group = [role, module, branch, step, source].join(' ')
    if (!counted.has(group)) {
      counted.add(group)
      row.blocks += role === 'block' ? 1 : 0
      row.fusions += role === 'fusion' ? 1 : 0
    }
  }
  return [...rows.values()]
}

/** Multiply-adds in the unit that the papers print as GFLOPs: 2^30 (method.md 4.1 rule 5). */
export function toGigaMacs(macs: number): number {
  return macs / GIGA_BINARY
}

/** Multiply-adds of one node for one image; 0 for everything but convolutions. */
export function countNodeMacs(node: PlanNode): number {
  return countNode(node).macs
}

type Mutable<Value> = { -readonly [Key in keyof Value]: Value[Key] }

function addNode(total: Mutable<Cost>, node: PlanNode, isLive: boolean): void {
  const { params, macs } = countNode(node)
  total.params += params
  total.macs += macs
  if (isLive) {
    total.liveParams += params
    total.liveMacs += macs
  }
}

function countNode(node: PlanNode): { params: number; macs: number } {
  switch (node.kind) {
    case 'conv': {
      const weights = node.kernel * node.kernel * node.inChannels * node.channels
      const biases = node.bias === null ? 0 : node.channels
      return { params: weights + biases, macs: weights * node.height * node.width }
    }
    case 'deconv': {
      const weights = node.kernel * node.kernel * node.inChannels * node.channels
      return { params: weights, macs: weights * node.height * node.width }
    }
    case 'batch-norm':
      return { params: 2 * node.channels, macs: 0 }
    case 'upsample':
    case 'sum-relu':
    case 'concat':
      return { params: 0, macs: 0 }
    default: {
      const unknownNode: never = node
      throw new RangeError(`cost: unknown node ${JSON.stringify(unknownNode)}`)
    }
  }
}

function partName({ part, stage }: PlanLocation): string {
  switch (part) {
    case 'transition':
      return `transition${String(stage - 1)}`
    case 'stage':
      return `stage${String(stage)}`
    case 'stem':
    case 'layer1':
    case 'head':
      return part
    default: {
      const unknownPart: never = part
      throw new RangeError(`cost: unknown part ${String(unknownPart)}`)
    }
  }
}

function emptyRow(name: string, part: PlanLocation['part'], stage: number): Mutable<PartCost> {
  return { name, part, stage, params: 0, macs: 0, liveParams: 0, liveMacs: 0, blocks: 0, fusions: 0 }
}
