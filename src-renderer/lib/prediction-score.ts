import type { Prediction } from '../../src-main/contract/index.ts'

/** The score of one picture in [0, 1]: the share of joints found, or the mean IoU; null where it cannot be measured. */
export function predictionScore(prediction: Prediction | null): number | null {
  if (prediction === null) {
    return null
  }
  return prediction.kind === 'pose' ? prediction.pck : prediction.meanIou
}

export function predictionScoreText(prediction: Prediction | null): string {
  const score = predictionScore(prediction)
  return score === null ? '' : `${(score * 100).toFixed(0)} %`
}
