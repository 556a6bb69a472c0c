import { EngineError } from '../../src-main/contract/index.ts'
import { scoringSetOf } from '../../src-main/tasks/score-chunks.ts'
import type { ScoringSet } from '../../src-main/tasks/task.ts'

/** The same images, but one of the last chunk cannot be read. */
export function losingPicture({ count, passes }: ScoringSet): ScoringSet {
  if (passes === undefined) {
    throw new Error('these images are scored in passes')
  }
  return scoringSetOf(count, {
    ...passes,
    chunks: (options) => {
      const chunks = passes.chunks(options)
      return chunks.map((chunk, index) =>
        index < chunks.length - 1
          ? chunk
          : { ...chunk, load: () => Promise.reject(new EngineError('DATASET', 'v105.jpg is gone')) },
      )
    },
  })
}
