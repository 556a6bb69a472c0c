import type { RefusalCode } from '../../contract/index.ts'
import { BackendError } from '../backend-error.ts'
import type { Kernels } from '../kernels.ts'
import { OPENING_STEPS, STEP_OF } from './device-protocol.ts'
import { probeInChild } from './probe-in-child.ts'
import { createWebgpuKernels } from './webgpu-kernels.ts'

/** Files that run in processes and threads of their own: the sources, or what was built of them. */
export interface WebgpuEntries {
  readonly deviceThread: URL
  readonly probe: URL
}

/** For tests of machines without a GPU: with "1" adapters are taken that compute on the CPU. No preset and no program sets it. */
export const SOFTWARE_VARIABLE = 'SCALENAS_WEBGPU_SOFTWARE'

export function allowsSoftwareAdapters(): boolean {
  return process.env[SOFTWARE_VARIABLE] === '1'
}

/**
 * Opens a real GPU, after a child process has loaded the package, found the adapter and passed the self-test there: a driver that
 * crashes takes the child along and nothing else.
 *
 * @throws BackendError that says of each step what became of it.
 */
export async function openWebgpu({ deviceThread, probe }: WebgpuEntries): Promise<Kernels> {
  const options = { threadUrl: deviceThread, allowsSoftware: allowsSoftwareAdapters() }
  try {
    await probeInChild(probe)
    return await createWebgpuKernels(options)
  } catch (thrown) {
    throw thrown instanceof BackendError
      ? new BackendError(thrown.code, describeSteps(thrown.code, thrown.message))
      : thrown
  }
}

/** "package passed, adapter failed (REASON), self-test not run". */
export function describeSteps(code: RefusalCode, reason: string): string {
  const at = OPENING_STEPS.indexOf(STEP_OF[code])
  return OPENING_STEPS.map((step, i) =>
    i < at ? `${step} passed` : i === at ? `${step} failed (${reason})` : `${step} not run`,
  ).join(', ')
}
