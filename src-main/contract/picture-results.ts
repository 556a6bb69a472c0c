/**
 * What a score is made of, picture by picture, so that its interval can be asked for later. Axes: P pictures in an order that is the
 * same for every candidate of a split, C classes, D detections by picture and falling score.
 */
export type PictureResults = RatioResults | IouResults | PrecisionResults

export type PictureResultsKind = PictureResults['kind']

/** Accuracy = hits / trials, both summed over the pictures: PCK and PCKh. */
export interface RatioResults {
  readonly kind: 'ratio'
  /** [P]: joints found. */
  readonly hits: Uint32Array
  /** [P]: joints that count. */
  readonly trials: Uint32Array
}

/** Accuracy = mean over the classes with a union of intersection / union, both summed over the pictures. */
export interface IouResults {
  readonly kind: 'iou'
  readonly classes: number
  /** [P, C]: pixels. */
  readonly intersections: Uint32Array
  /** [P, C]: pixels. */
  readonly unions: Uint32Array
}

/** Accuracy = COCO's average precision, mean over the ten thresholds of OKS, persons of all sizes. */
export interface PrecisionResults {
  readonly kind: 'ap'
  /** [P]: persons that count. */
  readonly positives: Uint32Array
  /** [P]: how many of the detections are of the picture. */
  readonly counts: Uint32Array
  /** [D]. Doubles: rounded ones could change the order, and with it the score. */
  readonly scores: Float64Array
  /** [D]: bit t is set where the detection has a person at threshold t. */
  readonly matched: Uint16Array
  /** [D]: bit t is set where it counts neither way at threshold t. */
  readonly ignored: Uint16Array
}
