import type { Kernels } from '../../src-main/compute/kernels.ts'
import { nativeKernels } from './native-kernels.ts'
import { webgpuKernels } from './webgpu-kernels.ts'

/** A backend that this machine may or may not have; tests skip by name where `kernels` is null. */
export interface TestBackend {
  readonly name: Kernels['name']
  readonly kernels: Kernels | null
}

/** Every backend, each checked against the same reference numbers. */
export async function testBackends(): Promise<readonly TestBackend[]> {
  return [
    { name: 'tensorflow', kernels: nativeKernels() },
    { name: 'wasm', kernels: await wasmKernels() },
    { name: 'webgpu', kernels: await webgpuKernels() },
  ]
}

let wasm: Promise<Kernels> | undefined

/** Needs nothing but this process, so a failure to open it fails the tests. */
function wasmKernels(): Promise<Kernels> {
  wasm ??= openWasm()
  return wasm
}

async function openWasm(): Promise<Kernels> {
  const { createWasmKernels } = await import('../../src-main/compute/wasm/wasm-kernels.ts')
  return createWasmKernels()
}
