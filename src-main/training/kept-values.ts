import type { Kernels } from '../compute/kernels.ts'
import type { Value } from '../compute/network-ops.ts'
import type { ValueId } from '../nas/network-plan.types.ts'
import { remainingPlan } from '../nas/shared-plan.ts'
import type { SharedPlan } from '../nas/shared-plan.ts'
import { ValueHistory } from '../nas/value-history.ts'
import type { HistoryId } from '../nas/value-history.ts'
import type { ValueExchange } from '../supernet/execute-shared.ts'
import type { ScoreResult } from '../tasks/task.ts'

/** Beyond so many different values (some tens of megabytes of text) the history begins anew. */
const MOST_VALUES = 100_000

/** What a group has to run, and where its values come from and go. */
export interface KeptGroup {
  /** Positions of the plans that `plan` has; all others have a score already. */
  readonly fresh: readonly number[]
  readonly plan: SharedPlan
  /** Runs one pass. Each of them once, in order. */
  pass(run: (exchange: ValueExchange) => Promise<void>): Promise<void>
  /** After the last pass, with the scores of the fresh plans: the score of every plan of the group. */
  finish(scores: readonly ScoreResult[]): readonly ScoreResult[]
}

/**
 * Values and scores that stay from one group of candidates for the next, and from one generation for its children. The values are on
 * the device, for every pass, as many as fit; which, decides {@link ValueHistory}. What is kept is what would be computed again.
 */
export class KeptValues {
  readonly #kernels: Kernels
  readonly #history = new ValueHistory()
  /** Handles by pass, then by input. */
  readonly #values = new Map<HistoryId, (readonly Value[])[]>()
  readonly #scores = new Map<string, ScoreResult>()

  #bytes = 0

  constructor(kernels: Kernels) {
    this.#kernels = kernels
  }

  /** Bytes of all values, between two groups. */
  get bytes(): number {
    return this.#bytes
  }

  /** Releases everything, as one must after an error in a pass, and when weights, images or batches change. */
  clear(): void {
    for (const values of this.#values.values()) {
      values.forEach((value) => {
        this.#release(value)
      })
    }
    this.#values.clear()
    this.#scores.clear()
    this.#history.clear()
    this.#bytes = 0
  }

  /**
   * Opens a group.
   *
   * @param images - Inputs of all passes together, mirror images included; as many in each group.
   * @param bytes - Most that the values may take after this group; 0 keeps scores only.
   */
  open(shared: SharedPlan, images: number, bytes: number): KeptGroup {
    if (this.#history.size > MOST_VALUES) {
      this.clear()
    }
    const ids = this.#history.record(shared)
    const keys = shared.outputs.map((values) => values.map((value) => ids.get(value)).join())
    const fresh = [...keys.keys()].filter(
      (plan) => keys.indexOf(keys[plan] ?? '') === plan && !this.#scores.has(keys[plan] ?? ''),
    )
    const known = [...ids].filter(([, id]) => this.#values.has(id))
    const plan = remainingPlan(shared, fresh, new Set(known.map(([value]) => value)))
    const made = plan.nodes.map(({ output }) => ids.get(output) ?? 0)
    const chosen = this.#history.choose([...this.#values.keys(), ...made], bytes / images)
    const swap = this.#openSwap(known, ids, chosen, plan)
    return {
      ...{ fresh, plan, pass: swap.pass },
      finish: (scores) => {
        swap.finish()
        this.#bytes = this.#history.bytesOf(chosen) * images
        return this.#takeScores(keys, fresh, scores)
      },
    }
  }

  /** Values that are not chosen go pass by pass, as new ones come: both never need more memory than the larger set. */
  #openSwap(
    known: readonly (readonly [ValueId, HistoryId])[],
    ids: ReadonlyMap<ValueId, HistoryId>,
    chosen: ReadonlySet<HistoryId>,
    { nodes }: SharedPlan,
  ): { pass: KeptGroup['pass']; finish: () => void } {
    const gone = [...this.#values.keys()].filter((id) => !chosen.has(id))
    const keeps = new Set(
      nodes.map(({ output }) => output).filter((value) => chosen.has(ids.get(value) ?? 0)),
    )
    let index = 0
    return {
      pass: async (run) => {
        const at = index
        index += 1
        const given = new Map(known.map(([value, id]) => [value, this.#values.get(id)?.[at] ?? []]))
        await run({
          ...{ given, keeps },
          keep: (value, handles) => {
            const id = ids.get(value) ?? 0
            const passes = this.#values.get(id) ?? []
            passes[at] = handles
            this.#values.set(id, passes)
          },
        })
        for (const id of gone) {
          this.#release(this.#values.get(id)?.[at] ?? [])
          const passes = this.#values.get(id) ?? []
          passes[at] = []
        }
      },
      finish: () => {
        gone.forEach((id) => this.#values.delete(id))
      },
    }
  }

  #takeScores(
    keys: readonly string[],
    fresh: readonly number[],
    scores: readonly ScoreResult[],
  ): readonly ScoreResult[] {
    const own = new Map(fresh.map((plan, index) => [keys[plan] ?? '', scores[index]]))
    for (const [key, score] of own) {
      if (score !== undefined) {
        // Whole detections would fill the memory; a search asks for the numbers and what they are made of.
        const { accuracy, metrics, pictures } = score
        this.#scores.set(key, { accuracy, metrics, ...(pictures !== undefined && { pictures }) })
      }
    }
    return keys.flatMap((key) => own.get(key) ?? this.#scores.get(key) ?? [])
  }

  #release(values: readonly Value[]): void {
    for (const { handle } of values) {
      this.#kernels.release(handle)
    }
  }
}
