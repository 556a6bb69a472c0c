import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'
import type { CandidatePredictions, Prediction, PreviewSample } from '../../src-main/contract/index.ts'
import { useEngine } from '../api/engine.ts'

/** Pictures of the open run and what candidates say about them. Predictions and files are fetched once. */
export const usePreviewStore = defineStore('preview', () => {
  const engine = useEngine()
  const runId = ref<string | null>(null)
  const samples = shallowRef<readonly PreviewSample[]>([])
  const isLoaded = ref(false)
  const predictions = shallowRef<ReadonlyMap<string, CandidatePredictions>>(new Map())
  const pending = shallowRef<ReadonlySet<string>>(new Set())
  const files = new Map<string, Promise<Blob>>()
  const imageUrls = new Map<string, Promise<string>>()

  async function load(id: string): Promise<void> {
    if (runId.value !== id) {
      clear(id)
    }
    const fetched = await engine.calls.preview.samples.query({ runId: id })
    if (runId.value === id) {
      samples.value = fetched
      isLoaded.value = true
    }
  }

  function clear(id: string): void {
    for (const url of imageUrls.values()) {
      void url.then((made) => {
        URL.revokeObjectURL(made)
      })
    }
    runId.value = id
    samples.value = []
    isLoaded.value = false
    predictions.value = new Map()
    files.clear()
    imageUrls.clear()
  }

  /** Predicts all preview pictures with a candidate, or returns what is known; `again` asks for those that failed. */
  async function predict(candidateId: string, again = false): Promise<void> {
    if ((predictions.value.has(candidateId) && !again) || pending.value.has(candidateId)) {
      return
    }
    pending.value = new Set([...pending.value, candidateId])
    try {
      const answer = await engine.calls.candidates.predict.mutate({ id: candidateId })
      predictions.value = new Map([...predictions.value, [candidateId, answer]])
    } finally {
      pending.value = new Set([...pending.value].filter((id) => id !== candidateId))
    }
  }

  function predictionOf(candidateId: string, sampleId: string): Prediction | null {
    const ofCandidate = predictions.value.get(candidateId)
    return ofCandidate?.predictions.find((prediction) => prediction.sampleId === sampleId) ?? null
  }

  /** Why a picture could not be predicted; null for one that was, or was not tried. */
  function problemOf(candidateId: string, sampleId: string): string | null {
    const problems = predictions.value.get(candidateId)?.problems ?? []
    return problems.find((problem) => problem.sampleId === sampleId)?.message ?? null
  }

  /** A blob address of a picture; the policy of the window allows no other. */
  function imageUrl(path: string): Promise<string> {
    return remember(imageUrls, path, async () => URL.createObjectURL(await engine.fetchFile(path)))
  }

  /** Class indices of a label map, row-major. */
  async function labels(path: string): Promise<Uint8Array> {
    const blob = await remember(files, path, () => engine.fetchFile(path))
    return new Uint8Array(await blob.arrayBuffer())
  }

  return {
    ...{ runId, samples, isLoaded, predictions, pending },
    ...{ load, predict, predictionOf, problemOf, imageUrl, labels },
  }
})

/** Keeps a promise by key, but forgets one that fails, so that the next look tries again. */
function remember<T>(cache: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const known = cache.get(key)
  if (known !== undefined) {
    return known
  }
  const made = make()
  cache.set(key, made)
  made.catch(() => cache.delete(key))
  return made
}
