import { backend, getKernel, setBackend } from '@tensorflow/tfjs-core'
import type { NamedAttrMap, TensorInfo } from '@tensorflow/tfjs-core'
import { BackendWasm, setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import type { Handle, Shape } from '../kernels.ts'
import { TensorTable } from '../tensor-table.ts'
import { locateWasmFolder } from './locate-wasm.ts'
import { bestArithmetic, instantiateSimdKernels } from './simd-kernels.ts'
import type { Arithmetic, SimdKernels } from './simd-kernels.ts'
import type { WasmMemory } from './web-assembly.ts'

/** Lanes of one vector; every tensor of ours has room for whole vectors. */
const VECTOR_FLOATS = 4
const FLOAT_BYTES = 4

/** Work areas that live for one kernel call; each grows to the largest call and stays. */
export type ScratchName = 'image' | 'weights' | 'output' | 'channels'

/** What the Emscripten module of the package offers besides its typed part. */
interface EmscriptenModule {
  _malloc(bytes: number): number
  _free(address: number): void
  readonly HEAPF32: Float32Array<ArrayBuffer>
  readonly HEAP32: Int32Array<ArrayBuffer>
  readonly asm: { readonly memory: WasmMemory }
}

interface Entry {
  readonly info: TensorInfo
  readonly address: number
  readonly size: number
}

/**
 * Tensors on the heap of tfjs's WebAssembly backend, with tfjs's kernels called without its engine (no scopes, no autodiff) and
 * our own SIMD kernels on the same memory.
 */
export class WasmHeap {
  readonly simd: SimdKernels
  readonly #backend: BackendWasm
  readonly #module: EmscriptenModule
  readonly #tensors = new TensorTable<Entry>()
  readonly #scratch = new Map<ScratchName, { readonly address: number; readonly bytes: number }>()
  readonly #tables = new Map<string, number>()
  #aliases = 0

  constructor(wasmBackend: BackendWasm, arithmetic: Arithmetic = bestArithmetic()) {
    this.#backend = wasmBackend
    // Fields of Emscripten's runtime that the package does not declare; the memory is the one that its kernels export.
    this.#module = wasmBackend.wasm as unknown as EmscriptenModule
    this.simd = instantiateSimdKernels(this.#module.asm.memory, arithmetic)
  }

  upload(values: Float32Array | Int32Array, shape: Shape): Handle {
    const handle = this.allocate(shape, values instanceof Int32Array ? 'int32' : 'float32')
    const { address, size } = this.#tensors.get(handle)
    if (values.length !== size) {
      throw new RangeError(
        `a tensor of shape [${shape.join(', ')}] holds ${size} values, got ${values.length}`,
      )
    }
    const target = values instanceof Int32Array ? this.#module.HEAP32 : this.#module.HEAPF32
    target.set(values, address / FLOAT_BYTES)
    return handle
  }

  /** A tensor with undefined content and room for whole vectors. */
  allocate(shape: Shape, dtype: 'float32' | 'int32' = 'float32'): Handle {
    const vectors = vectorsOf(shape.reduce((a, b) => a * b, 1))
    const address = this.#malloc(vectors * VECTOR_FLOATS * FLOAT_BYTES)
    return this.#adopt(this.#backend.makeOutput([...shape], dtype, address))
  }

  /** The same values under another shape, without a copy. */
  alias(tensor: Handle, shape: Shape = this.#tensors.get(tensor).info.shape): Handle {
    const { info, address, size } = this.#tensors.get(tensor)
    if (shape.reduce((a, b) => a * b, 1) !== size) {
      throw new RangeError(`${size} values do not fit the shape [${shape.join(', ')}]`)
    }
    this.#backend.incRef(info.dataId)
    this.#aliases += 1
    return this.#tensors.add({ info: { ...info, shape: [...shape] }, address, size })
  }

  release(tensor: Handle): void {
    const { info } = this.#tensors.remove(tensor)
    const isLast = this.#backend.disposeData(info.dataId)
    if (!isLast) {
      this.#aliases -= 1
    }
  }

  /** Runs one kernel; if it throws in the middle (no memory left), the tensors that it made are released. */
  atomically<T>(kernel: () => T): T {
    return this.#tensors.atomically(kernel, (tensor) => {
      this.release(tensor)
    })
  }

  /** Size of the heap in bytes; it grows and never shrinks. */
  bytes(): number {
    return this.#module.HEAPF32.buffer.byteLength
  }

  /** Tensors and aliases, also those that tfjs's kernels may have left behind. */
  liveTensors(): number {
    return this.#backend.numDataIds() + this.#aliases
  }

  shapeOf(tensor: Handle): Shape {
    return this.#tensors.get(tensor).info.shape
  }

  sizeOf(tensor: Handle): number {
    return this.#tensors.get(tensor).size
  }

  /** Byte offset in the heap. */
  addressOf(tensor: Handle): number {
    return this.#tensors.get(tensor).address
  }

  /** A view of a float tensor; gone as soon as anything is allocated. */
  floats(tensor: Handle): Float32Array {
    const { address, size } = this.#tensors.get(tensor)
    return this.floatsAt(address, size)
  }

  /** A view of an int32 tensor; gone as soon as anything is allocated. */
  ints(tensor: Handle): Int32Array {
    const { address, size } = this.#tensors.get(tensor)
    return this.#module.HEAP32.subarray(address / FLOAT_BYTES, address / FLOAT_BYTES + size)
  }

  /** A view; gone as soon as anything is allocated. */
  floatsAt(address: number, length: number): Float32Array {
    return this.#module.HEAPF32.subarray(address / FLOAT_BYTES, address / FLOAT_BYTES + length)
  }

  /** Runs one kernel of tfjs that has one output. */
  run(kernelName: string, inputs: Readonly<Record<string, Handle>>, attributes: NamedAttrMap = {}): Handle {
    const kernel = getKernel(kernelName, 'wasm')
    const infos = Object.fromEntries(
      Object.entries(inputs).map(([name, tensor]) => [name, this.#tensors.get(tensor).info]),
    )
    const output = kernel.kernelFunc({ inputs: infos, attrs: attributes, backend: this.#backend })
    if (Array.isArray(output)) {
      throw new Error(`${kernelName} returned ${output.length} tensors, not one`)
    }
    return this.#adopt(output)
  }

  /** Address of a work area of at least so many floats; its content is undefined and lasts until the same name is asked again. */
  scratch(name: ScratchName, floats: number): number {
    const bytes = vectorsOf(floats) * VECTOR_FLOATS * FLOAT_BYTES
    const known = this.#scratch.get(name)
    if (known !== undefined && known.bytes >= bytes) {
      return known.address
    }
    if (known !== undefined) {
      this.#module._free(known.address)
      this.#scratch.delete(name)
    }
    const address = this.#malloc(bytes)
    this.#scratch.set(name, { address, bytes })
    return address
  }

  /** Address of a table of byte offsets that is made once for each key and kept: keys are geometries, of which a network has few. */
  table(key: string, length: number, fill: (offsets: Int32Array) => void): number {
    let address = this.#tables.get(key)
    if (address === undefined) {
      address = this.#malloc(length * Int32Array.BYTES_PER_ELEMENT)
      fill(this.#module.HEAP32.subarray(address / FLOAT_BYTES, address / FLOAT_BYTES + length))
      this.#tables.set(key, address)
    }
    return address
  }

  #malloc(bytes: number): number {
    // Above 2 GiB the address comes back negative.
    const address = this.#module._malloc(bytes) >>> 0
    if (address === 0) {
      throw new Error(`the WebAssembly heap has no ${bytes} bytes left (it ends at 4 GiB)`)
    }
    return address
  }

  #adopt(info: TensorInfo): Handle {
    const address = this.#backend.getMemoryOffset(info.dataId)
    return this.#tensors.add({ info, address, size: info.shape.reduce((a, b) => a * b, 1) })
  }
}

/** Vectors of four floats that hold so many floats. */
export function vectorsOf(floats: number): number {
  return Math.ceil(floats / VECTOR_FLOATS)
}

/**
 * Starts tfjs's WebAssembly backend (one thread, SIMD where the engine has it).
 *
 * @throws Error when the binary is missing or does not start.
 */
export async function openWasmHeap(arithmetic?: Arithmetic): Promise<WasmHeap> {
  setWasmPaths(locateWasmFolder())
  if (!(await setBackend('wasm'))) {
    throw new Error('the WebAssembly backend of tfjs did not start')
  }
  const opened = backend()
  if (!(opened instanceof BackendWasm)) {
    throw new Error('another package registered a backend of tfjs under the name wasm')
  }
  return new WasmHeap(opened, arithmetic)
}
