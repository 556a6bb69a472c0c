import { basename } from 'node:path'
import {
  EngineError,
  showField,
  type DatasetConfig,
  type DatasetFacts,
  type DatasetFormat,
} from '../contract/index.ts'
import { chooseGroups, OFFICIAL_SEARCH } from './cut-split.ts'
import type { PoseDataset, PoseSample, Skeleton, SplitName } from './dataset.ts'
import { readDetectedBoxes, type DetectionSource } from './detections/read-detected-boxes.ts'
import { describePersons } from './describe-persons.ts'
import { fingerprintOf } from './fingerprint.ts'
import type { LeftOut } from './left-out.ts'
import type { Persons } from './persons.ts'
import { openPoseFiles } from './pose-files.ts'
import type { PictureIndex } from './picture-index.ts'
import {
  describeLookalikes,
  describeNear,
  findNearDuplicates,
  hashPictures,
  nearIdentities,
} from './near-pictures.ts'
import { describeShared, identifyPictures, type Identities } from './shared-pictures.ts'

export interface FolderOptions {
  readonly path: string
  readonly config: Pick<
    DatasetConfig,
    'searchFraction' | 'searchSplit' | 'detections' | 'detectionThreshold' | 'nearDuplicates'
  >
  /** What is known of the pictures; absent: nothing. */
  readonly index?: PictureIndex
  readonly seed: number
  readonly cacheBytes: number
}

export interface PoseParts extends FolderOptions {
  readonly format: DatasetFormat
  readonly train: Persons
  /** Null if there is no annotation of a reporting split. */
  readonly report: Persons | null
  readonly leftOut: LeftOut
  readonly notes: readonly string[]
  readonly warnings: readonly string[]
  /** Absent: the report split has annotated boxes too. */
  readonly detections?: DetectionSource
}

/**
 * Cuts the splits of checked persons: the search split from the training pictures, whole pictures only; the report split is
 * that of the data set, else cut likewise.
 *
 * @throws EngineError DATASET if nothing usable is left for a split or the files have different joints.
 */
export async function assemblePoseDataset(parts: PoseParts): Promise<PoseDataset> {
  const { path, train, report, leftOut } = parts
  checkSame(train, report)
  const all = report === null ? [train] : [train, report]
  const pictures = new Map(all.flatMap((persons) => [...persons.pictures]))
  const bytes = new Map(all.flatMap((persons) => [...persons.fileBytes]))
  const identities = await identifyPictures(
    Array.from(pictures, ([key, { path: file }]) => ({ key, path: file, bytes: bytes.get(key) ?? 0 })),
    parts.index,
  )
  const hashes = await hashPictures(pictures, parts)
  const near = findNearDuplicates(hashes, train.pictures.keys(), parts)
  const { splits, warnings } = cutSplits(parts, nearIdentities(identities, near))
  const keysOf = (name: SplitName): string[] => splits[name].map(({ imageKey }) => imageKey)
  const detected =
    parts.detections === undefined
      ? null
      : await readDetectedBoxes(parts.detections, report === null ? new Set(keysOf('report')) : null, leftOut)
  const keys = { train: keysOf('train'), search: keysOf('search'), report: keysOf('report') }
  const shared = describeShared(keys, identities)
  const facts: DatasetFacts = {
    name: showField(basename(path)),
    format: parts.format,
    task: 'pose',
    path,
    fingerprint: fingerprintParts(all, parts, near),
    splits: { train: splits.train.length, search: splits.search.length, report: splits.report.length },
    skeleton: factsOf(train.skeleton),
    classes: null,
    found: [
      ...describePersons(train.skeleton, splits),
      ...parts.notes,
      ...describeNear(near),
      ...(detected === null ? [] : [detected.note]),
    ],
    leftOut: leftOut.toFacts(),
    warnings: [
      ...parts.warnings,
      ...all.flatMap((persons) => persons.warnings ?? []),
      ...warnings,
      ...shared.warnings,
      ...describeLookalikes(hashes, keys, identities),
      ...describeSkeletonGaps(train.skeleton),
      ...describeAnimated(all),
    ],
    ...(shared.searchSeesReport ? { searchSeesReport: true } : {}),
  }
  return openPoseFiles(
    {
      ...{ kind: 'pose-files', facts, skeleton: train.skeleton, splits },
      pictures: detected === null ? pictures : new Map([...pictures, ...detected.pictures]),
      ignored: all.flatMap((persons) => persons.ignored ?? []),
      ...(detected === null ? {} : { detected: detected.boxes }),
    },
    parts.cacheBytes,
  )
}

