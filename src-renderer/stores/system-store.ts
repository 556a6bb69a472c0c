import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'
import type { DoctorReport, SystemStatus } from '../../src-main/contract/index.ts'
import { useEngine } from '../api/engine.ts'
import { errorInfoOf } from '../api/error-info.ts'

export const useSystemStore = defineStore('system', () => {
  const engine = useEngine()
  const status = shallowRef<SystemStatus | null>(null)
  const report = shallowRef<DoctorReport | null>(null)
  const isExamining = ref(false)
  /** Why the last look at everything has no report. */
  const problem = ref<string | null>(null)

  async function refresh(): Promise<void> {
    status.value = await engine.calls.system.status.query()
  }

  async function examine(): Promise<void> {
    isExamining.value = true
    try {
      report.value = await engine.calls.system.doctor.query()
      problem.value = null
    } catch (thrown) {
      problem.value = errorInfoOf(thrown).message
    } finally {
      isExamining.value = false
    }
  }

  return { status, report, isExamining, problem, refresh, examine }
})
