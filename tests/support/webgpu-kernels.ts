import type { Kernels } from '../../src-main/compute/kernels.ts'
import { allowsSoftwareAdapters } from '../../src-main/compute/webgpu/open-webgpu.ts'
import { createWebgpuKernels } from '../../src-main/compute/webgpu/webgpu-kernels.ts'

const source = (path: string): URL => new URL(`../../src-main/compute/webgpu/${path}`, import.meta.url)

export const WEBGPU_ENTRIES = { deviceThread: source('device-thread.ts'), probe: source('probe.ts') }

/** Set by find-gpu.ts. */
export const FOUND_VARIABLE = 'SCALENAS_TEST_GPU_FOUND'

let known: Promise<Kernels | null> | undefined

/**
 * The kernels on a real GPU (find-gpu.ts has tried it), or, with SCALENAS_WEBGPU_SOFTWARE=1, on whatever Vulkan driver there is
 * (docs/gpu.md); else null, and tests that need them skip by name.
 */
export function webgpuKernels(): Promise<Kernels | null> {
  known ??= open()
  return known
}

async function open(): Promise<Kernels | null> {
  const allowsSoftware = allowsSoftwareAdapters()
  return allowsSoftware || process.env[FOUND_VARIABLE] === '1'
    ? createWebgpuKernels({ threadUrl: WEBGPU_ENTRIES.deviceThread, allowsSoftware })
    : null
}
