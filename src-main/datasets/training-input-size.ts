import type { NetworkConfig, RunConfig } from '../contract/index.ts'

export type InputSize = Pick<NetworkConfig, 'inputHeight' | 'inputWidth'>

/**
 * Size of the pictures that a network is trained and recalibrated on. Segmentation may train on crops smaller than what it is scored
 * on, as the published recipe does: crops of 512 × 1024, scores on 1024 × 2048 (method.md 5.4, 6.3).
 */
export function trainingInputSize(config: Pick<RunConfig, 'task' | 'network' | 'segmentation'>): InputSize {
  const { inputHeight, inputWidth } = config.network
  const { cropHeight, cropWidth } = config.segmentation
  return config.task === 'segmentation'
    ? { inputHeight: cropHeight ?? inputHeight, inputWidth: cropWidth ?? inputWidth }
    : { inputHeight, inputWidth }
}
