import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'
import { EngineError, MOST_PICTURE_BYTES } from '../../src-main/contract/index.ts'
import type { OwnPicture, OwnPictureAnswer, PictureBox } from '../../src-main/contract/index.ts'
import { useEngine } from '../api/engine.ts'
import { errorInfoOf } from '../api/error-info.ts'
import { formatBytes } from '../lib/format-quantity.ts'

/** A picture as it comes from a dialog, a drop or a file field; content null where it could not be read. */
export interface PictureFile {
  readonly name: string
  readonly bytes: number
  readonly content: Blob | null
}

/** Why a file is not among the pictures. */
export interface PictureRefusal {
  readonly name: string
  readonly reason: string
}

/** Pictures of the user's own in the open run, and what candidates answer. Every question is asked once. */
export const usePicturesStore = defineStore('pictures', () => {
  const engine = useEngine()
  const runId = ref<string | null>(null)
  const pictures = shallowRef<readonly OwnPicture[]>([])
  const isLoaded = ref(false)
  const isAdding = ref(false)
  const refusals = shallowRef<readonly PictureRefusal[]>([])
  const answers = shallowRef<ReadonlyMap<string, OwnPictureAnswer>>(new Map())
  const problems = shallowRef<ReadonlyMap<string, string>>(new Map())
  const pending = shallowRef<ReadonlySet<string>>(new Set())

  async function load(id: string): Promise<void> {
    if (runId.value !== id) {
      runId.value = id
      pictures.value = []
      isLoaded.value = false
      refusals.value = []
      answers.value = new Map()
      problems.value = new Map()
    }
    const found = await engine.calls.pictures.list.query({ runId: id })
    if (runId.value === id) {
      pictures.value = found
      isLoaded.value = true
    }
  }

  /** Takes files in, one after another; those that are refused are named. @returns what was taken. */
  async function add(files: readonly PictureFile[]): Promise<readonly OwnPicture[]> {
    const id = runId.value
    if (id === null || files.length === 0) {
      return []
    }
    isAdding.value = true
    const refused: PictureRefusal[] = []
    const taken: OwnPicture[] = []
    try {
      for (const file of files) {
        try {
          taken.push(await engine.sendPicture(id, file.name, requireContent(file)))
        } catch (thrown) {
          refused.push({ name: file.name, reason: reasonOf(thrown, file.name) })
        }
      }
      await load(id)
    } finally {
      isAdding.value = false
      refusals.value = refused
    }
    return taken
  }

  /** Asks a candidate once; `again` asks after a failure. */
  async function predict(
    question: { readonly candidateId: string; readonly picture: OwnPicture; readonly box: PictureBox | null },
    again = false,
  ): Promise<void> {
    const { candidateId, picture, box } = question
    const key = keyOf(candidateId, picture.id, box)
    if (answers.value.has(key) || pending.value.has(key) || (problems.value.has(key) && !again)) {
      return
    }
    pending.value = new Set([...pending.value, key])
    try {
      const given = box === null ? null : ([...box] as [number, number, number, number])
      const said = await engine.calls.pictures.predict.mutate({
        ...{ candidateId, pictureId: picture.id, box: given },
      })
      answers.value = new Map([...answers.value, [key, said]])
      problems.value = new Map([...problems.value].filter(([known]) => known !== key))
      pictures.value = pictures.value.map((known) => (known.id === picture.id ? said.picture : known))
    } catch (thrown) {
      await keepProblem(key, picture, thrown)
    } finally {
      pending.value = new Set([...pending.value].filter((known) => known !== key))
    }
  }

  /** The engine does not keep what cannot be decoded; everything else may work the next time. */
  async function keepProblem(key: string, picture: OwnPicture, thrown: unknown): Promise<void> {
    const { code, message } = errorInfoOf(thrown)
    if (code === 'DATASET' || code === 'NOT_FOUND') {
      refusals.value = [{ name: picture.name, reason: reasonOf(thrown, picture.name) }]
      await load(picture.runId)
      return
    }
    problems.value = new Map([...problems.value, [key, message]])
  }

  async function remove(picture: OwnPicture): Promise<void> {
    await engine.calls.pictures.remove.mutate({ runId: picture.runId, pictureId: picture.id })
    await load(picture.runId)
  }

  function dismiss(): void {
    refusals.value = []
  }

  return {
    ...{ runId, pictures, isLoaded, isAdding, refusals, answers, problems, pending },
    ...{ load, add, predict, remove, dismiss },
  }
})

export function keyOf(candidateId: string, pictureId: string, box: PictureBox | null): string {
  return [candidateId, pictureId, ...(box ?? [])].join(' ')
}

/** Messages begin with the name of the file, which stands before them already. */
function reasonOf(thrown: unknown, name: string): string {
  const { message } = errorInfoOf(thrown)
  return message.startsWith(`${name}: `) ? message.slice(name.length + 2) : message
}

/** @throws EngineError BAD_REQUEST before anything is sent. */
function requireContent({ bytes, content }: PictureFile): Blob {
  if (bytes > MOST_PICTURE_BYTES) {
    const most = formatBytes(MOST_PICTURE_BYTES)
    throw new EngineError('BAD_REQUEST', `it has ${formatBytes(bytes)}; at most ${most} are taken`)
  }
  if (content === null) {
    throw new EngineError('BAD_REQUEST', 'it cannot be read')
  }
  return content
}
