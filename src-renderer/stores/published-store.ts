import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import type { PublishedResults } from '../../src-main/contract/index.ts'
import { useEngine } from '../api/engine.ts'

/** Results of publications; they belong to the program and are asked for once. */
export const usePublishedStore = defineStore('published', () => {
  const engine = useEngine()
  const results = shallowRef<PublishedResults | null>(null)

  async function load(): Promise<void> {
    results.value ??= await engine.calls.published.list.query()
  }

  return { results, load }
})
