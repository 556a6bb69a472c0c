import type { Prediction } from '../../src-main/contract/index.ts'

/** The score of one picture in [0, 1]: the share of joints found, the mean IoU, or OKS AP; null where it cannot be measured. */
export function predictionScore(prediction: Prediction | null): number | null {
  if (prediction === null) {
    return null
  }
  switch (prediction.kind) {
    case 'pose':
      return prediction.pck
    case 'segmentation':
      return prediction.meanIou
    case 'bottom-up-pose':
      return prediction.ap
    default:
      return prediction satisfies never
  }
}

export function predictionScoreText(prediction: Prediction | null): string {
  const score = predictionScore(prediction)
  return score === null ? '' : `${(score * 100).toFixed(0)} %`
}
