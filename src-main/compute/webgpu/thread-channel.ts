import { MessageChannel, Worker, receiveMessageOnPort } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'
import { BackendError } from '../backend-error.ts'
import { DeviceReadError } from './device-channel.ts'
import type { DeviceChannel } from './device-channel.ts'
import type { DeviceFacts, DeviceThreadData, FromDevice, ToDevice } from './device-protocol.ts'

/** A device that answers nothing for so long hangs. */
const LONGEST_WAIT_MS = 600_000

interface Waiter {
  readonly resolve: (data: ArrayBuffer) => void
  readonly reject: (error: Error) => void
}

/**
 * Starts the thread that owns the GPU; the thread does not keep this process alive.
 *
 * @throws BackendError when the package does not load, or there is no adapter that may be used.
 */
export async function openThreadChannel(
  threadUrl: URL,
  allowsSoftware: boolean,
): Promise<{ readonly channel: DeviceChannel; readonly facts: DeviceFacts }> {
  const { port1, port2 } = new MessageChannel()
  const answers = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)
  const workerData: DeviceThreadData<MessagePort> = { port: port2, answers, allowsSoftware }
  const thread = new Worker(threadUrl, { workerData, transferList: [port2], name: 'GPU' })
  const facts = await new Promise<DeviceFacts>((resolve, reject) => {
    thread.once('error', (error) => {
      reject(new BackendError('does-not-load', `the thread for it failed: ${String(error)}`))
    })
    port1.once('message', (message: FromDevice) => {
      if (message.kind === 'opened') {
        resolve(message.facts)
      } else {
        reject(
          message.kind === 'refused'
            ? new BackendError(message.code, message.reason)
            : new BackendError('no-answer', `the thread for it answered "${message.kind}"`),
        )
      }
    })
  }).catch(async (thrown: unknown) => {
    port1.close()
    await thread.terminate()
    throw thrown
  })
  thread.unref()
  return { channel: new ThreadChannel(thread, port1, new Int32Array(answers)), facts }
}

class ThreadChannel implements DeviceChannel {
  readonly #thread: Worker
  readonly #port: MessagePort
  readonly #answers: Int32Array
  readonly #waiting = new Map<number, Waiter>()
  #lastRequest = 0

  constructor(thread: Worker, port: MessagePort, answers: Int32Array) {
    this.#thread = thread
    this.#port = port
    this.#answers = answers
    port.on('message', (message: FromDevice) => {
      this.#settle(message)
    })
    port.unref()
    thread.on('error', (error) => {
      this.#waiting.forEach(({ reject }) => {
        reject(error instanceof Error ? error : new Error(String(error)))
      })
      this.#waiting.clear()
    })
  }

  post(message: ToDevice): void {
    this.#port.postMessage(message)
  }

  read(buffer: number, bytes: number): Promise<ArrayBuffer> {
    this.#port.ref()
    return new Promise((resolve, reject) => {
      this.#ask(buffer, bytes, { resolve, reject })
    })
  }

  readSync(buffer: number, bytes: number): ArrayBuffer {
    let result: ArrayBuffer | Error | undefined
    this.#ask(buffer, bytes, {
      resolve: (data) => (result = data),
      reject: (error) => (result = error),
    })
    while (result === undefined) {
      const seen = Atomics.load(this.#answers, 0)
      const received = receiveMessageOnPort(this.#port)
      if (received !== undefined) {
        this.#settle(received.message as FromDevice)
      } else if (Atomics.wait(this.#answers, 0, seen, LONGEST_WAIT_MS) === 'timed-out') {
        throw new DeviceReadError(`the GPU did not answer within ${String(LONGEST_WAIT_MS / 1000)} s`, [])
      }
    }
    if (result instanceof Error) {
      throw result
    }
    return result
  }

  async close(): Promise<void> {
    this.#port.close()
    await this.#thread.terminate()
  }

  #ask(buffer: number, bytes: number, waiter: Waiter): void {
    this.#lastRequest += 1
    this.#waiting.set(this.#lastRequest, waiter)
    this.post({ kind: 'read', request: this.#lastRequest, buffer, bytes })
  }

  #settle(message: FromDevice): void {
    if (message.kind === 'opened' || message.kind === 'refused') {
      return
    }
    const waiter = this.#waiting.get(message.request)
    this.#waiting.delete(message.request)
    if (this.#waiting.size === 0) {
      this.#port.unref()
    }
    if (message.kind === 'data') {
      waiter?.resolve(message.data)
    } else {
      waiter?.reject(new DeviceReadError(message.reason, message.brokenBuffers))
    }
  }
}
