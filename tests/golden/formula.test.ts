import { describe, expect, it } from 'vitest'
import { supernetParameters } from '../../src-main/nas/network-plan.ts'
import type { NetworkShape } from '../../src-main/nas/network-plan.types.ts'
import { officialSpace } from '../../src-main/nas/search-space.ts'
import { fnv1a32, formulaUniform, formulaWeights } from '../support/formula-weights.ts'
import type { Recipe } from '../support/formula-weights.ts'
import { hasShared, readCopiedJson, readGoldenJson } from '../support/read-npz.ts'

interface FormulaValues {
  readonly hash: readonly { readonly text: string; readonly fnv1a32: number }[]
  readonly unit: readonly {
    readonly seed: number
    readonly name: string
    readonly index: number
    readonly value: number
  }[]
  readonly values: readonly {
    readonly seed: number
    readonly recipe: Recipe
    readonly name: string
    readonly index: number
    readonly float32Hex: string
  }[]
  readonly sums: readonly {
    readonly task: 'pose' | 'seg'
    readonly width: number
    readonly outputs: number
    readonly seed: number
    readonly recipe: Recipe
    readonly tensors: number
    readonly numbers: number
    readonly sum: number
    readonly sumOfSquares: number
  }[]
}

/** Sums of three million float32 values in float64; the order of addition is the only difference. */
const SUM = 1e-12

/** All golden networks get their weights from this formula, so it is checked by itself. */
describe('formula of the golden weights', () => {
  const { hash, unit, values, sums } = readCopiedJson<FormulaValues>('formula_values.json')

  it('hashes and draws', () => {
    expect(hash.map(({ text }) => fnv1a32(text))).toEqual(hash.map((row) => row.fnv1a32))
    expect(unit.map(({ seed, name, index }) => formulaUniform(fnv1a32(`${seed}:${name}`), index))).toEqual(
      unit.map(({ value }) => value),
    )
  })

  it.each(sums)('$task, $recipe: single values to the last bit, and sums over all tensors', (want) => {
    const { task, width, outputs, seed, recipe } = want
    const weights = formulaWeights(parameters(task, width, outputs), seed, recipe)
    for (const row of values.filter((value) => value.recipe === recipe && value.seed === seed)) {
      const value = weights.get(row.name)?.values[row.index]
      if (value !== undefined) {
        expect(hexOf(value), row.name).toBe(row.float32Hex)
      }
    }
    const all = [...weights.values()].map((tensor) => tensor.values)
    expect(weights.size).toBe(want.tensors)
    expect(all.reduce((count, tensor) => count + tensor.length, 0)).toBe(want.numbers)
    const total = (of: (value: number) => number): number =>
      all.reduce((sum, tensor) => tensor.reduce((part, value) => part + of(value), sum), 0)
    expect(Math.abs(total((value) => value) / want.sum - 1)).toBeLessThanOrEqual(SUM)
    expect(Math.abs(total((value) => value * value) / want.sumOfSquares - 1)).toBeLessThanOrEqual(SUM)
  })

  it.skipIf(!hasShared)('is the one of the reference (needs ../shared)', () => {
    const original = readGoldenJson<FormulaValues & { parameterNames: unknown }>('formula_check.json')
    expect({ ...original, parameterNames: undefined }).toEqual({
      ...readCopiedJson<FormulaValues>('formula_values.json'),
      parameterNames: undefined,
    })
  })

  it
    .skipIf(!hasShared)
    .each([
      'forward/pose_a',
      'forward/pose_b',
      'forward/seg_a',
      'forward/seg_b',
      'train/pose_kd',
      'evolution/selection',
      'evolution/operators',
      'evolution/costs',
      'evolution/official_mask_sample',
    ])('the copy of %s is the original (needs ../shared)', (name) => {
    expect(readCopiedJson(`${name}.json`)).toEqual(readGoldenJson(`${name}.json`))
  })
})

function parameters(task: 'pose' | 'seg', baseWidth: number, outputs: number) {
  const kind = task === 'seg' ? 'segmentation' : 'pose'
  const shape: NetworkShape = {
    ...{ task: kind, baseWidth, outputs, inputHeight: 64, inputWidth: 64 },
    ...{ stemChannels: 64, layer1Blocks: 4, layer1Planes: 64 },
  }
  return supernetParameters(officialSpace(kind), shape)
}

function hexOf(value: number): string {
  const bytes = new DataView(new ArrayBuffer(4))
  bytes.setFloat32(0, value)
  return bytes.getUint32(0).toString(16).padStart(8, '0')
}
