import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import type { CandidateDetails, CandidateRow, GenerationRow } from '../../src-main/contract/index.ts'
import { useEngine } from '../api/engine.ts'
import { candidateFront } from '../lib/candidate-front.ts'

/** The candidates of the run that is open. */
export const useCandidatesStore = defineStore('candidates', () => {
  const engine = useEngine()
  const runId = ref<string | null>(null)
  const rows = shallowRef<readonly CandidateRow[]>([])
  const generations = shallowRef<readonly GenerationRow[]>([])
  const details = shallowRef<ReadonlyMap<string, CandidateDetails>>(new Map())
  const isLoaded = ref(false)

  const evaluated = computed(() => rows.value.filter((row) => row.accuracy !== null))
  const front = computed(() => candidateFront(rows.value))
  const frontIds = computed(() => new Set(front.value.map((row) => row.id)))

  async function load(id: string): Promise<void> {
    if (runId.value !== id) {
      clear(id)
    }
    const answer = await engine.calls.candidates.list.query({ runId: id })
    if (runId.value === id) {
      rows.value = answer.rows
      generations.value = answer.generations
      isLoaded.value = true
    }
  }

  function clear(id: string | null): void {
    runId.value = id
    rows.value = []
    generations.value = []
    details.value = new Map()
    isLoaded.value = false
  }

  function applyRows(changed: readonly CandidateRow[]): void {
    const byId = new Map(rows.value.map((row) => [row.id, row]))
    for (const row of changed) {
      if (row.runId === runId.value) {
        byId.set(row.id, row)
      }
    }
    rows.value = [...byId.values()].toSorted((a, b) => a.number - b.number)
  }

  function applyGeneration(closed: GenerationRow): void {
    const others = generations.value.filter((row) => row.generation !== closed.generation)
    generations.value = [...others, closed].toSorted((a, b) => a.generation - b.generation)
  }

  /** Genotype and all; fetched once a candidate. */
  async function loadDetails(id: string): Promise<CandidateDetails> {
    const known = details.value.get(id)
    if (known !== undefined) {
      return known
    }
    const fetched = await engine.calls.candidates.get.query({ id })
    details.value = new Map([...details.value, [id, fetched]])
    return fetched
  }

  function byNumber(number: number): CandidateRow | null {
    return rows.value.find((row) => row.number === number) ?? null
  }

  return {
    runId,
    rows,
    generations,
    details,
    isLoaded,
    evaluated,
    front,
    frontIds,
    load,
    clear,
    applyRows,
    applyGeneration,
    loadDetails,
    byNumber,
  }
})
