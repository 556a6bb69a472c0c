import type { RefusalCode } from '../../contract/index.ts'

/**
 * What the device thread is told: plain buffers and dispatches, in order. It knows no tensor and no kernel of ours, so everything that
 * can be wrong about them is found out, and thrown, where the kernels are called.
 */
export type DeviceCommand =
  | readonly [kind: 'create', buffer: number, bytes: number]
  | readonly [kind: 'destroy', buffer: number]
  | readonly [kind: 'write', buffer: number, data: Uint8Array<ArrayBuffer>]
  | readonly [kind: 'pipeline', pipeline: number, program: PipelineSource]
  | readonly [
      kind: 'run',
      pipeline: number,
      buffers: readonly number[],
      parameters: readonly number[],
      groups: readonly [number, number, number],
    ]

export interface PipelineSource {
  readonly name: string
  readonly code: string
  /** Storage buffers that it only reads come first, those that it writes after them, then one uniform buffer. */
  readonly reads: number
  readonly writes: number
}

export type ToDevice =
  | { readonly kind: 'commands'; readonly commands: readonly DeviceCommand[] }
  /** Answered, also after an error, when everything before it is done. */
  | { readonly kind: 'read'; readonly request: number; readonly buffer: number; readonly bytes: number }

export type FromDevice =
  | { readonly kind: 'opened'; readonly facts: DeviceFacts }
  | { readonly kind: 'refused'; readonly code: RefusalCode; readonly reason: string }
  | { readonly kind: 'data'; readonly request: number; readonly data: ArrayBuffer }
  | {
      readonly kind: 'failed'
      readonly request: number
      readonly reason: string
      /** Buffers that there was no memory for: they exist by name only. */
      readonly brokenBuffers: readonly number[]
    }

/** What stands between a machine and this backend, in order. */
export const OPENING_STEPS = ['package', 'adapter', 'self-test'] as const
type OpeningStep = (typeof OPENING_STEPS)[number]

/** Where each refusal stops. */
export const STEP_OF: Readonly<Record<RefusalCode, OpeningStep>> = {
  'not-installed': 'package',
  'no-native-part': 'package',
  'does-not-load': 'package',
  'no-adapter': 'adapter',
  'software-adapter': 'adapter',
  'no-device': 'adapter',
  // A driver that crashes does so when the adapter is asked for, or its programs are compiled.
  'no-answer': 'adapter',
  'self-test-failed': 'self-test',
}

export interface DeviceFacts {
  /** Of the package. */
  readonly version: string
  readonly name: string
  /** Bytes of the largest tensor. */
  readonly largestBuffer: number
}

/** Bytes of the parameters of one dispatch; uniform offsets are multiples of this on every adapter. */
export const PARAMETER_BYTES = 256
export const MOST_PARAMETERS = PARAMETER_BYTES / 4

export interface DeviceThreadData<Port> {
  readonly port: Port
  /** Counts answers, so that the other side can sleep until one is there. */
  readonly answers: SharedArrayBuffer
  readonly allowsSoftware: boolean
}
