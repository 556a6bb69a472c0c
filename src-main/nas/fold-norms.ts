import { nodeInputs } from './live-nodes.ts'
import type { BatchNormNode, ConvNode, NetworkPlan, PlanNode, ValueId } from './network-plan.types.ts'

/** A convolution and the batch norm that it takes in. */
export interface FoldedPair {
  readonly conv: ConvNode
  readonly norm: BatchNormNode
}

export interface FoldedPlan {
  /** Convolutions with a bias ({@link foldedBias}) in place of the pairs; a norm's ReLU is a node of its own. */
  readonly plan: NetworkPlan
  readonly pairs: readonly FoldedPair[]
}

/**
 * The plan of a deployed network (method.md 8.1): each batch norm behind a convolution that nobody else reads goes into that
 * convolution. With fixed statistics both are linear, so only the rounding differs. Other norms stay.
 */
export function foldNorms(plan: NetworkPlan): FoldedPlan {
  const readers = countReaders(plan)
  const convs = new Map<ValueId, ConvNode>()
  for (const node of plan.nodes) {
    if (node.kind === 'conv' && readers.get(node.output) === 1) {
      convs.set(node.output, node)
    }
  }
  const pairs = plan.nodes.flatMap((node): FoldedPair[] => {
    const conv = node.kind === 'batch-norm' ? convs.get(node.input) : undefined
    return node.kind === 'batch-norm' && conv !== undefined ? [{ conv, norm: node }] : []
  })
  const normOf = new Map(pairs.map(({ conv, norm }) => [conv.output, norm]))
  const folded = new Set(pairs.map(({ norm }) => norm.output))
  const nodes = plan.nodes.flatMap((node): PlanNode[] => {
    const norm = node.kind === 'conv' ? normOf.get(node.output) : undefined
    if (node.kind === 'conv' && norm !== undefined) {
      const bias = foldedBias(node)
      // Without a ReLU the convolution makes the value that the norm made.
      return [norm.relu ? { ...node, bias } : { ...node, bias, output: norm.output }]
    }
    if (node.kind === 'batch-norm' && folded.has(node.output)) {
      const { output, height, width, channels, location, input, relu } = node
      return relu ? [{ kind: 'sum-relu', inputs: [input], output, height, width, channels, location }] : []
    }
    return [node]
  })
  return { plan: { ...plan, nodes }, pairs }
}

/** Name of the bias of a convolution that took a norm in: beside its weight, as PyTorch has it. */
export function foldedBias({ weight, bias }: ConvNode): string {
  return bias ?? weight.replace(/weight$/, 'bias')
}

function countReaders(plan: NetworkPlan): ReadonlyMap<ValueId, number> {
  const readers = new Map<ValueId, number>()
  const values = [...plan.nodes.flatMap(nodeInputs), ...plan.outputs.map(({ value }) => value)]
  for (const value of values) {
    readers.set(value, (readers.get(value) ?? 0) + 1)
  }
  return readers
}
