import { selfTest } from '../self-test.ts'
import { OpeningError, reasonOf } from './open-device.ts'
import { allowsSoftwareAdapters } from './open-webgpu.ts'
import type { ProbeResult } from './probe-in-child.ts'
import { createWebgpuKernels } from './webgpu-kernels.ts'

/** Entry of the child process that tries the GPU: package, adapter, self-test. It says how far it came and ends. */
const isSource = import.meta.url.endsWith('.ts')
const threadUrl = new URL(isSource ? './device-thread.ts' : './webgpu-thread.js', import.meta.url)

process.send?.(await probe(), () => {
  process.exit(0)
})

async function probe(): Promise<ProbeResult> {
  try {
    const problems = selfTest(
      await createWebgpuKernels({ threadUrl, allowsSoftware: allowsSoftwareAdapters() }),
    )
    return problems.length === 0
      ? { ok: true }
      : { ok: false, step: 'self-test', reason: problems.join('; ') }
  } catch (thrown) {
    const step = thrown instanceof OpeningError ? thrown.step : 'self-test'
    return { ok: false, step, reason: reasonOf(thrown) }
  }
}
