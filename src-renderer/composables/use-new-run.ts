import { computed, ref, shallowRef, watch } from 'vue'
import { servesTask } from '../../src-main/contract/index.ts'
import type {
  CostEstimate,
  PreflightResult,
  Preset,
  RunRequest,
  TaskKind,
} from '../../src-main/contract/index.ts'
import { useEngine } from '../api/engine.ts'
import { errorInfoOf } from '../api/error-info.ts'
import { overridesBetween } from '../lib/config-paths.ts'
import type { JsonValue } from '../lib/config-paths.ts'
import { newRunId } from '../lib/new-run-id.ts'
import { checkForm, datasetOverrides, textOf } from '../lib/run-form.ts'
import type { CheckedForm } from '../lib/run-form.ts'
import { useDatasetsStore } from '../stores/datasets-store.ts'
import { usePresetsStore } from '../stores/presets-store.ts'

/** A pause in typing, after which the formula is asked again. */
const SETTLE_MS = 250

/** State and verbs of the New run form. The run id is made once a form, so that a repeated click is the same run. */
export function useNewRun() {
  const engine = useEngine()
  const presets = usePresetsStore()
  const datasets = useDatasetsStore()

  const id = ref(newRunId())
  const name = ref('')
  const presetName = ref('micro-pose')
  const datasetId = ref<string | null>(null)
  const texts = ref<Readonly<Record<string, string>>>({})
  const cloned = shallowRef<Readonly<Record<string, JsonValue>>>({})

  const preset = computed<Preset | null>(() => presets.byName(presetName.value) ?? presets.presets[0] ?? null)
  const task = computed<TaskKind>(() => preset.value?.config.task ?? 'pose')
  const dataset = computed(() => datasets.datasets.find((item) => item.id === datasetId.value) ?? null)
  const given = computed(() => ({
    ...cloned.value,
    ...(dataset.value === null ? {} : datasetOverrides(dataset.value.facts)),
  }))
  const input = computed(() =>
    preset.value === null ? null : { preset: preset.value, texts: texts.value, given: given.value },
  )
  const checked = computed(() => (input.value === null ? null : checkForm(input.value)))
  const defaultName = computed(() => `${presetName.value}-${id.value.slice(2, 6)}`)
  const request = computed(() =>
    requestOf(checked.value, {
      id: id.value,
      name: name.value.trim() || defaultName.value,
      preset: preset.value?.name ?? presetName.value,
    }),
  )
  const costs = useRunCosts(request)

  function choosePreset(chosen: string): void {
    presetName.value = chosen
    texts.value = {}
    cloned.value = {}
    if (dataset.value !== null && !servesTask(dataset.value.facts, task.value)) {
      datasetId.value = null
    }
  }

  /** Fills the form from an earlier run. */
  async function cloneRun(runId: string): Promise<void> {
    const run = await engine.calls.runs.get.query({ id: runId })
    choosePreset(run.preset)
    const base = presets.byName(run.preset)
    cloned.value = base === undefined ? {} : overridesBetween(base.config, run.config)
    name.value = `${run.name}-2`
  }

  function setText(path: string, text: string): void {
    texts.value = { ...texts.value, [path]: text }
  }

  function fieldValue(path: string): string {
    return input.value === null ? '' : textOf(input.value, path)
  }

  return {
    ...{ id, name, defaultName, presetName, preset, task, datasetId, dataset, checked, request },
    ...{ choosePreset, cloneRun, setText, fieldValue },
    ...costs,
  }
}

/** What would be sent; null while a field is wrong. */
function requestOf(checked: CheckedForm | null, named: Omit<RunRequest, 'overrides'>): RunRequest | null {
  return checked === null || Object.keys(checked.problems).length > 0
    ? null
    : { ...named, overrides: checked.overrides }
}

/** Cost by formula while somebody types, and the preflight of exactly what is filled in. */
function useRunCosts(request: { readonly value: RunRequest | null }) {
  const engine = useEngine()
  const estimate = shallowRef<CostEstimate | null>(null)
  const estimateProblem = ref<string | null>(null)
  const preflight = shallowRef<PreflightResult | null>(null)
  const isChecking = ref(false)
  let timer: ReturnType<typeof setTimeout> | undefined

  watch(
    () => JSON.stringify([request.value?.preset, request.value?.overrides]),
    () => {
      preflight.value = null
      clearTimeout(timer)
      timer = setTimeout(() => void askEstimate(), SETTLE_MS)
    },
    { immediate: true },
  )

  async function askEstimate(): Promise<void> {
    const asked = request.value
    if (asked === null) {
      return
    }
    const answer = await engine.calls.runs.estimate.query(asked).then(
      (cost) => ({ cost, problem: null }),
      (thrown: unknown) => ({ cost: null, problem: errorInfoOf(thrown).message }),
    )
    if (request.value === asked) {
      // Of a form that is refused there is no cost; the one before would stand beside another network.
      estimate.value = answer.cost
      estimateProblem.value = answer.problem
    }
  }

  async function check(): Promise<PreflightResult | null> {
    const asked = request.value
    if (asked === null) {
      return null
    }
    isChecking.value = true
    try {
      const result = await engine.calls.runs.preflight.mutate(asked)
      if (JSON.stringify(request.value) === JSON.stringify(asked)) {
        preflight.value = result
        estimate.value = result.cost
      }
      return result
    } finally {
      isChecking.value = false
    }
  }

  return { estimate, estimateProblem, preflight, isChecking, check }
}
