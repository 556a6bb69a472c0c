import type { NetworkPlan, PlanNode, ValueId } from './network-plan.types.ts'

/**
 * Values that an output depends on (method.md 4.4), the outputs included. Nodes outside are executed but dead: they occur only in
 * the last pose module, where the head reads nothing but branch 0.
 */
export function liveNodes(plan: NetworkPlan): ReadonlySet<ValueId> {
  const live = new Set<ValueId>(plan.outputs.map(({ value }) => value))
  for (const node of plan.nodes.toReversed()) {
    if (live.has(node.output)) {
      for (const input of nodeInputs(node)) {
        live.add(input)
      }
    }
  }
  return live
}

/** The values that a node reads. */
export function nodeInputs(node: PlanNode): readonly ValueId[] {
  return node.kind === 'sum-relu' || node.kind === 'concat' ? node.inputs : [node.input]
}
