import { computed, watch } from 'vue'
import type { PictureBox } from '../../src-main/contract/index.ts'
import { boxText, parseBoxText } from '../lib/picture-box.ts'
import { keyOf, usePicturesStore } from '../stores/pictures-store.ts'
import { usePreviewStore } from '../stores/preview-store.ts'
import { useCandidateChoice } from './use-candidate-choice.ts'
import { useQueryValue } from './use-query-value.ts'

/** Which of the user's own pictures is shown, where the person in it is, and what the chosen candidate answers. */
export function useOwnPictures(runId: () => string) {
  const pictures = usePicturesStore()
  const preview = usePreviewStore()
  const choice = useCandidateChoice()
  const pictureId = useQueryValue('image')
  const boxQuery = useQueryValue('box')

  const picture = computed(
    () => pictures.pictures.find((known) => known.id === pictureId.value) ?? pictures.pictures[0] ?? null,
  )
  const index = computed(() => pictures.pictures.findIndex((known) => known.id === picture.value?.id))
  const box = computed<PictureBox | null>({
    get: () => (boxQuery.value === null ? null : parseBoxText(boxQuery.value)),
    set: (given) => {
      boxQuery.value = given === null ? null : boxText(given)
    },
  })
  const key = computed(() => {
    const { value: candidate } = choice.candidate
    return candidate === null || picture.value === null
      ? ''
      : keyOf(candidate.id, picture.value.id, box.value)
  })
  const said = computed(() => pictures.answers.get(key.value) ?? null)
  const problem = computed(() => pictures.problems.get(key.value) ?? null)
  const isPending = computed(() => pictures.pending.has(key.value))

  watch(
    runId,
    async (id) => {
      // The preview store fetches pictures and label maps of one run at a time.
      await Promise.all([pictures.load(id), preview.runId === id ? undefined : preview.load(id)])
    },
    { immediate: true },
  )
  watch(key, () => ask(), { immediate: true })

  async function ask(again = false): Promise<void> {
    const { value: candidate } = choice.candidate
    if (candidate !== null && picture.value !== null) {
      await pictures.predict({ candidateId: candidate.id, picture: picture.value, box: box.value }, again)
    }
  }

  function show(id: string | null): void {
    pictureId.value = id
    box.value = null
  }

  function turn(by: number): void {
    const count = pictures.pictures.length
    show(pictures.pictures[(index.value + by + count) % Math.max(1, count)]?.id ?? null)
  }

  return { ...choice, picture, index, box, said, problem, isPending, ask, show, turn }
}
