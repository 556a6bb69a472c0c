import { Worker } from 'node:worker_threads'
import { EngineError, fromErrorInfo } from '../contract/index.ts'
import type { Dataset } from './dataset.ts'
import type { FromPictureThread, PictureThreadData, ToPictureThread } from './loader-thread.types.ts'
import {
  itemOf,
  recipeOfScored,
  type ItemOf,
  type PictureOf,
  type ScoredKind,
  type ScoredPicture,
  type ScoredSize,
} from './scored-pictures.ts'

export interface PictureThreadsOptions {
  readonly dataset: Dataset
  readonly config: ScoredSize
  /** Where loader-thread.ts (or its built form) lies. */
  readonly threadUrl: URL
  readonly threads: number
}

/**
 * Decodes pictures to be scored beside the thread that computes: what was asked for is worked on while that one is inside an operation.
 * Pictures are those of `decodeScored`, to the bit, whichever thread made them.
 */
export class PictureThreads {
  readonly #options: PictureThreadsOptions
  /** Started when the first picture is asked for, and anew if they have failed. */
  #threads: PictureThread[] = []
  #asked = 0
  #isClosed = false

  constructor(options: PictureThreadsOptions) {
    this.#options = options
  }

  /**
   * @throws EngineError DATASET if the picture cannot be read, INTERNAL if its thread ended before it answered (the next call starts
   * another), CONFLICT after `close()`.
   */
  async decode<Kind extends ScoredKind>(
    picture: PictureOf<Kind> & { readonly kind: Kind },
  ): Promise<ItemOf<Kind>> {
    if (this.#isClosed) {
      throw new EngineError('CONFLICT', 'the threads that decode pictures are closed')
    }
    if (this.#threads.length === 0) {
      this.#threads = this.#open()
    }
    const thread = this.#threads[this.#asked++ % this.#threads.length]
    if (thread === undefined) {
      throw new RangeError(`pictures need a thread at least, not ${String(this.#options.threads)}`)
    }
    return itemOf(await thread.decode(picture), picture.kind)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all(this.#threads.map((thread) => thread.close()))
  }

  #open(): PictureThread[] {
    const { dataset, config, threadUrl, threads } = this.#options
    const { network, pose } = config
    const workerData: PictureThreadData = {
      kind: 'pictures',
      recipe: recipeOfScored(dataset),
      config: {
        network: { inputHeight: network.inputHeight, inputWidth: network.inputWidth },
        pose: { sigma: pose.sigma },
      },
    }
    return Array.from({ length: threads }, (_, index) => {
      const worker = new Worker(threadUrl, { workerData, name: `picture thread ${String(index + 1)}` })
      const thread = new PictureThread(worker, () => {
        this.#threads = this.#threads.filter((other) => other !== thread)
      })
      return thread
    })
  }
}

interface Waiter {
  readonly resolve: (picture: ScoredPicture) => void
  readonly reject: (error: EngineError) => void
}

class PictureThread {
  readonly #worker: Worker
  readonly #onEnd: () => void
  readonly #waiting = new Map<number, Waiter>()
  #next = 0

  constructor(worker: Worker, onEnd: () => void) {
    this.#worker = worker
    this.#onEnd = onEnd
    // An idle thread keeps no process alive.
    worker.unref()
    worker.on('message', (message: FromPictureThread) => {
      this.#answer(message)
    })
    worker.on('error', (error) => {
      const reason = error instanceof Error ? error.message : String(error)
      this.#fail(new EngineError('INTERNAL', `a thread that decodes pictures failed: ${reason}`))
    })
    worker.on('exit', (code) => {
      this.#fail(
        new EngineError('INTERNAL', `a thread that decodes pictures ended with code ${String(code)}`),
      )
    })
  }

  decode(picture: ToPictureThread['picture']): Promise<ScoredPicture> {
    const id = this.#next++
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#worker.ref()
      const message: ToPictureThread = { id, picture }
      this.#worker.postMessage(message)
    })
  }

  async close(): Promise<void> {
    this.#fail(new EngineError('CONFLICT', 'the threads that decode pictures are closed'))
    await this.#worker.terminate()
  }

  #answer(message: FromPictureThread): void {
    const waiter = this.#waiting.get(message.id)
    this.#waiting.delete(message.id)
    if (this.#waiting.size === 0) {
      this.#worker.unref()
    }
    if (message.kind === 'failed') {
      waiter?.reject(fromErrorInfo(message.error))
    } else {
      waiter?.resolve(message.picture)
    }
  }

  #fail(error: EngineError): void {
    this.#onEnd()
    for (const { reject } of this.#waiting.values()) {
      reject(error)
    }
    this.#waiting.clear()
  }
}
