import { BackendError, reasonOf } from '../backend-error.ts'
import { selfTest } from '../self-test.ts'
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
      : { ok: false, code: 'self-test-failed', reason: problems.join('; ') }
  } catch (thrown) {
    const code = thrown instanceof BackendError ? thrown.code : 'self-test-failed'
    return { ok: false, code, reason: reasonOf(thrown) }
  }
}
