import { computed, ref, shallowRef, watch } from 'vue'
import type { Ref } from 'vue'
import type { DatasetFacts, Prediction, PreviewSample } from '../../src-main/contract/index.ts'
import { LEAST_SHOWN_SCORE } from '../../src-main/vision/bottom-up/parse-persons.ts'
import { errorInfoOf } from '../api/error-info.ts'
import type { OverlayContent } from '../lib/paint-overlay.ts'
import { usePreviewStore } from '../stores/preview-store.ts'

export interface OverlaySource {
  readonly sample: PreviewSample | null
  readonly facts: DatasetFacts | null
  readonly prediction: Prediction | null
}

/** Fetches what a tile shows: the picture's address and, for label maps, the index maps. Late answers of an earlier tile are dropped. */
export function useOverlayContent(source: () => OverlaySource): {
  readonly imageUrl: Ref<string | null>
  readonly content: Ref<OverlayContent | null>
  /** Why the picture or its label maps cannot be shown. */
  readonly problem: Ref<string | null>
} {
  const preview = usePreviewStore()
  const imageUrl = ref<string | null>(null)
  const content = shallowRef<OverlayContent | null>(null)
  const imageProblem = ref<string | null>(null)
  const contentProblem = ref<string | null>(null)
  const problem = computed(() => imageProblem.value ?? contentProblem.value)

  watch(
    () => source().sample?.imagePath ?? null,
    async (path, _, onCleanup) => {
      const flight = new AbortController()
      onCleanup(() => flight.abort())
      imageUrl.value = null
      imageProblem.value = null
      if (path !== null) {
        const loaded = await settled(preview.imageUrl(path))
        if (!flight.signal.aborted) {
          imageUrl.value = loaded.value
          imageProblem.value = loaded.problem
        }
      }
    },
    { immediate: true },
  )
  watch(
    source,
    async (wanted, _, onCleanup) => {
      const flight = new AbortController()
      onCleanup(() => flight.abort())
      const made = await settled(overlayContent(wanted, preview.labels))
      if (!flight.signal.aborted) {
        content.value = made.value
        contentProblem.value = made.problem
      }
    },
    { immediate: true },
  )
  return { imageUrl, content, problem }
}

/** One tile that cannot be fetched says so itself; the others are shown. */
async function settled<T>(
  promise: Promise<T>,
): Promise<{ readonly value: T | null; readonly problem: string | null }> {
  try {
    return { value: await promise, problem: null }
  } catch (thrown) {
    return { value: null, problem: errorInfoOf(thrown).message }
  }
}

async function overlayContent(
  { sample, facts, prediction }: OverlaySource,
  labels: (path: string) => Promise<Uint8Array>,
): Promise<OverlayContent | null> {
  if (sample === null || facts === null) {
    return null
  }
  if (facts.skeleton !== null && facts.task === 'bottom-up-pose') {
    return {
      kind: 'bottom-up-pose',
      skeleton: facts.skeleton,
      prediction:
        prediction?.kind === 'bottom-up-pose'
          ? prediction.persons
              .filter(({ score }) => score >= LEAST_SHOWN_SCORE)
              .map(({ keypoints }) => keypoints)
          : null,
      truth: sample.truthPersons ?? null,
    }
  }
  if (facts.skeleton !== null) {
    return {
      kind: 'pose',
      skeleton: facts.skeleton,
      prediction: prediction?.kind === 'pose' ? prediction.keypoints : null,
      truth: sample.truthKeypoints,
    }
  }
  if (facts.classes === null) {
    return null
  }
  const [predicted, truth] = await Promise.all([
    prediction?.kind === 'segmentation' ? labels(prediction.labelPath) : null,
    sample.truthLabelPath === null ? null : labels(sample.truthLabelPath),
  ])
  return { kind: 'segmentation', classes: facts.classes, prediction: predicted, truth }
}
