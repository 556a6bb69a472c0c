import type { ToDevice } from './device-protocol.ts'

/** The way to a device that computes in the order in which it is told. */
export interface DeviceChannel {
  post(message: ToDevice): void
  /** The first bytes of a buffer, after everything that was posted before. @throws DeviceReadError */
  read(buffer: number, bytes: number): Promise<ArrayBuffer>
  /** The same, asleep until it is there. */
  readSync(buffer: number, bytes: number): ArrayBuffer
  close(): Promise<void>
}

/** The device failed at something since the last read; it goes on afterwards. */
export class DeviceReadError extends Error {
  /** Buffers that could not be made. */
  readonly brokenBuffers: readonly number[]

  constructor(reason: string, brokenBuffers: readonly number[]) {
    super(reason)
    this.brokenBuffers = brokenBuffers
  }
}
