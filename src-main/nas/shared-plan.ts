import { countNodeMacs } from './cost.ts'
import { liveNodes, nodeInputs } from './live-nodes.ts'
import type { NetworkPlan, PlanNode, ValueId } from './network-plan.types.ts'

/**
 * Several network plans as one graph in which equal sub-expressions occur once. With inherited weights and fixed images a value
 * depends on its operation, its parameters and its inputs only: in recalibration batch statistics are a function of the input, and
 * the recalibrated statistics of a norm are a function of what precedes it. So plans that begin alike compute the same values.
 *
 * Values that no output depends on (method.md 4.4) are left out: scores do not need them.
 */
export interface SharedPlan {
  /** In an order in which they can run; value 0 is the input image. The nodes of plan 0 come first, then what plan 1 adds, and so on. */
  readonly nodes: readonly PlanNode[]
  /** Values of each plan's outputs; equal for plans that differ in layers without influence only. */
  readonly outputs: readonly (readonly ValueId[])[]
  /** The outputs of plan i can be read when the nodes before position `ends[i]` ran. */
  readonly ends: readonly number[]
  /** Convolution multiply-adds of one image: of these nodes, and of the plans run one by one with everything that they execute. */
  readonly macs: number
  readonly separateMacs: number
}

/** @param plans - At least one, all of one search space and shape. */
export function sharePlans(plans: readonly NetworkPlan[]): SharedPlan {
  const nodes: PlanNode[] = []
  const known = new Map<string, ValueId>()
  const outputs: ValueId[][] = []
  const ends: number[] = []
  let [macs, separateMacs] = [0, 0]
  for (const plan of plans) {
    const live = liveNodes(plan)
    const values = new Map<ValueId, ValueId>([[0, 0]])
    for (const node of plan.nodes) {
      separateMacs += countNodeMacs(node)
      if (live.has(node.output)) {
        const inputs = nodeInputs(node).map((input) => requireValue(values, input))
        const key = `${operationKey(node)}(${inputs.join()})`
        let value = known.get(key)
        if (value === undefined) {
          value = nodes.length + 1
          known.set(key, value)
          nodes.push(withValues(node, value, inputs))
          macs += countNodeMacs(node)
        }
        values.set(node.output, value)
      }
    }
    outputs.push(plan.outputs.map(({ value }) => requireValue(values, value)))
    ends.push(nodes.length)
  }
  return { nodes, outputs, ends, macs, separateMacs }
}

/**
 * What is left to run of some of the plans when some values are there already.
 *
 * @param wanted - Positions of plans, ascending; the result has them alone, in this order.
 * @param given - Values of the shared plan. Those that are needed are read by nodes or outputs of the result without being made.
 */
export function remainingPlan(
  shared: SharedPlan,
  wanted: readonly number[],
  given: ReadonlySet<ValueId>,
): SharedPlan {
  const outputs = wanted.map((plan) => shared.outputs[plan] ?? [])
  const needed = new Set<ValueId>(outputs.flat())
  for (const node of shared.nodes.toReversed()) {
    if (needed.has(node.output) && !given.has(node.output)) {
      nodeInputs(node).forEach((input) => needed.add(input))
    }
  }
  const runs = shared.nodes.map(({ output }) => needed.has(output) && !given.has(output))
  const nodes = shared.nodes.filter((_, position) => runs[position])
  return {
    ...{ nodes, outputs, separateMacs: shared.separateMacs },
    ends: wanted.map((plan) => runs.slice(0, shared.ends[plan]).filter(Boolean).length),
    macs: nodes.reduce((sum, node) => sum + countNodeMacs(node), 0),
  }
}

/**
 * When each value may be released: `afterNode[k]` after the node at position k, `afterOutput[i]` after the outputs of plan i were read.
 */
