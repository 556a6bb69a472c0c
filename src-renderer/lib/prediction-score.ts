import type { PictureScore, Prediction } from '../../src-main/contract/index.ts'

/** The score of one picture under the metric of its run; answers stored before scores had names are PCK, mIoU or OKS AP. */
export function pictureScore(prediction: Prediction): PictureScore {
  if (prediction.score !== undefined) {
    return prediction.score
  }
  switch (prediction.kind) {
    case 'pose':
      return { name: 'PCK@0.2', value: prediction.pck }
    case 'segmentation':
      return { name: 'mIoU', value: prediction.meanIou }
    case 'bottom-up-pose':
      return { name: 'OKS AP', value: prediction.ap }
    default:
      return prediction satisfies never
  }
}

/** In [0, 1]; null where nothing is predicted or the picture cannot be measured. */
export function predictionScore(prediction: Prediction | null): number | null {
  return prediction === null ? null : pictureScore(prediction).value
}

/** '62 %'; empty without a score. */
export function predictionScoreText(prediction: Prediction | null): string {
  const score = predictionScore(prediction)
  return score === null ? '' : `${(score * 100).toFixed(0)} %`
}

/** 'OKS 62 %', for tiles that have no head to name the metric. */
export function namedScoreText(prediction: Prediction | null): string {
  const text = predictionScoreText(prediction)
  return prediction === null || text === '' ? '' : `${pictureScore(prediction).name} ${text}`
}
