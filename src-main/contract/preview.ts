/** A test image that previews show. Its picture is fetched by HTTP from `/files/...` below the run. */
export interface PreviewSample {
  readonly id: string
  readonly runId: string
  /** Null: of no split, a picture of the user's own. */
  readonly split: 'search' | 'report' | null
  readonly width: number
  readonly height: number
  /** Path for an authorized GET: /api/runs/{run}/preview/{sample}/image (PNG or JPEG, width × height). */
  readonly imagePath: string
  /** Truth in pixels of this picture; [x, y, visible] per joint. Null unless the picture is of one person. */
  readonly truthKeypoints: readonly (readonly [number, number, number])[] | null
  /** Bottom-up: the same for every labelled person. Absent for other tasks. */
  readonly truthPersons?: readonly (readonly (readonly [number, number, number])[])[]
  /** /api/runs/{run}/preview/{sample}/truth: raw uint8 class indices, row-major, width × height bytes. Null but for segmentation. */
  readonly truthLabelPath: string | null
  /** Person box in this picture, [x, y, w, h]; null unless the picture is of one person. */
  readonly box: readonly [number, number, number, number] | null
}

/** The score of one picture under the metric of its run; absent of answers that were stored before it had a name. */
export interface PictureScore {
  /** 'PCK@0.2', 'OKS', 'PCKh@0.5', 'mIoU', 'OKS AP'. */
  readonly name: string
  /** In [0, 1]; null where this picture cannot be measured so. */
  readonly value: number | null
}

export interface PosePrediction {
  readonly kind: 'pose'
  readonly sampleId: string
  /** [x, y, confidence] per joint in pixels of the preview picture. */
  readonly keypoints: readonly (readonly [number, number, number])[]
  /** Share of labelled joints within 0.2 torso of the truth; null if the sample has no torso or no truth. */
  readonly pck: number | null
  /** PCK, or OKS in runs by AP, or PCKh. */
  readonly score?: PictureScore
}

export interface SegmentationPrediction {
  readonly kind: 'segmentation'
  readonly sampleId: string
  /** /api/runs/{run}/preview/{sample}/prediction/{genotypeId}: raw uint8 class indices, width × height bytes. */
  readonly labelPath: string
  /** Null without a truth. */
  readonly pixelAccuracy: number | null
  readonly meanIou: number | null
  readonly score?: PictureScore
}

/** Everybody that a bottom-up network found in a whole picture. */
export interface ScenePrediction {
  readonly kind: 'bottom-up-pose'
  readonly sampleId: string
  readonly persons: readonly {
    /** Mean heat of the joints. */
    readonly score: number
    /** [x, y, heat] per joint in pixels of the preview picture; heat 0 where the joint was not found. */
    readonly keypoints: readonly (readonly [number, number, number])[]
  }[]
  /** OKS AP of this picture alone; null if nobody in it is labelled. */
  readonly ap: number | null
  readonly score?: PictureScore
}

export type Prediction = PosePrediction | SegmentationPrediction | ScenePrediction

/** A picture that could not be answered, while others were. */
export interface PreviewProblem {
  readonly sampleId: string
  readonly message: string
}

export interface CandidatePredictions {
  readonly candidateId: string
  readonly genotypeId: string
  readonly predictions: readonly Prediction[]
  /** Asked again with the next call. */
  readonly problems: readonly PreviewProblem[]
}
