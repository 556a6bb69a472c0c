import { computed, watch } from 'vue'
import type { Ref } from 'vue'
import { isEvaluated } from '../lib/candidate-front.ts'
import type { EvaluatedRow } from '../lib/candidate-front.ts'
import { predictionScore } from '../lib/prediction-score.ts'
import { spreadEvenly } from '../lib/spread-evenly.ts'
import { useCandidatesStore } from '../stores/candidates-store.ts'
import { usePreviewStore } from '../stores/preview-store.ts'
import { useQueryNumber, useQueryValue } from './use-query-value.ts'

/** As many as there are digit keys. */
export const MOST_CHOICES = 9

/** A picture without a score goes behind every picture with one. */
const UNSCORED = 2

/** Which picture and which candidate the Preview screen shows; both live in the address. */
export function usePreview(runId: Readonly<Ref<string>>) {
  const candidates = useCandidatesStore()
  const preview = usePreviewStore()
  const chosen = useQueryNumber('c')
  const sampleId = useQueryValue('image')

  const picked = computed(() => {
    const row = chosen.value === null ? null : candidates.byNumber(chosen.value)
    return row !== null && isEvaluated(row) ? row : null
  })
  const choices = computed(() => choicesOf(candidates.front, picked.value))
  const candidate = computed(() => picked.value ?? choices.value.at(-1) ?? null)
  /** Worst first, so that what goes wrong is seen first; while nothing is predicted, the order of the run. */
  const samples = computed(() => {
    const id = candidate.value?.id
    const scoreOf = (sample: string): number =>
      id === undefined ? UNSCORED : (predictionScore(preview.predictionOf(id, sample)) ?? UNSCORED)
    return preview.samples.toSorted((a, b) => scoreOf(a.id) - scoreOf(b.id))
  })
  const sample = computed(
    () => samples.value.find((item) => item.id === sampleId.value) ?? samples.value[0] ?? null,
  )
  const index = computed(() => samples.value.findIndex((item) => item.id === sample.value?.id))
  const prediction = computed(() =>
    candidate.value === null || sample.value === null
      ? null
      : preview.predictionOf(candidate.value.id, sample.value.id),
  )
  const problem = computed(() =>
    candidate.value === null || sample.value === null
      ? null
      : preview.problemOf(candidate.value.id, sample.value.id),
  )

  watch(runId, (id) => (preview.runId === id ? undefined : preview.load(id)), { immediate: true })
  watch(
    [() => candidate.value?.id, () => preview.samples.length],
    async ([id, count]) => {
      if (id !== undefined && count > 0) {
        await preview.predict(id)
      }
    },
    { immediate: true },
  )

  function turn(by: number): void {
    const count = samples.value.length
    sampleId.value = samples.value[(index.value + by + count) % Math.max(1, count)]?.id ?? null
  }

  function pick(position: number): void {
    const row = choices.value[Math.min(choices.value.length - 1, Math.max(0, position))]
    chosen.value = row?.number ?? chosen.value
  }

  function pickNext(by: number): void {
    pick(choices.value.findIndex((row) => row.id === candidate.value?.id) + by)
  }

  return {
    ...{ chosen, sampleId, choices, candidate, samples, sample, index, prediction, problem },
    ...{ turn, pick, pickNext },
  }
}

/** The front spread over the digit keys, and what was picked beside it. */
function choicesOf(front: readonly EvaluatedRow[], picked: EvaluatedRow | null): readonly EvaluatedRow[] {
  const spread = spreadEvenly(front, MOST_CHOICES)
  if (picked === null || spread.some((row) => row.id === picked.id)) {
    return spread
  }
  return [...spread.slice(0, MOST_CHOICES - 1), picked].toSorted((a, b) => a.macs - b.macs)
}
