import { ref, shallowRef, watch } from 'vue'
import type { Ref } from 'vue'
import type { DatasetFacts, Prediction, PreviewSample } from '../../src-main/contract/index.ts'
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
} {
  const preview = usePreviewStore()
  const imageUrl = ref<string | null>(null)
  const content = shallowRef<OverlayContent | null>(null)

  watch(
    () => source().sample?.imagePath ?? null,
    async (path, _, onCleanup) => {
      const flight = new AbortController()
      onCleanup(() => flight.abort())
      imageUrl.value = null
      if (path !== null) {
        const url = await preview.imageUrl(path)
        if (!flight.signal.aborted) {
          imageUrl.value = url
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
      const made = await overlayContent(wanted, preview.labels)
      if (!flight.signal.aborted) {
        content.value = made
      }
    },
    { immediate: true },
  )
  return { imageUrl, content }
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
        prediction?.kind === 'bottom-up-pose' ? prediction.persons.map(({ keypoints }) => keypoints) : null,
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
