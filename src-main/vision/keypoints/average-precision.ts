import { AREA_RANGES } from './area-ranges.ts'
import type { AreaName } from './area-ranges.ts'
import { compareImage, matchPersons } from './match-persons.ts'
import type { ImagePersons } from './match-persons.ts'
import type { DetectedPerson, TruthPerson } from './object-keypoint-similarity.ts'
import { listThresholds, meanOfKnown, summarizePrecision } from './precision-summary.ts'
import type { PrecisionSummary } from './precision-summary.ts'

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
  /** The same by size of the person; `small` is not among COCO's ten. */
  readonly sizes: Readonly<Record<Exclude<AreaName, 'all'>, SizeScores>>
  /** Persons that count, all areas. */
  readonly persons: number
}

export interface SizeScores {
  readonly ap: number
  readonly ar: number
  /** Persons that count. */
  readonly persons: number
}

export interface AveragePrecisionOptions {
  readonly truth: readonly TruthPerson[]
  readonly detections: readonly DetectedPerson[]
  /** Falloff per joint, shape [J]. */
  readonly sigmas: readonly number[]
}

/**
 * Average precision and recall of key points as COCO defines them (method.md 6.4), equal to pycocotools, for one category.
 *
 * Cost: O(detections x truths of the same picture x J).
 */
export function averagePrecision(options: AveragePrecisionOptions): KeypointScores {
  const thresholds = listThresholds()
  const images = groupByImage(options)
  const within = (area: AreaName): PrecisionSummary =>
    summarizePrecision(
      images.map((image) => matchPersons(image, AREA_RANGES[area], thresholds)),
      thresholds.length,
    )
  const all = within('all')
  const sizes = {
    small: toSizeScores(within('small')),
    medium: toSizeScores(within('medium')),
    large: toSizeScores(within('large')),
  }
  return {
    ap: meanOfKnown(all.precisions),
    ap50: all.precisions[0] ?? -1,
    ap75: all.precisions[5] ?? -1,
    apMedium: sizes.medium.ap,
    apLarge: sizes.large.ap,
    ar: meanOfKnown(all.recalls),
    ar50: all.recalls[0] ?? -1,
    ar75: all.recalls[5] ?? -1,
    arMedium: sizes.medium.ar,
    arLarge: sizes.large.ar,
    apPerThreshold: all.precisions,
    recallPerThreshold: all.recalls,
    sizes,
    persons: all.positives,
  }
}

/** Mean over the categories that have truth, number by number, as pycocotools takes it. */
export function averageOverCategories(categories: readonly KeypointScores[]): KeypointScores {
  const [only] = categories
  if (only !== undefined && categories.length === 1) {
    return only
  }
  const mean = (pick: (scores: KeypointScores) => number): number => meanOfKnown(categories.map(pick))
  const size = (name: keyof KeypointScores['sizes']): SizeScores => ({
    ap: mean(({ sizes }) => sizes[name].ap),
    ar: mean(({ sizes }) => sizes[name].ar),
    persons: categories.reduce((sum, { sizes }) => sum + sizes[name].persons, 0),
  })
  return {
    ap: mean(({ ap }) => ap),
    ap50: mean(({ ap50 }) => ap50),
    ap75: mean(({ ap75 }) => ap75),
    apMedium: mean(({ apMedium }) => apMedium),
    apLarge: mean(({ apLarge }) => apLarge),
    ar: mean(({ ar }) => ar),
    ar50: mean(({ ar50 }) => ar50),
    ar75: mean(({ ar75 }) => ar75),
    arMedium: mean(({ arMedium }) => arMedium),
    arLarge: mean(({ arLarge }) => arLarge),
    apPerThreshold: listThresholds().map((_, i) => mean(({ apPerThreshold }) => apPerThreshold[i] ?? -1)),
    recallPerThreshold: listThresholds().map((_, i) =>
      mean(({ recallPerThreshold }) => recallPerThreshold[i] ?? -1),
    ),
    sizes: { small: size('small'), medium: size('medium'), large: size('large') },
    persons: categories.reduce((sum, { persons }) => sum + persons, 0),
  }
}

/** Pictures by rising id: ties of scores are broken by it. */
export function groupByImage({ truth, detections, sigmas }: AveragePrecisionOptions): ImagePersons[] {
  const truthOf = Map.groupBy(truth, (person) => person.imageId)
  const detectionsOf = Map.groupBy(detections, (person) => person.imageId)
  const ids = [...new Set([...truthOf.keys(), ...detectionsOf.keys()])].toSorted(compareIds)
  return ids.map((id) => compareImage(truthOf.get(id) ?? [], detectionsOf.get(id) ?? [], sigmas))
}

function toSizeScores({ precisions, recalls, positives }: PrecisionSummary): SizeScores {
  return { ap: meanOfKnown(precisions), ar: meanOfKnown(recalls), persons: positives }
}

/** The order of pictures that breaks ties of scores: numbers by value, else by their text. */
export function compareIds(a: number | string, b: number | string): number {
  if (typeof a === 'number' && typeof b === 'number') {
    return a - b
  }
  return String(a) < String(b) ? -1 : 1
}
