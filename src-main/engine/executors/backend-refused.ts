import { describeRefusal, EngineError } from '../../contract/index.ts'
import type { BackendName, BackendRefusal } from '../../contract/index.ts'
import { toEngineError } from '../../store/storage-error.ts'

/** A worker that could open none of the backends that it was asked for; it knows of each why. */
export class BackendRefusedError extends EngineError {
  readonly refusals: readonly BackendRefusal[]

  constructor(refusals: readonly BackendRefusal[], details: readonly string[] = []) {
    const reasons = refusals.map(describeRefusal).join(' | ')
    super('MISSING_PART', `No compute backend can be used: ${reasons}. ${adviceOn(refusals)}`, details)
    this.refusals = refusals
  }
}

/** What was thrown when this backend was tried, as its refusal: any other failure of the worker is one without an answer. */
export function toRefusal(thrown: unknown, backend: BackendName): BackendRefusal {
  const refusals = thrown instanceof BackendRefusedError ? thrown.refusals : []
  return (
    refusals.find((refusal) => refusal.backend === backend) ?? {
      ...{ backend, code: 'no-answer', reason: toEngineError(thrown).message },
    }
  )
}

function adviceOn(refusals: readonly BackendRefusal[]): string {
  // `npm run setup` brings no driver of a GPU.
  return refusals.every(({ backend }) => backend === 'webgpu')
    ? 'docs/gpu.md says what WebGPU needs; compute.backend=auto takes what this machine has.'
    : 'Run "npm run setup".'
}
