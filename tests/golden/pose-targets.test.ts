import { describe, expect, it } from 'vitest'
import { drawJointTarget } from '../../src-main/datasets/pose-target.ts'
import { goldenPath, hasShared, numbersOf, readGoldenJson, readNpz } from '../support/read-npz.ts'

interface TargetSet {
  heatmapSize: [number, number]
  sigma: number
}

describe.skipIf(!hasShared)('heat-map targets (needs ../shared/data/golden/pose/targets)', () => {
  it.each([0, 1, 2])('set %i: maps and weights equal those of the published code', (index) => {
    const set = readGoldenJson<{ sets: TargetSet[] }>('pose/targets.json').sets[index]
    const arrays = readNpz(goldenPath('pose/targets.npz'))
    const [width, height] = set?.heatmapSize ?? [0, 0]
    const joints = numbersOf(arrays, `joints${String(index)}`)
    const visible = numbersOf(arrays, `visible${String(index)}`)
    const expected = numbersOf(arrays, `target${String(index)}`)
    const values = new Float32Array(width * height * 17)
    const weights = visible.map((flag, joint) =>
      flag > 0
        ? drawJointTarget(
            { values, offset: 0, width, height, joints: 17 },
            joint,
            joints[joint * 2] ?? NaN,
            joints[joint * 2 + 1] ?? NaN,
            set?.sigma ?? NaN,
          )
        : 0,
    )
    expect(weights).toEqual(numbersOf(arrays, `weight${String(index)}`))
    let worst = 0
    for (let joint = 0; joint < 17; joint++) {
      for (let pixel = 0; pixel < width * height; pixel++) {
        // The reference is joint-major (N C H W), ours has joints last.
        const difference =
          (values[pixel * 17 + joint] ?? NaN) - (expected[joint * width * height + pixel] ?? NaN)
        worst = Math.max(worst, Math.abs(difference))
      }
    }
    expect(worst).toBeLessThanOrEqual(1e-6)
  })
})