function fingerprintParts(
  all: readonly Persons[],
  { format, seed, config }: PoseParts,
  near: readonly (readonly string[])[],
): string {
  const identity = all.flatMap((persons) => [
    persons.text,
    ...Array.from(persons.fileBytes, ([name, bytes]) => `${name} ${String(bytes)}`),
  ])
  const cut = [String(seed), String(config.searchFraction), config.searchSplit ?? 'cut']
  return fingerprintOf([format, ...identity, ...cut, ...near.map((group) => group.join(' '))])
}

function checkSame(train: Persons, report: Persons | null): void {
  if (report !== null && report.skeleton.joints.join() !== train.skeleton.joints.join()) {
    throw new EngineError(
      'DATASET',
      `${train.source} has ${String(train.skeleton.joints.length)} joints (${train.skeleton.name}), ` +
        `${report.source} has ${String(report.skeleton.joints.length)} (${report.skeleton.name}); both must have the same`,
    )
  }
}

function cutSplits(
  parts: PoseParts,
  identities: Identities,
): {
  readonly splits: Record<SplitName, readonly PoseSample[]>
  readonly warnings: readonly string[]
} {
  const warnings: string[] = []
  let training = parts.train.samples
  let report = parts.report?.samples ?? []
  if (parts.report === null) {
    warnings.push(
      'no annotation file of a validation split: the report split is cut from the training pictures',
    )
    ;[training, report] = cut(training, 'report split', parts, identities)
  }
  if (report.length === 0) {
    throw noUsable(parts, 'the report split')
  }
  if (parts.config.searchSplit === 'official') {
    return { splits: { train: training, search: report, report }, warnings: [...warnings, OFFICIAL_SEARCH] }
  }
  const [train, search] = cut(training, 'search split', parts, identities)
  return { splits: { train, search, report }, warnings }
}

/** Copies of one picture count as one, so that they land on the same side. */
function cut(
  samples: readonly PoseSample[],
  purpose: string,
  parts: PoseParts,
  identities: Identities,
): [PoseSample[], PoseSample[]] {
  const keys = samples.map(({ imageKey }) => imageKey)
  const isFew = hasFewContents(keys, identities)
  const nameOf = ({ imageKey }: PoseSample): string =>
    isFew ? imageKey : (identities.get(imageKey) ?? imageKey)
  const names = samples.map(nameOf)
  if (new Set(names).size < 2) {
    throw noUsable(parts, 'training and a search split')
  }
  const chosen = chooseGroups(names, parts.config.searchFraction, parts.seed, purpose)
  return [
    samples.filter((sample) => !chosen.has(nameOf(sample))),
    samples.filter((sample) => chosen.has(nameOf(sample))),
  ]
}

/** Share of the pictures that may be copies of one before copies are no longer kept together. */
const MOST_COPIES = 0.2

/** True if so many pictures are copies of one that keeping them together would leave no splits worth the name. */
function hasFewContents(keys: readonly string[], identities: Identities): boolean {
  const pictures = new Set(keys)
  const copies = new Map<string, number>()
  for (const key of pictures) {
    const content = identities.get(key) ?? key
    copies.set(content, (copies.get(content) ?? 0) + 1)
  }
  return Math.max(0, ...copies.values()) > Math.max(2, MOST_COPIES * pictures.size)
}

function noUsable({ path, leftOut }: PoseParts, purpose: string): EngineError {
  return new EngineError(
    'DATASET',
    `${path}: too few usable persons for ${purpose}; each split needs a picture at least`,
    leftOut.toLines(),
  )
}

function factsOf({ name, joints, edges, flipPairs, sides, sigmas }: Skeleton): DatasetFacts['skeleton'] {
  return { name, joints, edges, flipPairs, sides, sigmas }
}

function describeSkeletonGaps({ flipPairs }: Skeleton): string[] {
  return flipPairs.length > 0
    ? []
    : [
        'the joint names tell no left and right: set pose.flipProbability to 0 and search.flipTest to false, ' +
          'unless no joint has a partner',
      ]
}

function describeAnimated(all: readonly Persons[]): string[] {
  const count = all.reduce((sum, { animated }) => sum + animated, 0)
  return count === 0 ? [] : [`${String(count)} pictures have several frames; the first of each is used`]
}
