import { probeInChild } from '../../src-main/compute/webgpu/probe-in-child.ts'
import { FOUND_VARIABLE, WEBGPU_ENTRIES } from './webgpu-kernels.ts'

/** Before the tests: looks once, in a child process, whether this machine has a GPU that computes through WebGPU. */
export default async function findGpu(): Promise<void> {
  process.env[FOUND_VARIABLE] = await probeInChild(WEBGPU_ENTRIES.probe).then(
    () => '1',
    () => '0',
  )
}
