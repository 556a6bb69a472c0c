import type { NetworkOps, ParameterRef, Value } from '../compute/network-ops.ts'
import type { BatchNormNode, PlanNode, ValueId } from '../nas/network-plan.types.ts'
import { planReleases } from '../nas/shared-plan.ts'
import type { SharedPlan } from '../nas/shared-plan.ts'
import { executeNode } from './execute-plan.ts'

export interface ExecuteSharedOptions {
  readonly shared: SharedPlan
  readonly ops: NetworkOps
  /** Each N, H, W, 3 (the images; their mirror images); they stay owned by the caller. All run side by side through each node. */
  readonly inputs: readonly Value[]
  readonly parameter: (name: string) => ParameterRef
  /** A norm of the shared graph: one name can stand for several nodes with other statistics. */
  readonly normalise: (node: BatchNormNode, x: Value) => Value
  readonly exchange?: ValueExchange
}

/** Values that outlive one execution. */
export interface ValueExchange {
  /** Values that the nodes read without making them, for each input; they stay owned by the caller. */
  readonly given: ReadonlyMap<ValueId, readonly Value[]>
  /** Values that are handed over instead of released. */
  readonly keeps: ReadonlySet<ValueId>
  /** Takes the handles over. */
  keep(id: ValueId, made: readonly Value[]): void
}

export interface SharedOutput {
  /** Position of the plan that the outputs are of. */
  readonly plan: number
  /** Raw outputs for each input, in the order of the plan's; owned by the execution, and gone when it goes on. */
  readonly outputs: readonly (readonly Value[])[]
}

/**
 * Runs several plans that share their beginnings: what is equal is computed once, and each value is released after the last plan that
 * reads it. Outputs come in the order of the plans. After an error, or when the caller leaves early, nothing stays behind.
 */
export function* executeShared(options: ExecuteSharedOptions): Generator<SharedOutput, void, void> {
  const { shared, ops, exchange } = options
  const { afterNode, afterOutput } = planReleases(shared)
  const live = new Map<ValueId, readonly Value[]>()
  const discard = (ids: readonly ValueId[]): void => {
    for (const id of ids) {
      const values = live.get(id) ?? []
      live.delete(id)
      values.forEach((value) => {
        ops.discard(value)
      })
    }
  }
  const release = (ids: readonly ValueId[] = []): void => {
    for (const id of ids) {
      const values = live.get(id)
      if (values !== undefined && exchange?.keeps.has(id) === true) {
        live.delete(id)
        exchange.keep(id, values)
      }
    }
    discard(ids)
  }
  try {
    let position = 0
    for (const [plan, end] of shared.ends.entries()) {
      for (; position < end; position++) {
        const node = shared.nodes[position]
        if (node !== undefined) {
          live.set(node.output, runNode(options, node, live))
          release(afterNode[position])
        }
      }
      yield { plan, outputs: outputsOf(options, plan, live) }
      release(afterOutput[plan])
    }
  } finally {
    discard([...live.keys()])
  }
}

function outputsOf(
  options: ExecuteSharedOptions,
  plan: number,
  live: ReadonlyMap<ValueId, readonly Value[]>,
): readonly (readonly Value[])[] {
  const outputs = options.shared.outputs[plan] ?? []
  return options.inputs.map((_, index) => outputs.flatMap((id) => valuesOf(options, live, id)[index] ?? []))
}

/** One node on every input. */
function runNode(
  options: ExecuteSharedOptions,
  node: PlanNode,
  live: ReadonlyMap<ValueId, readonly Value[]>,
): readonly Value[] {
  const { ops, inputs, parameter, normalise } = options
  const made: Value[] = []
  try {
    for (const index of inputs.keys()) {
      const value = (id: ValueId): Value => {
        const found = valuesOf(options, live, id)[index]
        if (found === undefined) {
          throw new Error(`shared plan reads value ${id} before it is made or after its last reader`)
        }
        return found
      }
      made.push(
        node.kind === 'batch-norm'
          ? normalise(node, value(node.input))
          : // Momenta belong to running statistics, which an evaluation leaves alone.
            executeNode(node, { ops, parameter, momentumOf: () => 1 }, value),
      )
    }
    return made
  } catch (thrown) {
    made.forEach((value) => {
      ops.discard(value)
    })
    throw thrown
  }
}

function valuesOf(
  { inputs, exchange }: Pick<ExecuteSharedOptions, 'inputs' | 'exchange'>,
  live: ReadonlyMap<ValueId, readonly Value[]>,
  id: ValueId,
): readonly Value[] {
  return id === 0 ? inputs : (live.get(id) ?? exchange?.given.get(id) ?? [])
}
