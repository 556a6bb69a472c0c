import { describe, expect, it } from 'vitest'
import { supernetParameters } from '../../src-main/nas/network-plan.ts'
import { officialSpace } from '../../src-main/nas/search-space.ts'
import { hasShared, readGoldenJson } from '../support/read-npz.ts'

interface FormulaCheck {
  parameterNames: Record<'pose' | 'seg', Record<string, number[]>>
}

describe.skipIf(!hasShared)('names of the published state dict (needs ../shared)', () => {
  for (const [task, key, outputs] of [
    ['pose', 'pose', 17],
    ['segmentation', 'seg', 19],
  ] as const) {
    it(`${task}: every tensor has its official name, shape and place`, () => {
      const official = readGoldenJson<FormulaCheck>('formula_check.json').parameterNames[key]
      const shape = {
        task,
        baseWidth: 8,
        stemChannels: 64,
        layer1Blocks: 4,
        layer1Planes: 64,
        inputHeight: 64,
        inputWidth: 64,
        outputs,
      }
      const ours = supernetParameters(officialSpace(task), shape).map((parameter) => [
        parameter.name,
        parameter.shape,
      ])
      expect(ours).toEqual(Object.entries(official))
    })
  }
})
