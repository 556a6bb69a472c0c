import type { NetworkOps, ParameterRef, Value } from '../compute/network-ops.ts'
import { nodeInputs } from '../nas/live-nodes.ts'
import type { BatchNormNode, NetworkPlan, PlanNode, ValueId } from '../nas/network-plan.types.ts'

export interface ExecuteOptions {
  readonly plan: NetworkPlan
  readonly ops: NetworkOps
  /** N, H, W, 3; stays owned by the caller. */
  readonly input: Value
  /** Finds a parameter by its official name. */
  readonly parameter: (name: string) => ParameterRef
  readonly momentumOf: (node: BatchNormNode) => number
  /** Values besides the outputs that must survive (branch outputs for a check); the caller releases them. */
  readonly keep?: ReadonlySet<ValueId>
}

export interface Execution {
  /** Raw outputs in the order of the plan's: heat maps or logits at stride 4, N, H/4, W/4, outputs; bottom-up a second one at stride 2. */
  readonly outputs: readonly Value[]
  readonly kept: ReadonlyMap<ValueId, Value>
}

/**
 * Runs a network plan, node by node, on a tape (training) or an evaluator (inference, recalibration). The input may have another size
 * than the plan's, as long as it is a multiple of the same strides. After an error every value that
 * was made is discarded.
 */
export function executePlan(options: ExecuteOptions): Execution {
  const { plan, ops, input, keep } = options
  const lastReader = lastReaders(plan)
  const outputIds = new Set(plan.outputs.map(({ value }) => value))
  const outputs = new Map<ValueId, Value>()
  const values = new Map<ValueId, Value>([[0, input]])
  const kept = new Map<ValueId, Value>()
  try {
    plan.nodes.forEach(runNode)
    return { outputs: plan.outputs.map(({ value }) => valueOf(outputs, value)), kept }
  } catch (thrown) {
    values.delete(0)
    for (const value of new Set([...values.values(), ...kept.values(), ...outputs.values()])) {
      ops.discard(value)
    }
    throw thrown
  }

  function runNode(node: PlanNode, position: number): void {
    const output = executeNode(node, options, (id) => valueOf(values, id))
    values.set(node.output, output)
    if (outputIds.has(node.output)) {
      outputs.set(node.output, output)
    }
    for (const id of new Set(nodeInputs(node))) {
      if (lastReader.get(id) === position && id !== 0) {
        finish(id)
      }
    }
    if (!lastReader.has(node.output)) {
      // An output, or executed but dead (method.md 4.4): counted and computed, read by nothing.
      finish(node.output)
    }
  }

  function finish(id: ValueId): void {
    const value = valueOf(values, id)
    if (!outputIds.has(id)) {
      if (keep?.has(id) === true) {
        kept.set(id, value)
      } else {
        ops.discard(value)
      }
    }
    values.delete(id)
  }
}

/** Computes one node; its inputs stay owned by the caller, to whom the result belongs. */
export function executeNode(
  node: PlanNode,
  { ops, parameter, momentumOf }: Pick<ExecuteOptions, 'ops' | 'parameter' | 'momentumOf'>,
  value: (id: ValueId) => Value,
): Value {
  switch (node.kind) {
    case 'conv': {
      const [x, weight] = [value(node.input), parameter(node.weight)]
      return node.bias === null
        ? ops.conv(x, weight, node.stride)
        : ops.convWithBias(x, weight, parameter(node.bias), node.stride)
    }
    case 'deconv':
      return ops.deconv(value(node.input), parameter(node.weight))
    case 'batch-norm':
      return ops.batchNorm(value(node.input), node.name, { relu: node.relu, momentum: momentumOf(node) })
    case 'upsample': {
      const x = value(node.input)
      return node.mode === 'nearest'
        ? ops.upsampleNearest(x, node.factor)
        : resizeBilinear(ops, x, node.factor)
    }
    case 'sum-relu':
      return ops.addRelu(node.inputs.map(value))
    case 'concat':
      return ops.concat(node.inputs.map(value))
    default:
      return node satisfies never
  }
}

/** By factor, not to the plan's size: a plan also runs on inputs of another size, such as training crops. */
function resizeBilinear(ops: NetworkOps, x: Value, factor: number): Value {
  const [, height = 0, width = 0] = x.shape
  return ops.resizeBilinear(x, height * factor, width * factor)
}

const readersOfPlan = new WeakMap<NetworkPlan, ReadonlyMap<ValueId, number>>()

/** Position of the last node that reads each value. */
function lastReaders(plan: NetworkPlan): ReadonlyMap<ValueId, number> {
  let readers = readersOfPlan.get(plan)
  if (readers === undefined) {
    const map = new Map<ValueId, number>()
    plan.nodes.forEach((node, position) => {
      for (const id of nodeInputs(node)) {
        map.set(id, position)
      }
    })
    readers = map
    readersOfPlan.set(plan, readers)
  }
  return readers
}

function valueOf(values: ReadonlyMap<ValueId, Value>, id: ValueId): Value {
  const value = values.get(id)
  if (value === undefined) {
    throw new Error(`network plan reads value ${id} before it is made or after its last reader`)
  }
  return value
}
