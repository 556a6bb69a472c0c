import { drawJointTarget } from '../../src-main/datasets/pose-target.ts'
import { fnv1a32, formulaUniform } from './formula-weights.ts'

/**
 * Joints of the golden training sets. Their arrays `joints` and `visible` follow the formula of the weights: coordinates spread a
 * tenth beyond the crop on every side, eight of ten joints are visible. `training-step.test.ts` compares them, and the maps drawn
 * from them, with the arrays; the sets without arrays (`pose_kd`, `pose_mixed`) use the same rule.
 */
const MARGIN = 0.1
const VISIBLE_SHARE = 0.8
/** Of all golden training sets, in heat-map pixels. */
const SIGMA = 2
const STRIDE = 4

export interface FormulaJoints {
  /** [N, J, 2] in input pixels. */
  readonly joints: Float32Array
  /** [N, J], 0 or 1. */
  readonly visible: Float32Array
  /** [N, h, w, J]. */
  readonly target: Float32Array
  /** [N, J], 0 or 1. */
  readonly weights: Float32Array
}

/** @param shape - N, C, H, W of the input. */
export function formulaJoints(seed: number, shape: readonly number[], joints: number): FormulaJoints {
  const [n = 0, , height = 0, width = 0] = shape
  const position = fnv1a32(`${seed}:joints`)
  const visibility = fnv1a32(`${seed}:visible`)
  const coordinates = Float32Array.from({ length: n * joints * 2 }, (_, i) => {
    const side = i % 2 === 0 ? width : height
    return -MARGIN * side + (1 + 2 * MARGIN) * side * formulaUniform(position, i)
  })
  const visible = Float32Array.from({ length: n * joints }, (_, i) =>
    formulaUniform(visibility, i) < VISIBLE_SHARE ? 1 : 0,
  )
  const size = { width: width / STRIDE, height: height / STRIDE, joints }
  const target = new Float32Array(n * size.width * size.height * joints)
  const weights = visible.map((flag, i) => {
    const offset = Math.floor(i / joints) * size.width * size.height * joints
    const [x = 0, y = 0] = coordinates.subarray(i * 2)
    return flag > 0 ? drawJointTarget({ values: target, offset, ...size }, i % joints, x, y, SIGMA) : 0
  })
  return { joints: coordinates, visible, target, weights }
}
