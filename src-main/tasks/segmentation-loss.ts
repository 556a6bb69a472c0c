import { withScope } from '../compute/handle-scope.ts'
import type { Handle, Kernels } from '../compute/kernels.ts'
import type { Value } from '../compute/network-ops.ts'
import { mineHardPixels } from './hard-example-mining.ts'
import type { MiningOptions } from './hard-example-mining.ts'
import type { LossParts } from './task.ts'

export interface SegmentationTarget {
  /** [N * H * W], class or ignore label. */
  readonly labels: Int32Array
  /** The same on the device, with the ignore label replaced by class 0 (its factor is 0). */
  readonly safeLabels: Handle
  readonly height: number
  readonly width: number
}

/**
 * Cross-entropy at label size (method.md 5.3): logits are up-sampled bilinearly (half-pixel centres), then mined.
 *
 * @param output - Logits at stride 4, [N, h, w, K].
 */
export function segmentationLoss(
  kernels: Kernels,
  output: Value,
  target: SegmentationTarget,
  mining: MiningOptions,
): LossParts {
  const [n = 0, , , classes = 0] = output.shape
  const rows = n * target.height * target.width
  const bigShape = [n, target.height, target.width, classes]
  return withScope(kernels, (scope) => {
    const logits = scope.own(kernels.resizeBilinear(output.handle, output.shape, target.height, target.width))
    const flat = scope.own(kernels.reshape(logits, [rows, classes]))
    scope.drop(logits)
    const [losses, backprop] = kernels.softmaxCrossEntropy(flat, target.safeLabels, rows, classes)
    scope.own(losses)
    scope.own(backprop)
    scope.drop(flat)
    const { factors } = mineHardPixels(kernels.downloadSync(losses), target.labels, mining)
    const factorColumn = scope.own(kernels.upload(factors, [rows, 1]))
    const factorRow = scope.own(kernels.reshape(factorColumn, [rows]))
    const weighted = scope.own(kernels.mul(losses, factorRow))
    const value = scope.own(kernels.sum(weighted))
    scope.drop(losses, factorRow, weighted)
    const flatGradient = scope.own(kernels.mul(backprop, factorColumn))
    scope.drop(backprop, factorColumn)
    const bigGradient = scope.own(kernels.reshape(flatGradient, bigShape))
    scope.drop(flatGradient)
    const gradient = kernels.resizeBilinearGradient(bigGradient, output.handle, output.shape)
    return { value: scope.keep(value), gradients: [gradient] }
  })
}
