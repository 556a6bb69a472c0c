import { computed, watch } from 'vue'
import { predictionScore } from '../lib/prediction-score.ts'
import { usePreviewStore } from '../stores/preview-store.ts'
import { useCandidateChoice } from './use-candidate-choice.ts'
import { useQueryValue } from './use-query-value.ts'

/** A picture without a score goes behind every picture with one. */
const UNSCORED = 2

/** Which picture and which candidate the Preview screen shows; both live in the address. */
export function usePreview(runId: () => string) {
  const preview = usePreviewStore()
  const { chosen, choices, candidate, keys } = useCandidateChoice()
  const sampleId = useQueryValue('image')

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

  return {
    ...{ chosen, sampleId, choices, candidate, samples, sample, index, prediction, problem },
    ...{ turn, keys },
  }
}
