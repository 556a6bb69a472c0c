import { basename } from 'node:path'
import {
  EngineError,
  showField,
  type ClassFacts,
  type DatasetFacts,
  type DatasetFormat,
} from '../contract/index.ts'
import type { CheckedFrame } from './check-frames.ts'
import { cutClips, type ClipCut } from './cut-clips.ts'
import { OFFICIAL_SEARCH } from './cut-split.ts'
import type { SegmentationDataset, SegmentationSample, SplitName } from './dataset.ts'
import { describeSizes } from './describe-sizes.ts'
import { fingerprintOf } from './fingerprint.ts'
import type { LeftOut } from './left-out.ts'
import type { FolderOptions } from './pose-dataset.ts'
import { describeLookalikes, findNearDuplicates, hashPictures } from './near-pictures.ts'
import { openSegmentationFiles } from './segmentation-files.ts'
import { describeShared, identifyPictures } from './shared-pictures.ts'

export interface SegmentationParts extends FolderOptions {
  readonly format: DatasetFormat
  readonly classes: ClassFacts
  /** In the order they were filmed within each clip. */
  readonly train: readonly CheckedFrame[]
  /** Null cuts the report split from the training frames. */
  readonly report: readonly CheckedFrame[] | null
  readonly reportName: string
  readonly leftOut: LeftOut
  readonly notes: readonly string[]
}

/**
 * Cuts the splits of checked frames: the search split from the training frames by clip, see {@link cutClips}.
 *
 * @throws EngineError DATASET if nothing usable is left for a split.
 */
export async function assembleSegmentationDataset(parts: SegmentationParts): Promise<SegmentationDataset> {
  const { path, seed, classes, leftOut } = parts
  checkEnough(parts)
  const uncut = cutSplits(parts)
  const hashes = await hashFolder(uncut, parts)
  const cut = keepApart(uncut, parts, hashes)
  const { splits } = cut
  const frames = [...new Set([...splits.train, ...splits.search, ...splits.report])]
  const identities = await identifyPictures(
    frames.map(({ id, files, bytes }) => ({ key: id, path: files.path, bytes })),
  )
  const idsOf = (name: SplitName): string[] => splits[name].map(({ id }) => id)
  const ids = { train: idsOf('train'), search: idsOf('search'), report: idsOf('report') }
  const shared = describeShared(ids, identities)
  const identity = Object.entries(splits).flatMap(([split, members]) =>
    members.map((frame) => `${split} ${frame.id} ${String(frame.bytes)} ${frame.counts.join()}`),
  )
  const facts: DatasetFacts = {
    name: showField(basename(path)),
    format: parts.format,
    task: 'segmentation',
    path,
    fingerprint: fingerprintOf([parts.format, JSON.stringify(classes), String(seed), ...identity]),
    splits: { train: splits.train.length, search: splits.search.length, report: splits.report.length },
    skeleton: null,
    classes,
    found: [...describeFrames(frames, classes), ...cut.notes, ...parts.notes],
    leftOut: leftOut.toFacts(),
    warnings: [
      ...cut.warnings,
      ...shared.warnings,
      ...describeLookalikes(hashes, ids, identities),
      ...describeAbsent(splits.train, classes),
      ...describeAnimated(frames),
    ],
    ...(shared.searchSeesReport ? { searchSeesReport: true } : {}),
  }
  return openSegmentationFiles(
    {
      kind: 'segmentation-files',
      facts,
      classes,
      splits: { train: plain(splits.train), search: plain(splits.search), report: plain(splits.report) },
      frames: new Map(frames.map(({ id, files }) => [id, files])),
    },
    parts.cacheBytes,
  )
}

/** Frames that are needed to train, search and, where that split has to be cut too, report. */
const LEAST_FRAMES = 3

function checkEnough({ path, train, report, reportName, leftOut }: SegmentationParts): void {
  const needed = report === null ? LEAST_FRAMES + 1 : LEAST_FRAMES
  if (train.length < needed || report?.length === 0) {
    throw new EngineError(
      'DATASET',
      `${path}: ${String(train.length)} usable training frames` +
        (report === null ? '' : ` and ${String(report.length)} in ${reportName}`) +
        `; needs ${String(needed)}${report === null ? '' : ' and 1'} at least`,
      leftOut.toLines(),
    )
  }
}

interface Cut {
  readonly splits: Record<SplitName, readonly CheckedFrame[]>
  readonly notes: readonly string[]
  readonly warnings: readonly string[]
}

