/** Every refusal or failure that crosses a process carries one of these codes; the message says what was given and what is allowed. */
export const ERROR_CODES = [
  /** The request itself is wrong: a field out of range, an unknown preset or key. CLI exit code 2. */
  'BAD_REQUEST',
  /** No run, candidate, dataset or sample of that name. */
  'NOT_FOUND',
  /** The thing exists but is in a state that does not allow this (delete while running, resume a finished run). */
  'CONFLICT',
  /** A dataset folder or file that cannot be used: missing, malformed, wrong joint count, no usable samples. */
  'DATASET',
  /** The data folder cannot be written, is on a full disk, or its database is damaged. */
  'STORAGE',
  /** A checkpoint that is needed is damaged or gone; a resume trains it again from the one before. */
  'CHECKPOINT',
  /** A needed part is missing: no usable backend, no suitable Node, no Electron. CLI exit code 3. */
  'MISSING_PART',
  /** Loss or gradients became NaN or infinite. */
  'NUMERIC',
  'OUT_OF_MEMORY',
  /** A worker process died; details carry signal, exit code and its last output. */
  'WORKER_DIED',
  /** Stopped on request. */
  'STOPPED',
  'UNAUTHORIZED',
  /** A defect of ours. */
  'INTERNAL',
] as const

export type ErrorCode = (typeof ERROR_CODES)[number]

/** The one error class that crosses boundaries. Inside a message it travels as {@link ErrorInfo}. */
export class EngineError extends Error {
  override readonly name = 'EngineError'
  readonly code: ErrorCode
  /** Extra lines for a person: last output of a worker, list of files left out. */
  readonly details: readonly string[]

  constructor(code: ErrorCode, message: string, details: readonly string[] = []) {
    super(message)
    this.code = code
    this.details = details
  }
}

export interface ErrorInfo {
  readonly code: ErrorCode
  readonly message: string
  readonly details: readonly string[]
}

/** How native libraries, V8 and WebAssembly say that memory ran out. */
const OUT_OF_MEMORY_WORDING =
  /std::bad_alloc|ResourceExhausted|RESOURCE_EXHAUSTED|OOM when allocating|out of memory|Cannot allocate memory|failed to allocate|CUDA_ERROR_OUT_OF_MEMORY|Array buffer allocation failed|WebAssembly heap has no|Cannot enlarge memory|Aborted\(OOM\)/i

export function saysOutOfMemory(text: string): boolean {
  return OUT_OF_MEMORY_WORDING.test(text)
}

/** What helps where memory ran out. */
export const OUT_OF_MEMORY_ADVICE = 'Use a smaller batch, input or width, or fewer search workers.'

/**
 * Makes a plain value of anything thrown; an error that says that memory ran out is named so, any other unknown one becomes INTERNAL
 * with its stack in the details.
 */
export function toErrorInfo(thrown: unknown): ErrorInfo {
  if (thrown instanceof EngineError) {
    return { code: thrown.code, message: thrown.message, details: thrown.details }
  }
  if (thrown instanceof Error && saysOutOfMemory(thrown.message)) {
    return {
      code: 'OUT_OF_MEMORY',
      message: `Memory ran out. ${OUT_OF_MEMORY_ADVICE}`,
      details: [thrown.message, ...(thrown.stack ?? '').split('\n').slice(1)],
    }
  }
  if (thrown instanceof Error) {
    return { code: 'INTERNAL', message: thrown.message, details: (thrown.stack ?? '').split('\n').slice(1) }
  }
  return { code: 'INTERNAL', message: String(thrown), details: [] }
}

export function fromErrorInfo(info: ErrorInfo): EngineError {
  return new EngineError(info.code, info.message, info.details)
}
