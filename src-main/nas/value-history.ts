import { countNodeMacs } from './cost.ts'
import { nodeInputs } from './live-nodes.ts'
import type { PlanNode, ValueId } from './network-plan.types.ts'
import { operationKey, valueBytes } from './shared-plan.ts'
import type { SharedPlan } from './shared-plan.ts'

/** Stands for a value by everything that it is computed from; the images are 0. Equal in all groups of one history. */
export type HistoryId = number

interface KnownValue {
  readonly inputs: readonly HistoryId[]
  readonly macs: number
  /** Multiply-adds of this value and of all that it needs, from the images on. */
  readonly wholeMacs: number
  readonly bytes: number
  /** How many different nodes have read it. */
  readers: number
}

/**
 * The values that groups of candidates had, one group after another. Children part from their parents somewhere, and a value that
 * several different nodes have read is one where candidates parted before: it is worth keeping for those to come.
 */
export class ValueHistory {
  readonly #ids = new Map<string, HistoryId>()
  readonly #values = new Map<HistoryId, KnownValue>()

  /** Number of different values so far. */
  get size(): number {
    return this.#values.size
  }

  clear(): void {
    this.#ids.clear()
    this.#values.clear()
  }

  /** Takes the values of a group in. @returns The history's id of each value of the group. */
  record({ nodes }: SharedPlan): ReadonlyMap<ValueId, HistoryId> {
    const ids = new Map<ValueId, HistoryId>([[0, 0]])
    for (const node of nodes) {
      const inputs = nodeInputs(node).map((input) => ids.get(input) ?? 0)
      const key = `${operationKey(node)}(${inputs.join()})`
      let id = this.#ids.get(key)
      if (id === undefined) {
        id = this.#values.size + 1
        this.#ids.set(key, id)
        this.#add(id, node, inputs)
      }
      ids.set(node.output, id)
    }
    return ids
  }

  /**
   * Which values to keep: those that save most multiply-adds for each byte, as long as they fit. A value that one node alone has read
   * saves nothing: whoever needs it needs that node's.
   *
   * @param bytes - For the values of one image.
   */
  choose(ids: Iterable<HistoryId>, bytes: number): ReadonlySet<HistoryId> {
    const chosen = new Set<HistoryId>()
    let left = bytes
    const byWorth = [...new Set(ids)]
      .map((id) => ({ id, worth: this.#worthOf(id) }))
      .filter(({ worth }) => worth > 0)
      .toSorted((a, b) => b.worth - a.worth || a.id - b.id)
    for (const { id } of byWorth) {
      const size = this.#values.get(id)?.bytes ?? 0
      if (size <= left) {
        chosen.add(id)
        left -= size
      }
    }
    return chosen
  }

  /** Of one image. */
  bytesOf(ids: Iterable<HistoryId>): number {
    let bytes = 0
    for (const id of ids) {
      bytes += this.#values.get(id)?.bytes ?? 0
    }
    return bytes
  }

  #add(id: HistoryId, node: PlanNode, inputs: readonly HistoryId[]): void {
    const macs = countNodeMacs(node)
    for (const input of new Set(inputs)) {
      const value = this.#values.get(input)
      if (value !== undefined) {
        value.readers += 1
      }
    }
    const wholeMacs = macs + this.#macsBefore(inputs)
    this.#values.set(id, { inputs, macs, wholeMacs, bytes: valueBytes(node), readers: 0 })
  }

  #macsBefore(inputs: readonly HistoryId[]): number {
    const seen = new Set<HistoryId>(inputs)
    let macs = 0
    // A set may grow while it is gone through.
    for (const id of seen) {
      const value = this.#values.get(id)
      macs += value?.macs ?? 0
      value?.inputs.forEach((input) => seen.add(input))
    }
    return macs
  }

  #worthOf(id: HistoryId): number {
    const value = this.#values.get(id)
    return value === undefined ? 0 : (value.wholeMacs * Math.max(0, value.readers - 1)) / value.bytes
  }
}
