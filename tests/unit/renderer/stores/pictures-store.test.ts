import { createPinia, setActivePinia } from 'pinia'
import { createApp } from 'vue'
import { beforeEach, describe, expect, it } from 'vitest'
import { EngineError, MOST_PICTURE_BYTES } from '../../../../src-main/contract/index.ts'
import type { OwnPicture, OwnPictureAnswer } from '../../../../src-main/contract/index.ts'
import { ENGINE } from '../../../../src-renderer/api/engine.ts'
import { keyOf, usePicturesStore } from '../../../../src-renderer/stores/pictures-store.ts'
import { createFakeEngine } from '../support/fake-engine.ts'
import { RUN_ID } from '../support/sample-run.ts'

const PICTURE: OwnPicture = {
  ...{ id: '0123456789ab', runId: RUN_ID, name: 'me.jpg', bytes: 3, addedAt: 1 },
  ...{ width: null, height: null, sample: null },
}
const SAMPLE = {
  ...{ id: PICTURE.id, runId: RUN_ID, split: null, width: 4, height: 4, imagePath: '/image' },
  ...{ truthKeypoints: null, truthLabelPath: null, box: null },
}
const ANSWER: OwnPictureAnswer = {
  candidateId: 'c',
  picture: { ...PICTURE, width: 4, height: 4, sample: SAMPLE },
  box: null,
  prediction: { kind: 'pose', sampleId: PICTURE.id, keypoints: [], pck: null },
  backend: 'wasm',
}

function open() {
  const fake = createFakeEngine()
  const app = createApp({}).use(createPinia()).provide(ENGINE, fake.engine)
  const store = app.runWithContext(() => usePicturesStore())
  return { ...fake, store }
}

beforeEach(() => setActivePinia(createPinia()))

describe('pictures of the user’s own', () => {
  it('names what is refused, sends nothing that is too large, and takes the rest', async () => {
    const { store, state, calls } = open()
    await store.load(RUN_ID)
    state.takePicture = (_run, name) => {
      if (name === 'notes.txt') {
        throw new EngineError('BAD_REQUEST', 'notes.txt: picture cannot be decoded')
      }
      state.pictures = [PICTURE]
      return PICTURE
    }
    const content = new Blob(['abc'])
    const taken = await store.add([
      { name: 'huge.tif', bytes: MOST_PICTURE_BYTES + 1, content },
      { name: 'notes.txt', bytes: 3, content },
      { name: 'gone.jpg', bytes: 3, content: null },
      { name: 'me.jpg', bytes: 3, content },
    ])
    expect(taken).toEqual([PICTURE])
    expect(store.refusals).toEqual([
      { name: 'huge.tif', reason: expect.stringMatching(/64.* at most 64/) as string },
      { name: 'notes.txt', reason: 'picture cannot be decoded' },
      { name: 'gone.jpg', reason: 'it cannot be read' },
    ])
    expect(calls.filter((call) => call.startsWith('POST'))).toEqual(['POST notes.txt', 'POST me.jpg'])
    expect(store.pictures).toEqual([PICTURE])
    expect(store.isAdding).toBe(false)
  })

  it('asks each question once, and again only after a failure on demand', async () => {
    const { store, state, calls } = open()
    state.pictures = [PICTURE]
    await store.load(RUN_ID)
    const question = { candidateId: 'c', picture: PICTURE, box: null }
    const key = keyOf('c', PICTURE.id, null)
    state.answerPicture = () => {
      throw new EngineError('WORKER_DIED', 'The worker died.')
    }
    await store.predict(question)
    expect(store.problems.get(key)).toBe('The worker died.')
    await store.predict(question)
    state.answerPicture = () => ANSWER
    await Promise.all([store.predict(question, true), store.predict(question, true)])
    await store.predict(question)
    expect(calls.filter((call) => call === 'pictures.predict')).toHaveLength(2)
    expect(store.answers.get(key)).toEqual(ANSWER)
    expect(store.problems.size).toBe(0)
    expect(store.pictures).toEqual([ANSWER.picture])
    await store.predict({ ...question, box: [1, 2, 3, 4] })
    expect(calls.filter((call) => call === 'pictures.predict')).toHaveLength(3)
  })

  it('drops a picture that the engine could not decode, and says so by name', async () => {
    const { store, state } = open()
    state.pictures = [PICTURE]
    await store.load(RUN_ID)
    state.answerPicture = () => {
      state.pictures = []
      throw new EngineError('DATASET', 'me.jpg: picture cannot be decoded')
    }
    await store.predict({ candidateId: 'c', picture: PICTURE, box: null })
    expect(store.pictures).toEqual([])
    expect(store.refusals).toEqual([{ name: 'me.jpg', reason: 'picture cannot be decoded' }])
    store.dismiss()
    expect(store.refusals).toEqual([])
  })
})
