import type { EvaluationSession, Supernet } from '../supernet/supernet.ts'
import { KeptValues } from '../training/kept-values.ts'
import type { RunContext } from './run-context.ts'
import { finishedCheckpoint, loadSupernet } from './supernet-files.ts'

interface Opened {
  readonly supernet: Supernet
  readonly session: EvaluationSession
  /** Of the search split: candidates of later leases share with those of earlier ones. */
  readonly kept: KeptValues
}

/** The trained super-network that evaluation and prediction jobs share; a worker holds one at a time. */
export class SupernetCache {
  #file = ''
  #opened: Opened | null = null

  open(runFolder: string, run: RunContext): Opened {
    const checkpoint = finishedCheckpoint(runFolder, 'supernet', run.iterations('supernet').total)
    if (this.#opened === null || this.#file !== checkpoint.weightsFile) {
      this.close()
      const supernet = loadSupernet(run, checkpoint)
      const session = supernet.openEvaluation()
      this.#opened = { supernet, session, kept: new KeptValues(supernet.kernels) }
      this.#file = checkpoint.weightsFile
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
    this.#file = ''
  }
}
