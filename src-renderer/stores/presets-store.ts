import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import type { Preset } from '../../src-main/contract/index.ts'
import { useEngine } from '../api/engine.ts'

export const usePresetsStore = defineStore('presets', () => {
  const engine = useEngine()
  const presets = shallowRef<readonly Preset[]>([])

  async function load(): Promise<void> {
    presets.value = await engine.calls.presets.list.query()
  }

  function byName(name: string): Preset | undefined {
    return presets.value.find((preset) => preset.name === name)
  }

  return { presets, load, byName }
})
