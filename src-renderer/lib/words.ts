import type { DatasetFacts, RunAttempt, RunPhase, TaskKind } from '../../src-main/contract/index.ts'

/** What people call the values that a configuration or a record writes in one word. */

export const TASK_WORDS: Readonly<Record<TaskKind, string>> = {
  pose: 'pose',
  'bottom-up-pose': 'bottom-up pose',
  segmentation: 'segmentation',
}

export const FORMAT_WORDS: Readonly<Record<DatasetFacts['format'], string>> = {
  drawn: 'drawn',
  coco: 'COCO',
  crowdpose: 'CrowdPose',
  mpii: 'MPII',
  cityscapes: 'Cityscapes',
  camvid: 'CamVid',
  folder: 'pictures with index PNGs',
}

const BACKEND_WORDS: Readonly<Record<string, string>> = {
  tensorflow: 'TensorFlow',
  wasm: 'WebAssembly',
  webgpu: 'WebGPU',
}
const DEVICE_WORDS: Readonly<Record<string, string>> = { cpu: 'CPU', gpu: 'GPU' }

/** 'wasm' → 'WebAssembly'; a name that is not known stays as it is. */
export function backendWord(backend: string): string {
  return BACKEND_WORDS[backend] ?? backend
}

/** 'cpu' → 'CPU'; the name of a card stays as it is. */
export function deviceWord(device: string): string {
  return DEVICE_WORDS[device] ?? device
}

const CHOICE_WORDS: Readonly<Record<string, string>> = {
  ...BACKEND_WORDS,
  auto: 'automatic',
  adam: 'Adam',
  sgd: 'SGD',
  step: 'in steps',
  poly: 'polynomial',
  grouped: 'by groups',
  skipIdle: 'left alone',
  zeroGradient: 'zero gradient',
  cheap: 'cost, cheapest stay',
  crowding: 'crowding distance',
  cityscapes: 'Cityscapes',
  pck: 'PCK',
  ap: 'OKS AP',
}

/** A choice of the form in words; one that is a plain word already stays as it is. */
export function choiceWord(value: string): string {
  return CHOICE_WORDS[value] ?? value
}

const PART_WORDS: Readonly<Record<RunPhase, string>> = {
  prepare: 'the start',
  teacher: 'the teacher',
  supernet: 'the super-network',
  search: 'the search',
  report: 'the report',
}

/** Where an attempt went on: 'from the start', 'from the super-network, iteration 200'. */
export function attemptStart({
  fromPhase,
  fromIteration,
}: Pick<RunAttempt, 'fromPhase' | 'fromIteration'>): string {
  const iteration = fromIteration > 0 ? `, iteration ${fromIteration.toLocaleString('en')}` : ''
  return `from ${PART_WORDS[fromPhase]}${iteration}`
}

const OUTCOME_WORDS: Readonly<Record<NonNullable<RunAttempt['outcome']>, string>> = {
  running: 'running',
  completed: 'done',
  failed: 'failed',
  stopped: 'stopped',
  crashed: 'interrupted',
}

/** How an attempt ended, in the words of the chips. */
export function outcomeWord(outcome: RunAttempt['outcome']): string {
  return outcome === null ? 'ended' : OUTCOME_WORDS[outcome]
}
