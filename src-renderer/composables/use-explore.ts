import { computed, ref } from 'vue'
import { bestUnder, candidateFront, isEvaluated } from '../lib/candidate-front.ts'
import type { EvaluatedRow } from '../lib/candidate-front.ts'
import { formatMacs } from '../lib/format-quantity.ts'
import { isActive } from '../lib/run-status.ts'
import { useCandidatesStore } from '../stores/candidates-store.ts'
import { useRunStore } from '../stores/run-store.ts'
import { useQueryNumber } from './use-query-value.ts'

/** Selection, budget and generation of the Explore screen; all three live in the address. */
export function useExplore() {
  const run = useRunStore()
  const candidates = useCandidatesStore()
  const chosen = useQueryNumber('c')
  const budget = useQueryNumber('budget')
  const generationChoice = useQueryNumber('gen')
  const isClosed = ref(false)

  const lastGeneration = computed(() => candidates.generations.at(-1)?.generation ?? 0)
  const generation = computed({
    get: () => Math.min(generationChoice.value ?? lastGeneration.value, lastGeneration.value),
    set: (value: number) => {
      generationChoice.value = value >= lastGeneration.value ? null : value
    },
  })
  const front = computed(() => candidateFront(candidates.rows, generation.value))
  const picked = computed(() => {
    const row = chosen.value === null ? null : candidates.byNumber(chosen.value)
    return row !== null && isEvaluated(row) ? row : null
  })
  /** While nobody picked: the best within the budget; without one, the best of a run that stands still. */
  const suggested = computed(() => {
    const isMoving = run.details === null || isActive(run.details.status)
    return isClosed.value || (isMoving && budget.value === null)
      ? null
      : bestUnder(front.value, budget.value ?? Infinity)
  })
  const selected = computed(() => picked.value ?? suggested.value)
  const remark = computed(() => budgetRemark(front.value, budget.value, selected.value))

  function select(row: EvaluatedRow): void {
    isClosed.value = false
    chosen.value = row.number
  }

  function selectId(id: string): void {
    const row = candidates.rows.find((item) => item.id === id)
    chosen.value = row?.number ?? chosen.value
  }

  /** Along the front, cheapest first. */
  function step(by: number): void {
    const index = front.value.findIndex((row) => row.id === selected.value?.id)
    const next = front.value[Math.min(front.value.length - 1, Math.max(0, index + by))]
    if (next !== undefined) {
      select(next)
    }
  }

  function close(): void {
    chosen.value = null
    isClosed.value = true
  }

  function toggleBudget(): void {
    const middle = front.value[Math.floor(front.value.length / 2)]
    budget.value = budget.value === null ? (middle?.macs ?? null) : null
  }

  return {
    ...{ budget, lastGeneration, generation, front, selected, remark },
    ...{ select, selectId, step, close, toggleBudget },
  }
}

function budgetRemark(
  front: readonly EvaluatedRow[],
  budget: number | null,
  selected: EvaluatedRow | null,
): string | null {
  if (budget === null || bestUnder(front, budget)?.id !== selected?.id || selected === null) {
    return null
  }
  const { value, unit } = formatMacs(budget)
  return `Best under ${value} ${unit}`
}
