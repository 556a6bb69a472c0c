import type { Handle, Shape } from '../kernels.ts'
import { TensorTable } from '../tensor-table.ts'
import { BufferPool } from './buffer-pool.ts'
import type { PooledBuffer } from './buffer-pool.ts'
import { DeviceReadError } from './device-channel.ts'
import type { DeviceChannel } from './device-channel.ts'
import type { DeviceCommand, DeviceFacts } from './device-protocol.ts'
import { ELEMENT_THREADS, encodeParameters, sourceOf, spread } from './program.ts'
import type { Program } from './program.ts'

/** Commands that travel together; a message costs more than a command. */
const COMMANDS_PER_MESSAGE = 64
/** Commands after which the device has to catch up, so that it lags by no more than some steps. */
const MOST_COMMANDS_AHEAD = 20_000
const FLOAT_BYTES = 4

interface Entry {
  readonly shape: Shape
  readonly size: number
  readonly buffer: PooledBuffer
}

/** Tensors in buffers of a GPU, and the programs that run over them. Calls only note down what the device will do; reads wait for it. */
export class GpuTensors {
  readonly facts: DeviceFacts
  readonly #channel: DeviceChannel
  readonly #pool: BufferPool
  readonly #tensors = new TensorTable<Entry>()
  readonly #pipelines = new Map<Program, number>()
  #commands: DeviceCommand[] = []
  #ahead = 0

