import type { BackendName } from './config.ts'

/** Why a machine cannot compute with a backend; who decides goes by these, the reason is for people. */
export const REFUSAL_CODES = [
  /** The package is not there; some are optional. */
  'not-installed',
  /** The package is there, its native library was not built or fetched yet. */
  'no-native-part',
  /** Package or library are there and do not load. */
  'does-not-load',
  /** The driver lists no adapter. */
  'no-adapter',
  /** The adapter computes on the CPU, where other backends are faster. */
  'software-adapter',
  /** The adapter is a GPU and opens no device. */
  'no-device',
  /** It computes wrong numbers. */
  'self-test-failed',
  /** The process that tried it ended, or failed in a way that nothing else here names. */
  'no-answer',
] as const

export type RefusalCode = (typeof REFUSAL_CODES)[number]

export interface BackendRefusal {
  readonly backend: BackendName
  readonly code: RefusalCode
  /** On one line, without the name of the backend. */
  readonly reason: string
}

/** "webgpu: REASON". */
export function describeRefusal({ backend, reason }: BackendRefusal): string {
  return `${backend}: ${reason}`
}

/** Refusals of a machine that simply has no such hardware or was not given the optional package: no defect of anything. */
const ABSENCES: readonly RefusalCode[] = ['not-installed', 'no-adapter', 'software-adapter']

/** A machine without a GPU for WebGPU is nothing to remark on; one whose GPU computes wrong numbers is. */
export function isUsualAbsence({ backend, code }: BackendRefusal): boolean {
  return backend === 'webgpu' && ABSENCES.includes(code)
}
