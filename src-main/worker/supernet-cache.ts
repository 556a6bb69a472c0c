import type { EvaluateJob } from '../contract/index.ts'
import type { EvaluationSession, Supernet } from '../supernet/supernet.ts'
import { KeptValues } from '../training/kept-values.ts'
import type { RunContext } from './run-context.ts'
import { readFinishedWeights, toSupernet } from './supernet-files.ts'
import type { LossListener } from './supernet-files.ts'

interface Opened {
  readonly supernet: Supernet
  readonly session: EvaluationSession
  /** Of the search split: candidates of later leases share with those of earlier ones. */
  readonly kept: KeptValues
}

/** The trained super-network that evaluation and prediction jobs share, or the teacher; a worker holds one at a time. */
export class SupernetCache {
  #key = ''
  #opened: Opened | null = null

  /** @throws EngineError CHECKPOINT if its weights are not whole; `listener` is told which file. */
  open(
    { runFolder, checkpoints: known, weights }: Pick<EvaluateJob, 'runFolder' | 'checkpoints' | 'weights'>,
    run: RunContext,
    listener: LossListener,
  ): Opened {
    const phase = weights ?? 'supernet'
    const key = JSON.stringify([runFolder, phase])
    if (this.#opened === null || this.#key !== key) {
      this.close()
      const weights = readFinishedWeights({ runFolder, phase, known }, run, listener)
      const supernet = toSupernet(run, weights)
      const session = supernet.openEvaluation()
      this.#opened = { supernet, session, kept: new KeptValues(supernet.kernels) }
      this.#key = key
    }
    return this.#opened
  }

  /** Gives the memory of kept values back to work of another kind. */
  releaseKept(): void {
    this.#opened?.kept.clear()
  }

  close(): void {
    this.#opened?.kept.clear()
    this.#opened?.session.close()
    this.#opened?.supernet.dispose()
    this.#opened = null
    this.#key = ''
  }
}
