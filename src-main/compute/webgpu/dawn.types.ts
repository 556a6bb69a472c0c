/**
 * The part of WebGPU that the device thread calls, as the optional package `webgpu` (Dawn) offers it. Written down here, because the
 * package may be absent where the program is built.
 */
export interface DawnPackage {
  create(options: readonly string[]): Gpu
  readonly globals: Readonly<Record<string, unknown>>
}

export interface Gpu {
  requestAdapter(options: { readonly powerPreference: 'high-performance' }): Promise<GpuAdapter | null>
}

export interface GpuAdapterInfo {
  readonly vendor: string
  readonly architecture: string
  readonly device: string
  readonly description: string
  readonly isFallbackAdapter?: boolean
}

export interface GpuLimits {
  readonly maxBufferSize: number
  readonly maxStorageBufferBindingSize: number
}

export interface GpuAdapter {
  readonly info: GpuAdapterInfo
  readonly limits: GpuLimits
  requestDevice(options: { readonly requiredLimits: GpuLimits }): Promise<GpuDevice>
}

export interface GpuError {
  readonly message: string
}

/** Objects that are only handed from one call to another. */
export interface GpuOpaque {
  readonly label: string
}

export interface GpuBuffer {
  readonly size: number
  mapAsync(mode: number): Promise<void>
  getMappedRange(): ArrayBuffer
  unmap(): void
  destroy(): void
}

export interface GpuComputePass {
  setPipeline(pipeline: GpuOpaque): void
  setBindGroup(index: number, group: GpuOpaque, offsets: readonly number[]): void
  dispatchWorkgroups(x: number, y: number, z: number): void
  end(): void
}

export interface GpuEncoder {
  beginComputePass(): GpuComputePass
  copyBufferToBuffer(
    from: GpuBuffer,
    fromOffset: number,
    to: GpuBuffer,
    toOffset: number,
    bytes: number,
  ): void
  finish(): GpuOpaque
}

export interface GpuDevice {
  readonly queue: {
    writeBuffer(buffer: GpuBuffer, offset: number, data: ArrayBufferView, from: number, size: number): void
    submit(commands: readonly GpuOpaque[]): void
  }
  readonly lost: Promise<{ readonly reason: string; readonly message: string }>
  onuncapturederror: ((event: { readonly error: GpuError }) => void) | null
  createBuffer(options: { readonly size: number; readonly usage: number }): GpuBuffer
  createShaderModule(options: { readonly label: string; readonly code: string }): GpuOpaque
  createBindGroupLayout(options: { readonly entries: readonly GpuLayoutEntry[] }): GpuOpaque
  createPipelineLayout(options: { readonly bindGroupLayouts: readonly GpuOpaque[] }): GpuOpaque
  createComputePipeline(options: {
    readonly label: string
    readonly layout: GpuOpaque
    readonly compute: { readonly module: GpuOpaque; readonly entryPoint: string }
  }): GpuOpaque
  createBindGroup(options: {
    readonly layout: GpuOpaque
    readonly entries: readonly {
      readonly binding: number
      readonly resource: { readonly buffer: GpuBuffer; readonly size?: number }
    }[]
  }): GpuOpaque
  createCommandEncoder(): GpuEncoder
  pushErrorScope(filter: 'out-of-memory' | 'validation' | 'internal'): void
  popErrorScope(): Promise<GpuError | null>
  destroy(): void
}

export interface GpuLayoutEntry {
  readonly binding: number
  readonly visibility: number
  readonly buffer: {
    readonly type: 'read-only-storage' | 'storage' | 'uniform'
    readonly hasDynamicOffset?: boolean
  }
}

/** GPUBufferUsage of the specification. */
export const USAGE = { mapRead: 0x1, copySource: 0x4, copyTarget: 0x8, uniform: 0x40, storage: 0x80 } as const
/** GPUMapMode.READ and GPUShaderStage.COMPUTE. */
export const MAP_READ = 0x1
export const COMPUTE_STAGE = 0x4
