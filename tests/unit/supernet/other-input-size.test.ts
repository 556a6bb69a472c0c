import { describe, expect, it } from 'vitest'
import { singleOutput } from '../../../src-main/compute/network-ops.ts'
import { largestGenotype } from '../../../src-main/nas/named-genotypes.ts'
import { planNetwork, supernetParameters } from '../../../src-main/nas/network-plan.ts'
import { createRandom } from '../../../src-main/nas/random.ts'
import { initialWeights } from '../../../src-main/supernet/initialise.ts'
import { Supernet } from '../../../src-main/supernet/supernet.ts'
import { testBackends } from '../../support/backends.ts'
import { smallSpace } from '../../support/small-supernet.ts'

/** Segmentation trains on crops with the plan that scores whole pictures: sizes follow the input, the layers are the same. */
for (const { name, kernels } of await testBackends()) {
  describe.skipIf(kernels === null)(`a plan on an input of another size (${name})`, () => {
    it.each(['pose', 'segmentation'] as const)(
      '%s: equals the plan made for that size, bit for bit',
      (task) => {
        if (kernels === null) {
          return
        }
        const { space, shape } = smallSpace(task)
        const supernet = new Supernet(
          kernels,
          space,
          shape,
          initialWeights(supernetParameters(space, shape), shape, 2),
        )
        const session = supernet.openEvaluation()
        const genotype = largestGenotype(space)
        const crop = { ...shape, inputHeight: 16, inputWidth: 24 }
        const random = createRandom(1, 'crop')
        const values = Float32Array.from({ length: 2 * 16 * 24 * 3 }, () => random.normal())
        const inputShape = [2, 16, 24, 3]
        const input = { handle: kernels.upload(values, inputShape), shape: inputShape }
        const [got, want] = [shape, crop].map((planned) => {
          const output = singleOutput(session.forward(planNetwork(space, planned, genotype), input).outputs)
          const result = { shape: output.shape, values: kernels.downloadSync(output.handle) }
          kernels.release(output.handle)
          return result
        })
        expect(got?.shape).toEqual([2, 4, 6, shape.outputs])
        expect(got).toEqual(want)
        kernels.release(input.handle)
        session.close()
        supernet.dispose()
      },
    )
  })
}
