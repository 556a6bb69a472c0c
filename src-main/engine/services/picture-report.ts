import type { Prediction, PreviewSample } from '../../contract/index.ts'

type Triple = readonly [number, number, number]

interface PersonReport {
  readonly score: number
  /** [x, y, confidence] per joint in pixels of the whole picture. */
  readonly keypoints: readonly Triple[]
}

/** The JSON that a worker writes about a picture (worker/answer-picture.ts), as far as the window needs it. */
export type PictureReport = { readonly width: number; readonly height: number } & (
  | { readonly task: 'pose' | 'bottom-up-pose'; readonly persons: readonly PersonReport[] }
  | { readonly task: 'segmentation' }
)

export function readReport(text: string): PictureReport {
  return JSON.parse(text) as PictureReport
}

/** In pixels of what is shown; without a truth there is no score. */
export function toPrediction(report: PictureReport, sample: PreviewSample, labelPath: string): Prediction {
  const sampleId = sample.id
  const toShown = ([x, y, confidence]: Triple): Triple => [
    (x * sample.width) / report.width,
    (y * sample.height) / report.height,
    confidence,
  ]
  switch (report.task) {
    case 'pose':
      return {
        ...{ kind: 'pose', sampleId, pck: null },
        keypoints: (report.persons[0]?.keypoints ?? []).map(toShown),
      }
    case 'bottom-up-pose':
      return {
        ...{ kind: 'bottom-up-pose', sampleId, ap: null },
        persons: report.persons.map(({ score, keypoints }) => ({ score, keypoints: keypoints.map(toShown) })),
      }
    case 'segmentation':
      return { kind: 'segmentation', sampleId, labelPath, pixelAccuracy: null, meanIou: null }
    default:
      return report satisfies never
  }
}
