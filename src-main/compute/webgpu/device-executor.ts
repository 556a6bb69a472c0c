import { COMPUTE_STAGE, MAP_READ, USAGE } from './dawn.types.ts'
import type {
  GpuBuffer,
  GpuComputePass,
  GpuDevice,
  GpuEncoder,
  GpuLayoutEntry,
  GpuOpaque,
} from './dawn.types.ts'
import { PARAMETER_BYTES } from './device-protocol.ts'
import type { DeviceCommand, PipelineSource } from './device-protocol.ts'

/** Dispatches whose parameters fit into the uniform buffer; more are submitted in several pieces. */
const MOST_DISPATCHES = 1024

interface Pipeline {
  readonly pipeline: GpuOpaque
  readonly layout: GpuOpaque
}

/** What went wrong on the device since the last answer. */
export class DeviceFailure extends Error {
  readonly brokenBuffers: readonly number[]

  constructor(reason: string, brokenBuffers: readonly number[]) {
    super(reason)
    this.brokenBuffers = brokenBuffers
  }
}

/** Carries out commands on a device. Dispatches are collected and submitted together, each with its parameters in one uniform buffer. */
export class DeviceExecutor {
  readonly #device: GpuDevice
  readonly #buffers = new Map<number, GpuBuffer>()
  readonly #pipelines = new Map<number, Pipeline>()
  readonly #layouts = new Map<string, GpuOpaque>()
  readonly #uniform: GpuBuffer
  readonly #parameters = new Uint32Array((MOST_DISPATCHES * PARAMETER_BYTES) / 4)
  #dispatches = 0
  #open: { readonly encoder: GpuEncoder; readonly pass: GpuComputePass } | null = null
  #error: string | null = null
  #creations: Promise<void>[] = []
  #broken: number[] = []

