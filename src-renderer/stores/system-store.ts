import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'
import type { DoctorReport, SystemStatus } from '../../src-main/contract/index.ts'
import { useEngine } from '../api/engine.ts'

export const useSystemStore = defineStore('system', () => {
  const engine = useEngine()
  const status = shallowRef<SystemStatus | null>(null)
  const report = shallowRef<DoctorReport | null>(null)
  const isExamining = ref(false)

  async function refresh(): Promise<void> {
    status.value = await engine.calls.system.status.query()
  }

  async function examine(): Promise<void> {
    isExamining.value = true
    try {
      report.value = await engine.calls.system.doctor.query()
    } finally {
      isExamining.value = false
    }
  }

  return { status, report, isExamining, refresh, examine }
})
