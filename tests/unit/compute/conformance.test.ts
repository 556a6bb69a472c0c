import { describe, expect, it } from 'vitest'
import { conformanceCases } from '../../../src-main/compute/conformance/cases.ts'
import type { Kernels } from '../../../src-main/compute/kernels.ts'
import { selfTest } from '../../../src-main/compute/self-test.ts'
import { createWasmKernels } from '../../../src-main/compute/wasm/wasm-kernels.ts'
import { nativeKernels } from '../../support/native-kernels.ts'
import { webgpuKernels } from '../../support/webgpu-kernels.ts'

const backends: readonly (readonly [string, Kernels | null])[] = [
  ['tensorflow', nativeKernels()],
  ['wasm', await createWasmKernels()],
  // As on engines without relaxed SIMD.
  ['wasm without multiply-add', await createWasmKernels('separate')],
  ['webgpu', await webgpuKernels()],
]

for (const [name, kernels] of backends) {
  describe.skipIf(kernels === null)(`${name} kernels against float64 loops`, () => {
    for (const testCase of conformanceCases()) {
      it(testCase.name, () => {
        if (kernels !== null) {
          expect(testCase.run(kernels)).toBeLessThanOrEqual(testCase.tolerance)
        }
      })
    }

    it('leaks no tensor over repeated self-tests', () => {
      if (kernels !== null) {
        selfTest(kernels)
        const before = kernels.liveTensors()
        expect(selfTest(kernels)).toEqual([])
        expect(kernels.liveTensors()).toBe(before)
      }
    })

    it('notices a wrong kernel', () => {
      if (kernels !== null) {
        const broken: Kernels = { ...kernels, reluGradient: (dy) => kernels.scale(dy, 1) }
        expect(selfTest(broken).join()).toContain('ReLU')
      }
    })
  })
}