  constructor(device: GpuDevice) {
    this.#device = device
    this.#uniform = device.createBuffer({
      size: MOST_DISPATCHES * PARAMETER_BYTES,
      usage: USAGE.uniform | USAGE.copyTarget,
    })
    device.onuncapturederror = ({ error }) => {
      this.#error ??= error.message
    }
    void device.lost.then(({ reason, message }) => {
      if (reason !== 'destroyed') {
        this.#error = `the GPU went away: ${message}`
      }
    })
  }

  carryOut(commands: readonly DeviceCommand[]): void {
    for (const command of commands) {
      try {
        this.#carryOut(command)
      } catch (thrown) {
        this.#error ??= thrown instanceof Error ? thrown.message : String(thrown)
      }
    }
    this.#submit()
  }

  /**
   * The first bytes of a buffer, when everything before is done.
   *
   * @throws DeviceFailure with the first error since the last read; after it the device goes on.
   */
  async read(buffer: number, bytes: number): Promise<ArrayBuffer> {
    const size = Math.ceil(bytes / 4) * 4
    const staging = this.#device.createBuffer({ size, usage: USAGE.mapRead | USAGE.copyTarget })
    try {
      const encoder = this.#device.createCommandEncoder()
      encoder.copyBufferToBuffer(this.#bufferOf(buffer), 0, staging, 0, size)
      this.#device.queue.submit([encoder.finish()])
      await staging.mapAsync(MAP_READ)
      const data = staging.getMappedRange().slice(0, bytes)
      staging.unmap()
      await this.#throwError()
      return data
    } catch (thrown) {
      this.#error ??= thrown instanceof Error ? thrown.message : String(thrown)
      await this.#throwError()
      throw thrown
    } finally {
      staging.destroy()
    }
  }

  async #throwError(): Promise<void> {
    await Promise.all(this.#creations)
    this.#creations = []
    const [reason, broken] = [this.#error, this.#broken]
    this.#error = null
    this.#broken = []
    if (reason !== null) {
      throw new DeviceFailure(reason, broken)
    }
  }

  #carryOut(command: DeviceCommand): void {
    switch (command[0]) {
      case 'create':
        this.#create(command[1], command[2])
        return
      case 'destroy':
        this.#submit()
        this.#bufferOf(command[1]).destroy()
        this.#buffers.delete(command[1])
        return
      case 'write': {
        // A write overtakes what is not submitted yet, and that may still read the buffer's former content.
        this.#submit()
        const [, buffer, data] = command
        this.#device.queue.writeBuffer(this.#bufferOf(buffer), 0, data, 0, data.byteLength)
        return
      }
      case 'pipeline':
        this.#pipelines.set(command[1], this.#build(command[2]))
        return
      case 'run':
        this.#run(command[1], command[2], command[3], command[4])
        return
      default:
        command satisfies never
    }
  }

  #create(id: number, bytes: number): void {
    this.#device.pushErrorScope('out-of-memory')
    const buffer = this.#device.createBuffer({
      size: bytes,
      usage: USAGE.storage | USAGE.copySource | USAGE.copyTarget,
    })
    this.#buffers.set(id, buffer)
    this.#creations.push(
      this.#device.popErrorScope().then((error) => {
        if (error !== null) {
          this.#broken.push(id)
          this.#error = `out of memory on the GPU, ${String(bytes)} bytes were asked for: ${error.message}`
        }
      }),
    )
  }

  #run(
    id: number,
    buffers: readonly number[],
    parameters: readonly number[],
    [x, y, z]: readonly [number, number, number],
  ): void {
    const known = this.#pipelines.get(id)
    if (known === undefined) {
      throw new Error(`pipeline ${String(id)} was never built`)
    }
    if (this.#dispatches === MOST_DISPATCHES) {
      this.#submit()
    }
    const offset = this.#dispatches * PARAMETER_BYTES
    this.#parameters.set(parameters, offset / 4)
    this.#dispatches += 1
    const entries = buffers.map((buffer, binding) => ({
      binding,
      resource: { buffer: this.#bufferOf(buffer) },
    }))
    const uniform = { binding: buffers.length, resource: { buffer: this.#uniform, size: PARAMETER_BYTES } }
    const group = this.#device.createBindGroup({ layout: known.layout, entries: [...entries, uniform] })
    const { pass } = this.#opened()
    pass.setPipeline(known.pipeline)
    pass.setBindGroup(0, group, [offset])
    pass.dispatchWorkgroups(x, y, z)
  }

  #opened(): { readonly encoder: GpuEncoder; readonly pass: GpuComputePass } {
    if (this.#open === null) {
      const encoder = this.#device.createCommandEncoder()
      this.#open = { encoder, pass: encoder.beginComputePass() }
    }
    return this.#open
  }

  #submit(): void {
    if (this.#open === null) {
      return
    }
    const { encoder, pass } = this.#open
    this.#open = null
    const bytes = this.#dispatches * PARAMETER_BYTES
    this.#dispatches = 0
    pass.end()
    this.#device.queue.writeBuffer(this.#uniform, 0, this.#parameters, 0, bytes / 4)
    this.#device.queue.submit([encoder.finish()])
  }

  #build({ name, code, reads, writes }: PipelineSource): Pipeline {
    const layout = this.#layoutOf(reads, writes)
    const module = this.#device.createShaderModule({ label: name, code })
    const pipeline = this.#device.createComputePipeline({
      label: name,
      layout: this.#device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: 'main' },
    })
    return { pipeline, layout }
  }

  #layoutOf(reads: number, writes: number): GpuOpaque {
    const key = `${String(reads)}/${String(writes)}`
    let layout = this.#layouts.get(key)
    if (layout === undefined) {
      const storage = Array.from({ length: reads + writes }, (_, binding): GpuLayoutEntry => ({
        binding,
        visibility: COMPUTE_STAGE,
        buffer: { type: binding < reads ? 'read-only-storage' : 'storage' },
      }))
      const uniform: GpuLayoutEntry = {
        binding: storage.length,
        visibility: COMPUTE_STAGE,
        buffer: { type: 'uniform', hasDynamicOffset: true },
      }
      layout = this.#device.createBindGroupLayout({ entries: [...storage, uniform] })
      this.#layouts.set(key, layout)
    }
    return layout
  }

  #bufferOf(id: number): GpuBuffer {
    const buffer = this.#buffers.get(id)
    if (buffer === undefined) {
      throw new Error(`buffer ${String(id)} does not exist`)
    }
    return buffer
  }
}
