import { isUsualAbsence } from '../../contract/index.ts'
import type {
  BackendName,
  BackendRefusal,
  BackendStep,
  DoctorBackend,
  RefusalCode,
} from '../../contract/index.ts'
import { BACKEND_TITLES } from './doctor-backends.ts'
import type { TriedBackend } from './doctor-backends.ts'
import { explainAbsence } from './gpu-check.ts'
import type { GpuSurroundings } from './gpu-check.ts'

/** What is opened of each, in order; the self-test comes last. */
const STEPS: Readonly<Record<BackendName, readonly string[]>> = {
  tensorflow: ['native library', 'self-test'],
  webgpu: ['package', 'adapter', 'self-test'],
  wasm: ['WebAssembly module', 'self-test'],
}

/** Which step a refusal is about, counted from the first (0) or, where negative, from the last; null where nobody knows. */
const FAILED_STEP: Readonly<Record<RefusalCode, number | null>> = {
  ...{ 'not-installed': 0, 'no-native-part': 0, 'does-not-load': 0 },
  ...{ 'no-adapter': 1, 'software-adapter': 1, 'no-device': 1 },
  ...{ 'self-test-failed': -1, 'no-answer': null },
}

/** A card for each backend: what was probed, what became of it, and how to get one that is not there. */
export function describeCards(
  tried: readonly TriedBackend[],
  surroundings: GpuSurroundings,
): readonly DoctorBackend[] {
  const taken = tried.find((one) => 'facts' in one)?.backend
  return tried.map((one) => {
    const { backend } = one
    const base = { backend, title: BACKEND_TITLES[backend], setting: `compute.backend=${backend}` }
    if ('facts' in one) {
      const { backendVersion, device, selfTested = null } = one.facts
      const isNativeOnCpu = backend === 'tensorflow' && device === 'cpu'
      return {
        ...base,
        status: backend === taken ? 'taken' : 'ready',
        ...{ version: backendVersion, device, reason: null, remedy: null },
        steps: passAll(backend, selfTested),
        note: isNativeOnCpu ? `No CUDA card: ${explainAbsence(surroundings, one.facts)}` : null,
      }
    }
    return {
      ...base,
      status: isUsualAbsence(one) ? 'off' : 'refused',
      ...{ version: null, device: null, note: null },
      ...{ steps: stepsOf(one), reason: reasonOf(one), remedy: remedyOf(one) },
    }
  })
}

function passAll(backend: BackendName, selfTested: number | null): readonly BackendStep[] {
  const operations = selfTested === null ? null : `${String(selfTested)} of ${String(selfTested)} operations`
  return STEPS[backend].map((name, index, { length }) => ({
    ...{ name, outcome: 'passed' },
    detail: index === length - 1 ? operations : null,
  }))
}

/** None where the process ended without a word: nobody knows how far it came. */
function stepsOf({ backend, code }: BackendRefusal): readonly BackendStep[] {
  const names = STEPS[backend]
  const step = FAILED_STEP[code]
  if (step === null) {
    return []
  }
  const at = step < 0 ? names.length + step : step
  return names.map((name, index) => ({
    name,
    outcome: index < at ? 'passed' : index === at ? 'failed' : 'not run',
    detail: null,
  }))
}

/** Without "package passed, adapter failed (REASON), self-test not run" round it, and "self-test failed" before it: the steps say so. */
function reasonOf({ reason }: BackendRefusal): string {
  const ofStep = / failed \((.*)\)(?:, [a-z-]+ not run)*$/s.exec(reason)?.[1]
  return (ofStep ?? reason).replace(/^self-test failed: /, '')
}

function remedyOf({ backend, code }: BackendRefusal): string {
  if (code === 'self-test-failed' || code === 'no-answer') {
    // What is there and computes wrong numbers, or ends its process, is not mended by installing it again.
    return backend === 'webgpu'
      ? 'Update the driver of the GPU; docs/gpu.md says how to report a card. The other backends compute without it.'
      : 'compute.backend=auto goes on with the backends that passed; Copy report has what a bug report needs.'
  }
  switch (backend) {
    case 'tensorflow':
      return 'Run "npm run setup"; "npm run setup -- --gpu" brings the library for NVIDIA cards.'
    case 'wasm':
      return 'Run "npm ci": the module comes with the packages.'
    case 'webgpu':
      return code === 'not-installed' || code === 'does-not-load'
        ? 'Run "npm ci --include=optional": the package webgpu is optional.'
        : 'Needs a GPU with a Vulkan, Metal or Direct 3D 12 driver that this process may use (on Linux /dev/dri); docs/gpu.md says how.'
    default:
      return backend satisfies never
  }
}
