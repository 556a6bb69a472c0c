import type { MessagePort } from 'node:worker_threads'
import { toErrorInfo } from '../contract/index.ts'
import { createLanes } from './lanes.ts'
import type { FromPictureThread, PictureThreadData, ToPictureThread } from './loader-thread.types.ts'
import { openRecipe } from './open-dataset.ts'
import { decodeScored, type ScoredPicture } from './scored-pictures.ts'

/** Boxes of one picture come after each other where a detector made them: it is decoded once for them. Passes are longer than this. */
const CACHE_BYTES = 64 * 1024 * 1024

/** In a thread: decodes what is asked for, in the order of the questions as far as several at once allow. */
export function servePictures(port: MessagePort, { recipe, config }: PictureThreadData): void {
  const dataset = openRecipe(recipe, CACHE_BYTES)
  const inLane = createLanes()
  const answer = async ({ id, picture }: ToPictureThread): Promise<void> => {
    try {
      const decoded = await inLane(() => decodeScored(dataset, picture, config))
      const message: FromPictureThread = { kind: 'picture', id, picture: decoded }
      port.postMessage(message, inputsOf(decoded))
    } catch (thrown) {
      const message: FromPictureThread = { kind: 'failed', id, error: toErrorInfo(thrown) }
      port.postMessage(message)
    }
  }
  port.on('message', (question: ToPictureThread) => {
    void answer(question)
  })
}

/** What the network gets moves to the other thread; label maps are copied, because the data set may keep them. */
function inputsOf(decoded: ScoredPicture): ArrayBuffer[] {
  return decoded.kind === 'bottom-up-pose'
    ? decoded.item.views.map(({ input }) => input.buffer as ArrayBuffer)
    : [decoded.item.input.buffer as ArrayBuffer]
}
