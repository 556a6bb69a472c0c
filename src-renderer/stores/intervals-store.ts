import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'
import type { MemberInterval } from '../../src-main/contract/index.ts'
import { useEngine } from '../api/engine.ts'

type IntervalMap = ReadonlyMap<string, MemberInterval>

/** How certain the scores of the open run's front members and reference rows are, by candidate id. */
export const useIntervalsStore = defineStore('intervals', () => {
  const engine = useEngine()
  const runId = ref<string | null>(null)
  const search = shallowRef<IntervalMap>(new Map())
  const report = shallowRef<IntervalMap>(new Map())

  /** Those of before stay until the new ones are there, unless they are of another run. */
  async function load(id: string): Promise<void> {
    if (runId.value !== id) {
      runId.value = id
      search.value = new Map()
      report.value = new Map()
    }
    const [onSearch, onReport] = await Promise.all([
      engine.calls.candidates.intervals.query({ runId: id, split: 'search' }),
      engine.calls.candidates.intervals.query({ runId: id, split: 'report' }),
    ])
    if (runId.value === id) {
      search.value = byCandidate(onSearch.members)
      report.value = byCandidate(onReport.members)
    }
  }

  return { runId, search, report, load }
})

function byCandidate(members: readonly MemberInterval[]): IntervalMap {
  return new Map(members.map((member) => [member.candidateId, member]))
}
