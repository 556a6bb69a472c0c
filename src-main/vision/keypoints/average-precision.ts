import { compareImage, matchPersons, type AreaRange, type ImageMatches } from './match-persons.ts'
import { EPSILON, type DetectedPerson, type TruthPerson } from './object-keypoint-similarity.ts'

/** COCO's ten key-point numbers, each in [0, 1], or -1 where no truth counts. */
export interface KeypointScores {
  readonly ap: number
  readonly ap50: number
  readonly ap75: number
  readonly apMedium: number
  readonly apLarge: number
  readonly ar: number
  readonly ar50: number
  readonly ar75: number
  readonly arMedium: number
  readonly arLarge: number
  /** [10]: AP and recall at OKS 0.50, 0.55, …, 0.95, all areas. */
  readonly apPerThreshold: readonly number[]
  readonly recallPerThreshold: readonly number[]
}

export interface AveragePrecisionOptions {
  readonly truth: readonly TruthPerson[]
  readonly detections: readonly DetectedPerson[]
  /** Falloff per joint, shape [J]. */
  readonly sigmas: readonly number[]
}

const THRESHOLD_COUNT = 10
const RECALL_COUNT = 101
const ALL_AREAS: AreaRange = [0, 1e10]
const MEDIUM_AREAS: AreaRange = [32 ** 2, 96 ** 2]
const LARGE_AREAS: AreaRange = [96 ** 2, 1e10]

/**
 * Average precision and recall of key points as COCO defines them (method.md 6.4), equal to pycocotools.
 *
 * Cost: O(detections x truths of the same picture x J).
 */
export function averagePrecision(options: AveragePrecisionOptions): KeypointScores {
  const thresholds = listThresholds()
  const images = groupByImage(options)
  const summarize = (range: AreaRange): Summary =>
    accumulate(
      images.map((image) => matchPersons(image, range, thresholds)),
      thresholds.length,
    )
  const all = summarize(ALL_AREAS)
  const medium = summarize(MEDIUM_AREAS)
  const large = summarize(LARGE_AREAS)
  return {
    ap: meanOrNone(all.precisions),
    ap50: all.precisions[0] ?? -1,
    ap75: all.precisions[5] ?? -1,
    apMedium: meanOrNone(medium.precisions),
    apLarge: meanOrNone(large.precisions),
    ar: meanOrNone(all.recalls),
    ar50: all.recalls[0] ?? -1,
    ar75: all.recalls[5] ?? -1,
    arMedium: meanOrNone(medium.recalls),
    arLarge: meanOrNone(large.recalls),
    apPerThreshold: all.precisions,
    recallPerThreshold: all.recalls,
  }
}

/** numpy's linspace(0.5, 0.95, 10), to the last bit, since similarities may equal a threshold. */
function listThresholds(): number[] {
  const step = (0.95 - 0.5) / (THRESHOLD_COUNT - 1)
  return Array.from({ length: THRESHOLD_COUNT }, (_, index) =>
    index === THRESHOLD_COUNT - 1 ? 0.95 : 0.5 + index * step,
  )
}

/** Pictures by rising id: ties of scores are broken by it. */
function groupByImage({ truth, detections, sigmas }: AveragePrecisionOptions) {
  const truthOf = Map.groupBy(truth, (person) => person.imageId)
  const detectionsOf = Map.groupBy(detections, (person) => person.imageId)
  const ids = [...new Set([...truthOf.keys(), ...detectionsOf.keys()])].toSorted(compareIds)
  return ids.map((id) => compareImage(truthOf.get(id) ?? [], detectionsOf.get(id) ?? [], sigmas))
}

function compareIds(a: number | string, b: number | string): number {
  if (typeof a === 'number' && typeof b === 'number') {
    return a - b
  }
  return String(a) < String(b) ? -1 : 1
}

/** Per threshold, -1 where no truth counts. */
interface Summary {
  readonly precisions: readonly number[]
  readonly recalls: readonly number[]
}

function accumulate(images: readonly ImageMatches[], thresholdCount: number): Summary {
  const positives = images.reduce((sum, image) => sum + image.positives, 0)
  const order = images
    .flatMap((image, index) => image.scores.map((score, detection) => ({ score, index, detection })))
    .toSorted((a, b) => b.score - a.score)
  const precisions: number[] = []
  const recalls: number[] = []
  for (let threshold = 0; threshold < thresholdCount; threshold++) {
    const hits = order.flatMap(({ index, detection }) => {
      const image = images[index]
      return image?.isIgnored[threshold]?.[detection] === true
        ? []
        : [image?.isMatched[threshold]?.[detection] === true]
    })
    precisions.push(positives === 0 ? -1 : interpolatedPrecision(hits, positives))
    recalls.push(positives === 0 ? -1 : hits.filter(Boolean).length / positives)
  }
  return { precisions, recalls }
}

/** Mean over recalls 0, 0.01, …, 1 of the best precision at that recall or a higher one; 0 where it is not reached. */
function interpolatedPrecision(hits: readonly boolean[], positives: number): number {
  const recall: number[] = []
  const precision: number[] = []
  let found = 0
  hits.forEach((isHit, index) => {
    found += isHit ? 1 : 0
    recall.push(found / positives)
    precision.push(found / (index + 1 + EPSILON))
  })
  for (let index = precision.length - 1; index > 0; index--) {
    precision[index - 1] = Math.max(precision[index - 1] ?? 0, precision[index] ?? 0)
  }
  let sum = 0
  let at = 0
  for (let step = 0; step < RECALL_COUNT; step++) {
    const wanted = step === RECALL_COUNT - 1 ? 1 : step * 0.01
    while (at < recall.length && (recall[at] ?? 0) < wanted) {
      at++
    }
    sum += precision[at] ?? 0
  }
  return sum / RECALL_COUNT
}

function meanOrNone(values: readonly number[]): number {
  const counted = values.filter((value) => value > -1)
  return counted.length === 0 ? -1 : counted.reduce((sum, value) => sum + value, 0) / counted.length
}
