import { describe, expect, it } from 'vitest'
import { singleOutput } from '../../../src-main/compute/network-ops.ts'
import { foldNorms } from '../../../src-main/nas/fold-norms.ts'
import { largestGenotype, smallestGenotype } from '../../../src-main/nas/named-genotypes.ts'
import { planNetwork, supernetParameters } from '../../../src-main/nas/network-plan.ts'
import { createRandom } from '../../../src-main/nas/random.ts'
import { initialWeights } from '../../../src-main/supernet/initialise.ts'
import { openFolded } from '../../../src-main/supernet/open-folded.ts'
import { Supernet } from '../../../src-main/supernet/supernet.ts'
import type { HostTensor } from '../../../src-main/supernet/weights.ts'
import { testBackends } from '../../support/backends.ts'
import { smallSpace } from '../../support/small-supernet.ts'

/** Norms as after training: every γ, β, mean and variance is another number. */
function trainedLike(task: 'pose' | 'segmentation') {
  const { space, shape } = smallSpace(task)
  const random = createRandom(4, 'norms')
  const weights = new Map<string, HostTensor>()
  for (const [name, tensor] of initialWeights(supernetParameters(space, shape), shape, 1)) {
    const isNorm = tensor.shape.length === 1
    weights.set(name, {
      shape: tensor.shape,
      values: isNorm
        ? tensor.values.map(() => (/(running_var|weight)$/.test(name) ? 0.5 : -0.5) + random.next())
        : tensor.values,
    })
  }
  return { space, shape, weights }
}

describe('folding norms into convolutions', () => {
  it('leaves no norm of a pose or segmentation network, and every value that is read', () => {
    for (const task of ['pose', 'segmentation'] as const) {
      const { space, shape } = smallSpace(task)
      const whole = planNetwork(space, shape, largestGenotype(space))
      const { plan, pairs } = foldNorms(whole)
      expect(plan.nodes.filter(({ kind }) => kind === 'batch-norm')).toEqual([])
      expect(pairs).toHaveLength(whole.nodes.filter(({ kind }) => kind === 'batch-norm').length)
      const made = new Set([0, ...plan.nodes.map(({ output }) => output)])
      for (const node of plan.nodes) {
        const inputs = 'inputs' in node ? node.inputs : [node.input]
        expect(inputs.filter((id) => !made.has(id))).toEqual([])
      }
      expect(plan.outputs.every(({ value }) => made.has(value))).toBe(true)
    }
  })
})

for (const { name, kernels } of await testBackends()) {
  describe.skipIf(kernels === null)(`a folded network on ${name}`, () => {
    it('gives the outputs of the exact one within 1e-4 of the largest (method.md 8.1)', () => {
      if (kernels === null) {
        return
      }
      const before = kernels.liveTensors()
      for (const task of ['pose', 'segmentation'] as const) {
        const { space, shape, weights } = trainedLike(task)
        const supernet = new Supernet(kernels, space, shape, weights)
        const session = supernet.openEvaluation()
        for (const genotype of [smallestGenotype(space), largestGenotype(space)]) {
          const plan = planNetwork(space, shape, genotype)
          const folded = openFolded(kernels, { space, shape, plan }, weights)
          for (const images of [1, 2]) {
            const random = createRandom(images, 'images')
            const values = Float32Array.from({ length: images * 32 * 32 * 3 }, () => random.next() * 4 - 2)
            const input = { handle: kernels.upload(values, [images, 32, 32, 3]), shape: [images, 32, 32, 3] }
            const exact = singleOutput(session.forward(plan, input).outputs)
            const fast = singleOutput(folded.forward(input))
            const [a, b] = [kernels.downloadSync(exact.handle), kernels.downloadSync(fast.handle)]
            const largest = a.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
            const difference = a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] ?? 0))), 0)
            expect(largest).toBeGreaterThan(0)
            expect(difference).toBeLessThanOrEqual(1e-4 * largest)
            ;[exact, fast, input].forEach(({ handle }) => {
              kernels.release(handle)
            })
          }
          folded.dispose()
        }
        session.close()
        supernet.dispose()
      }
      // Shapes that a backend keeps for ever are few; nothing of the networks stays.
      expect(kernels.liveTensors() - before).toBeLessThan(12)
    })
  })
}
