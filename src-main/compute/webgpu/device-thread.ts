import { workerData } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'
import { BackendError, reasonOf } from '../backend-error.ts'
import { DeviceExecutor, DeviceFailure } from './device-executor.ts'
import type { DeviceThreadData, FromDevice, ToDevice } from './device-protocol.ts'
import { openDevice } from './open-device.ts'

/**
 * Entry of the thread that owns the GPU. WebGPU answers only to those who return to the event loop, and training wants to read a loss
 * where it stands: so the one who computes sleeps (Atomics.wait) while this thread waits for the device.
 */
const { port, answers, allowsSoftware } = workerData as DeviceThreadData<MessagePort>
const counter = new Int32Array(answers)

const answer = (message: FromDevice, transfer: ArrayBuffer[] = []): void => {
  port.postMessage(message, transfer)
  Atomics.add(counter, 0, 1)
  Atomics.notify(counter, 0)
}

try {
  // Kept whole: Dawn ends with the last reference to it.
  const opened = await openDevice(allowsSoftware)
  const executor = new DeviceExecutor(opened.device)
  let chain = Promise.resolve()
  port.on('message', (message: ToDevice) => {
    chain = chain.then(() => take(executor, message))
  })
  process.once('exit', () => {
    opened.device.destroy()
  })
  answer({ kind: 'opened', facts: opened.facts })
} catch (thrown) {
  const code = thrown instanceof BackendError ? thrown.code : 'no-answer'
  answer({ kind: 'refused', code, reason: reasonOf(thrown) })
}

async function take(executor: DeviceExecutor, message: ToDevice): Promise<void> {
  if (message.kind === 'commands') {
    executor.carryOut(message.commands)
    return
  }
  const { request, buffer, bytes } = message
  try {
    const data = await executor.read(buffer, bytes)
    answer({ kind: 'data', request, data }, [data])
  } catch (thrown) {
    const brokenBuffers = thrown instanceof DeviceFailure ? thrown.brokenBuffers : []
    answer({ kind: 'failed', request, reason: reasonOf(thrown), brokenBuffers })
  }
}
