import { computed } from 'vue'
import { isEvaluated } from '../lib/candidate-front.ts'
import type { EvaluatedRow } from '../lib/candidate-front.ts'
import { spreadEvenly } from '../lib/spread-evenly.ts'
import { useCandidatesStore } from '../stores/candidates-store.ts'
import { useQueryNumber } from './use-query-value.ts'

/** As many as there are digit keys. */
export const MOST_CHOICES = 9

/** Which candidate the Preview screen asks; its number lives in the address. */
export function useCandidateChoice() {
  const candidates = useCandidatesStore()
  const chosen = useQueryNumber('c')
  const picked = computed(() => {
    const row = chosen.value === null ? null : candidates.byNumber(chosen.value)
    return row !== null && isEvaluated(row) ? row : null
  })
  const choices = computed(() => choicesOf(candidates.front, picked.value))
  const candidate = computed(() => picked.value ?? choices.value.at(-1) ?? null)

  function pick(position: number): void {
    const row = choices.value[Math.min(choices.value.length - 1, Math.max(0, position))]
    chosen.value = row?.number ?? chosen.value
  }

  function pickNext(by: number): void {
    pick(choices.value.findIndex((row) => row.id === candidate.value?.id) + by)
  }

  /** The digits pick a candidate, up and down the next one. */
  const keys = {
    ArrowUp: () => pickNext(-1),
    ArrowDown: () => pickNext(1),
    ...Object.fromEntries(
      Array.from({ length: MOST_CHOICES }, (_, digit) => [String(digit + 1), () => pick(digit)]),
    ),
  }
  return { chosen, choices, candidate, keys }
}

/** The front spread over the digit keys, and what was picked beside it. */
function choicesOf(front: readonly EvaluatedRow[], picked: EvaluatedRow | null): readonly EvaluatedRow[] {
  const spread = spreadEvenly(front, MOST_CHOICES)
  if (picked === null || spread.some((row) => row.id === picked.id)) {
    return spread
  }
  return [...spread.slice(0, MOST_CHOICES - 1), picked].toSorted((a, b) => a.macs - b.macs)
}