function cutSplits(parts: SegmentationParts): Cut {
  const { config, seed, leftOut } = parts
  const notes: string[] = []
  const warnings: string[] = []
  let training = parts.train
  let report = parts.report
  const take = (cut: ClipCut<CheckedFrame>, purpose: string): void => {
    training = cut.train
    notes.push(cut.note.replace('search split', purpose))
    if (cut.gap.length > 0) {
      leftOut.add(`frame beside the ${purpose}`, cut.gap[0]?.id ?? '', cut.gap.length)
    }
    if (cut.isInsideClip) {
      warnings.push(
        `the training frames are one clip: the ${purpose} is a block of it, with a gap of unused frames beside it`,
      )
    }
  }
  if (report === null) {
    warnings.push('no split for the report: it is cut from the training frames')
    const cut = cutClips(training, config.searchFraction, seed + REPORT_SEED_OFFSET)
    report = cut.search
    take(cut, 'report split')
  } else {
    notes.push(`report split: ${parts.reportName}`)
  }
  if (config.searchSplit === 'official') {
    warnings.push(OFFICIAL_SEARCH)
    return { splits: { train: training, search: report, report }, notes, warnings }
  }
  const reportClips = new Set(report.map((frame) => frame.clip))
  const cut = cutClips(training, config.searchFraction, seed, reportClips)
  take(cut, 'search split')
  return { splits: { train: training, search: cut.search, report }, notes, warnings }
}

/** A plain folder says little about which pictures are frames of one clip. Formats whose clips are known keep these whole instead. */
async function hashFolder({ splits }: Cut, parts: SegmentationParts): Promise<ReadonlyMap<string, string>> {
  const frames = parts.format === 'folder' ? Object.values(splits).flat() : []
  return hashPictures(new Map(frames.map((frame) => [frame.id, frame.files])), parts)
}

/** Training pictures that look like one of the search split are used for neither. */
function keepApart(cut: Cut, parts: SegmentationParts, hashes: ReadonlyMap<string, string>): Cut {
  const { train, search } = cut.splits
  const searched = new Set(search.map(({ id }) => id))
  const groups = findNearDuplicates(
    hashes,
    [...train, ...search].map(({ id }) => id),
    parts,
  )
  const shared = groups.filter((group) => group.some((id) => searched.has(id)))
  const alike = new Set(shared.flat().filter((id) => !searched.has(id)))
  if (alike.size === 0) {
    return cut
  }
  const [example = ''] = alike
  parts.leftOut.add('looks like a picture of the search split', example, alike.size)
  const kept = train.filter(({ id }) => !alike.has(id))
  if (kept.length === 0) {
    throw new EngineError(
      'DATASET',
      `${parts.path}: every training picture looks like one of the search split; set dataset.nearDuplicates to ignore`,
      parts.leftOut.toLines(),
    )
  }
  return { ...cut, splits: { ...cut.splits, train: kept } }
}

/** So that the two cuts do not follow each other. */
const REPORT_SEED_OFFSET = 101

function plain(frames: readonly CheckedFrame[]): SegmentationSample[] {
  return frames.map(({ id, clip, width, height }) => ({ id, clip, width, height }))
}

function describeFrames(frames: readonly CheckedFrame[], classes: ClassFacts): string[] {
  const counts = addCounts(frames)
  const counted = classes.names.map((name, index) => ({ name, pixels: counts[index] ?? 0 }))
  const total = counted.reduce((sum, { pixels }) => sum + pixels, 0)
  const ignored = counts[classes.ignoreLabel] ?? 0
  const percent = (part: number, whole: number): string =>
    `${((100 * part) / Math.max(1, whole)).toFixed(1)} %`
  const sizes = frames.map(({ width, height }) => [width, height] as const)
  return [
    `${frames.length.toLocaleString('en-US')} pictures with label maps, ${describeSizes(sizes)} pixels`,
    `${String(classes.names.length)} classes; label ${String(classes.ignoreLabel)} is not counted ` +
      `(${percent(ignored, total + ignored)} of the pixels)`,
    counted.map(({ name, pixels }) => `${name} ${percent(pixels, total)}`).join(', '),
  ]
}

function addCounts(frames: readonly CheckedFrame[]): Float64Array {
  const counts = new Float64Array(256)
  for (const frame of frames) {
    frame.counts.forEach((count, label) => {
      counts[label] = (counts[label] ?? 0) + count
    })
  }
  return counts
}

function describeAbsent(training: readonly CheckedFrame[], { names }: ClassFacts): string[] {
  const counts = addCounts(training)
  const absent = names.filter((_, index) => counts[index] === 0)
  return absent.length === 0 ? [] : [`never seen in training: ${absent.join(', ')}`]
}

function describeAnimated(frames: readonly CheckedFrame[]): string[] {
  const count = frames.filter(({ isAnimated }) => isAnimated).length
  return count === 0 ? [] : [`${String(count)} pictures have several frames; the first of each is used`]
}
