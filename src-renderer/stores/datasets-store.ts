import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'
import type { RegisteredDataset } from '../../src-main/contract/index.ts'
import { useEngine } from '../api/engine.ts'

export const useDatasetsStore = defineStore('datasets', () => {
  const engine = useEngine()
  const datasets = shallowRef<readonly RegisteredDataset[]>([])
  const isLoaded = ref(false)
  const isAdding = ref(false)

  async function load(): Promise<void> {
    datasets.value = await engine.calls.datasets.list.query()
    isLoaded.value = true
  }

  /** @throws EngineError DATASET with the reason, if the folder cannot be used. */
  async function add(path: string): Promise<RegisteredDataset> {
    isAdding.value = true
    try {
      const added = await engine.calls.datasets.add.mutate({ path })
      await load()
      return added
    } finally {
      isAdding.value = false
    }
  }

  /** Forgets the dataset; its images stay where they are. */
  async function remove(id: string): Promise<void> {
    await engine.calls.datasets.remove.mutate({ id })
    await load()
  }

  return { datasets, isLoaded, isAdding, load, add, remove }
})