  constructor(channel: DeviceChannel, facts: DeviceFacts) {
    this.#channel = channel
    this.facts = facts
    this.#pool = new BufferPool({
      create: (id, bytes) => {
        this.#tell(['create', id, bytes])
      },
      destroy: (id) => {
        this.#tell(['destroy', id])
      },
    })
  }

  upload(values: Float32Array | Int32Array, shape: Shape): Handle {
    const handle = this.allocate(shape)
    try {
      this.write(handle, values)
      return handle
    } catch (thrown) {
      this.release(handle)
      throw thrown
    }
  }

  /** Overwrites a tensor after everything that was asked for before. @throws RangeError if the values are too many or too few. */
  write(tensor: Handle, values: Float32Array | Int32Array): void {
    const { shape, size, buffer } = this.#tensors.get(tensor)
    if (values.length !== size) {
      throw new RangeError(
        `a tensor of shape [${shape.join(', ')}] holds ${size} values, got ${values.length}`,
      )
    }
    const copy = new Uint8Array(values.byteLength)
    copy.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
    this.#tell(['write', buffer.id, copy])
  }

  /**
   * A tensor with undefined content.
   *
   * @throws Error when it is larger than any buffer of the adapter.
   */
  allocate(shape: Shape): Handle {
    const size = shape.reduce((a, b) => a * b, 1)
    const bytes = Math.max(size, 1) * FLOAT_BYTES
    if (bytes > this.facts.largestBuffer) {
      throw new Error(
        `out of memory: a tensor of ${bytes} bytes, and ${this.facts.name} binds ${this.facts.largestBuffer} at most`,
      )
    }
    return this.#tensors.add({ shape: [...shape], size, buffer: this.#pool.take(bytes) })
  }

  /** The same values under another shape, without a copy. */
  alias(tensor: Handle, shape: Shape = this.shapeOf(tensor)): Handle {
    const { size, buffer } = this.#tensors.get(tensor)
    if (shape.reduce((a, b) => a * b, 1) !== size) {
      throw new RangeError(`${size} values do not fit the shape [${shape.join(', ')}]`)
    }
    this.#pool.share(buffer)
    return this.#tensors.add({ shape: [...shape], size, buffer })
  }

  release(tensor: Handle): void {
    this.#pool.giveBack(this.#tensors.remove(tensor).buffer)
  }

  liveTensors(): number {
    return this.#tensors.size
  }

  /** Bytes of all buffers, those in wait for the next tensor included. */
  bytes(): number {
    return this.#pool.bytes()
  }

  shapeOf(tensor: Handle): Shape {
    return this.#tensors.get(tensor).shape
  }

  sizeOf(tensor: Handle): number {
    return this.#tensors.get(tensor).size
  }

  /** Runs one kernel; if it throws in the middle (no memory left), the tensors that it made are released. */
  atomically<T>(kernel: () => T): T {
    return this.#tensors.atomically(kernel, (tensor) => {
      this.release(tensor)
    })
  }

  /** Runs a program over tensors; the device does it when everything before is done. */
  run<P extends string>(
    program: Program<P>,
    reads: readonly Handle[],
    writes: readonly Handle[],
    parameters: Readonly<Record<P, number>>,
    groups: readonly [number, number, number],
  ): void {
    if (reads.length !== program.reads.length || writes.length !== program.writes.length) {
      throw new RangeError(
        `${program.name} takes ${program.reads.length} + ${program.writes.length} tensors, got ${reads.length} + ${writes.length}`,
      )
    }
    const buffers = [...reads, ...writes].map((tensor) => this.#tensors.get(tensor).buffer.id)
    this.#tell(['run', this.#pipelineOf(program), buffers, encodeParameters(program, parameters), groups])
  }

  /** Runs a program that goes through `count` elements, a thread each. */
  each<P extends string>(
    program: Program<P | 'count'>,
    reads: readonly Handle[],
    writes: readonly Handle[],
    parameters: Readonly<Record<P | 'count', number>>,
  ): void {
    this.run(program, reads, writes, parameters, spread(Math.ceil(parameters.count / ELEMENT_THREADS)))
  }

  async read(tensor: Handle): Promise<Float32Array> {
    const { buffer, size } = this.#tensors.get(tensor)
    this.#send()
    try {
      return new Float32Array(await this.#channel.read(buffer.id, size * FLOAT_BYTES))
    } catch (thrown) {
      throw this.#afterFailure(thrown)
    }
  }

  readSync(tensor: Handle): Float32Array {
    const { buffer, size } = this.#tensors.get(tensor)
    this.#ahead = 0
    return new Float32Array(this.#readNow(buffer.id, size * FLOAT_BYTES))
  }

  close(): Promise<void> {
    return this.#channel.close()
  }

  /** Buffers that the device had no memory for must not be handed out again. */
  #afterFailure(thrown: unknown): unknown {
    if (thrown instanceof DeviceReadError) {
      this.#pool.forget(thrown.brokenBuffers)
    }
    return thrown
  }

  #pipelineOf(program: Program): number {
    let pipeline = this.#pipelines.get(program)
    if (pipeline === undefined) {
      pipeline = this.#pipelines.size
      this.#pipelines.set(program, pipeline)
      const { name, reads, writes } = program
      const counts = { reads: reads.length, writes: writes.length }
      this.#tell(['pipeline', pipeline, { name, code: sourceOf(program), ...counts }])
    }
    return pipeline
  }

  #tell(command: DeviceCommand): void {
    this.#commands.push(command)
    this.#ahead += 1
    if (this.#commands.length >= COMMANDS_PER_MESSAGE) {
      this.#send()
    }
    if (this.#ahead >= MOST_COMMANDS_AHEAD && command[0] === 'run') {
      this.#ahead = 0
      const [buffer] = command[2]
      if (buffer !== undefined) {
        this.#readNow(buffer, FLOAT_BYTES)
      }
    }
  }

  /** Waits until the device has done all that it was told. */
  #readNow(buffer: number, bytes: number): ArrayBuffer {
    this.#send()
    try {
      return this.#channel.readSync(buffer, bytes)
    } catch (thrown) {
      throw this.#afterFailure(thrown)
    }
  }

  #send(): void {
    if (this.#commands.length > 0) {
      this.#channel.post({ kind: 'commands', commands: this.#commands })
      this.#commands = []
    }
  }
}
