import type { EvaluationSession, Supernet } from '../supernet/supernet.ts'
import type { RunContext } from './run-context.ts'
import { finishedCheckpoint, loadSupernet } from './supernet-files.ts'

interface Opened {
  readonly supernet: Supernet
  readonly session: EvaluationSession
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
      this.#opened = { supernet, session: supernet.openEvaluation() }
      this.#file = checkpoint.weightsFile
    }
    return this.#opened
  }

  close(): void {
    this.#opened?.session.close()
    this.#opened?.supernet.dispose()
    this.#opened = null
    this.#file = ''
  }
}
