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
  const logits = kernels.resizeBilinear(output.handle, output.shape, target.height, target.width)
  const flat = kernels.reshape(logits, [rows, classes])
  kernels.release(logits)
  const [losses, backprop] = kernels.softmaxCrossEntropy(flat, target.safeLabels, rows, classes)
  kernels.release(flat)
  const { factors } = mineHardPixels(kernels.downloadSync(losses), target.labels, mining)
  const factorColumn = kernels.upload(factors, [rows, 1])
  const factorRow = kernels.reshape(factorColumn, [rows])
  const weighted = kernels.mul(losses, factorRow)
  const value = kernels.sum(weighted)
  ;[losses, factorRow, weighted].forEach((handle) => {
    kernels.release(handle)
  })
  const flatGradient = kernels.mul(backprop, factorColumn)
  kernels.release(backprop)
  kernels.release(factorColumn)
  const bigGradient = kernels.reshape(flatGradient, bigShape)
  kernels.release(flatGradient)
  const gradient = kernels.resizeBilinearGradient(bigGradient, output.handle, output.shape)
  kernels.release(bigGradient)
  return { value, gradients: [gradient] }
}
