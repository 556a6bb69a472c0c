import { ref, shallowRef, watch } from 'vue'
import type { Ref } from 'vue'
import type { CandidateRow, GenerationRow, RunDetails } from '../../src-main/contract/index.ts'
import { useEngine } from '../api/engine.ts'
import { errorInfoOf } from '../api/error-info.ts'

/** One run of a comparison with all that is compared. */
export interface ComparedRun {
  readonly run: RunDetails
  readonly rows: readonly CandidateRow[]
  readonly generations: readonly GenerationRow[]
}

export interface ComparedRuns {
  /** In the order of the address; runs that are gone are left out. */
  readonly runs: Readonly<Ref<readonly ComparedRun[]>>
  readonly isLoaded: Readonly<Ref<boolean>>
}

/** Reads the runs of a comparison; finished ones do not change, running ones are read again when the choice changes. */
export function useComparedRuns(ids: () => readonly string[]): ComparedRuns {
  const { calls } = useEngine()
  const runs = shallowRef<readonly ComparedRun[]>([])
  const isLoaded = ref(false)

  async function read(id: string): Promise<readonly ComparedRun[]> {
    try {
      const [run, { rows, generations }] = await Promise.all([
        calls.runs.get.query({ id }),
        calls.candidates.list.query({ runId: id }),
      ])
      return [{ run, rows, generations }]
    } catch (thrown) {
      if (errorInfoOf(thrown).code === 'NOT_FOUND') {
        return []
      }
      throw thrown
    }
  }

  watch(
    () => ids().join(' '),
    async (wanted) => {
      const found = await Promise.all(ids().map(read))
      if (wanted === ids().join(' ')) {
        runs.value = found.flat()
        isLoaded.value = true
      }
    },
    { immediate: true },
  )
  return { runs, isLoaded }
}