export function planReleases({ nodes, outputs, ends }: SharedPlan): {
  readonly afterNode: readonly (readonly ValueId[])[]
  readonly afterOutput: readonly (readonly ValueId[])[]
} {
  const lastNode = new Map<ValueId, number>()
  nodes.forEach((node, position) => {
    for (const input of nodeInputs(node)) {
      lastNode.set(input, position)
    }
  })
  const lastOutput = new Map(outputs.flatMap((values, plan) => values.map((value) => [value, plan] as const)))
  const afterNode = nodes.map((): ValueId[] => [])
  const afterOutput = outputs.map((): ValueId[] => [])
  for (const { output } of nodes) {
    const node = lastNode.get(output) ?? -1
    const plan = lastOutput.get(output)
    // An output may be read by later nodes too; nodes before ends[plan] run before it is handed out.
    if (plan !== undefined && node < (ends[plan] ?? 0)) {
      afterOutput[plan]?.push(output)
    } else {
      afterNode[node]?.push(output)
    }
  }
  return { afterNode, afterOutput }
}

const FLOAT_BYTES = 4

/** Bytes of a node's value for one image, at the size that the plan was made for. */
export function valueBytes({ height, width, channels }: PlanNode): number {
  return height * width * channels * FLOAT_BYTES
}

/** Most bytes of one image that live at the same time when the nodes run in order, at the size that the plans were made for. */
export function peakBytesPerImage(shared: SharedPlan): number {
  const { afterNode, afterOutput } = planReleases(shared)
  const sizes = new Map(shared.nodes.map((node) => [node.output, valueBytes(node)]))
  const bytesOf = (value: ValueId): number => sizes.get(value) ?? 0
  const release = (values: readonly ValueId[] | undefined): void => {
    for (const value of values ?? []) {
      live -= bytesOf(value)
    }
  }
  let [live, peak, plan] = [0, 0, 0]
  shared.nodes.forEach((node, position) => {
    live += bytesOf(node.output)
    peak = Math.max(peak, live)
    release(afterNode[position])
    for (; plan < shared.ends.length && (shared.ends[plan] ?? 0) <= position + 1; plan++) {
      release(afterOutput[plan])
    }
  })
  return peak
}

/**
 * Splits plans, in their order, into groups whose shared values fit: a group that does not is halved, down to single plans.
 *
 * @param budgetBytes - For one image; a single plan may need more, as it does alone.
 */
export function groupPlans(plans: readonly NetworkPlan[], budgetBytes: number): SharedPlan[] {
  if (plans.length === 0) {
    return []
  }
  const shared = sharePlans(plans)
  if (plans.length === 1 || peakBytesPerImage(shared) <= budgetBytes) {
    return [shared]
  }
  const half = Math.ceil(plans.length / 2)
  return [...groupPlans(plans.slice(0, half), budgetBytes), ...groupPlans(plans.slice(half), budgetBytes)]
}

/** What a node computes, apart from its inputs. The running momentum of a norm is not part of it: evaluation does not use it. */
export function operationKey(node: PlanNode): string {
  switch (node.kind) {
    case 'conv':
      return `conv ${node.weight} ${node.bias ?? ''} ${String(node.stride)}`
    case 'deconv':
      return `deconv ${node.weight}`
    case 'batch-norm':
      return `norm ${node.name} ${String(node.relu)}`
    case 'upsample':
      return `${node.mode} ${String(node.factor)}`
    case 'sum-relu':
    case 'concat':
      return node.kind
    default:
      return node satisfies never
  }
}

function withValues(node: PlanNode, output: ValueId, inputs: readonly ValueId[]): PlanNode {
  if (node.kind === 'sum-relu' || node.kind === 'concat') {
    return { ...node, output, inputs }
  }
  return { ...node, output, input: inputs[0] ?? 0 }
}

function requireValue(values: ReadonlyMap<ValueId, ValueId>, id: ValueId): ValueId {
  const value = values.get(id)
  if (value === undefined) {
    throw new RangeError(`network plan reads value ${String(id)} before it is made`)
  }
  return value
}
