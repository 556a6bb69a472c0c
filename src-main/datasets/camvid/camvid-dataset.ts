import { basename } from 'node:path'
import { EngineError, type ClassFacts, type DatasetConfig } from '../../contract/index.ts'
import { ByteBudgetCache } from '../byte-budget-cache.ts'
import type { LabelledImage, SegmentationDataset, SegmentationSample, SplitName } from '../dataset.ts'
import { fingerprintOf } from '../fingerprint.ts'
import { checkImageFile, decodeImage } from '../image-file.ts'
import { LeftOut } from '../left-out.ts'
import { FILES_AT_ONCE, mapLimited } from '../map-limited.ts'
import { listPairs, listSplits, readClasses, type FramePair } from './camvid-folder.ts'
import { cutClips } from './cut-clips.ts'
import { readLabelMap } from './label-map.ts'

export interface CamvidOptions {
  readonly path: string
  readonly config: Pick<DatasetConfig, 'searchFraction'>
  readonly seed: number
  readonly cacheBytes: number
}

/** A frame that passed every check. */
interface Frame extends SegmentationSample {
  readonly pair: FramePair
  readonly bytes: number
}

/**
 * Opens a folder of `split/images`, `split/labels` and meta.json. The search split is cut from the training clips; the
 * report split is `test*` if there is one, else `val*`.
 *
 * @throws EngineError DATASET if a needed folder or file is missing or nothing usable is left.
 */
export async function openCamvidDataset(options: CamvidOptions): Promise<SegmentationDataset> {
  const { path, seed } = options
  const classes = await readClasses(path)
  const names = await listSplits(path)
  const reportName =
    names.find((name) => /^test/i.test(name)) ?? names.find((name) => /^(val|dev)/i.test(name))
  if (!names.includes('train') || reportName === undefined) {
    throw new EngineError(
      'DATASET',
      `${path}: needs train and test* or val*, each with images and labels; found ${names.join(', ') || 'none'}`,
    )
  }
  const leftOut = new LeftOut()
  const training = await readFrames(path, 'train', classes, leftOut)
  const report = await readFrames(path, reportName, classes, leftOut)
  if (training.length < 3 || report.length === 0) {
    throw new EngineError(
      'DATASET',
      `${path}: ${String(training.length)} usable training frames and ${String(report.length)} in ${reportName}; ` +
        'needs 3 and 1 at least',
      leftOut.toLines(),
    )
  }
  const reportClips = new Set(report.map((frame) => frame.clip))
  const cut = cutClips(training, options.config.searchFraction, seed, reportClips)
  const splits = { train: cut.train, search: cut.search, report }
  if (cut.gap.length > 0) {
    leftOut.add('frame beside the search split', cut.gap[0]?.id ?? '', cut.gap.length)
  }
  const warnings = cut.isInsideClip
    ? ['the training clips are too few or too long to take whole ones for the search']
    : []
  const unused = names.filter((name) => name !== 'train' && name !== reportName)
  const notes = [cut.note, `report split: ${reportName}`, ...unused.map((name) => `${name} is not used`)]
  return assemble(options, { classes, splits, leftOut, warnings, notes })
}

interface Parts {
  readonly classes: ClassFacts
  readonly splits: Record<SplitName, readonly Frame[]>
  readonly leftOut: LeftOut
  readonly warnings: readonly string[]
  readonly notes: readonly string[]
}

function assemble({ path, cacheBytes }: CamvidOptions, parts: Parts): SegmentationDataset {
  const { classes, splits } = parts
  const all = [...splits.train, ...splits.search, ...splits.report]
  const byId = new Map(all.map((frame) => [frame.id, frame]))
  const cache = new ByteBudgetCache<LabelledImage>(
    cacheBytes,
    ({ image, labels }) => image.data.byteLength + labels.byteLength,
  )
  const identity = Object.entries(splits).flatMap(([split, frames]) =>
    frames.map((frame) => `${split} ${frame.id} ${String(frame.bytes)}`),
  )
  return {
    kind: 'segmentation',
    classes,
    splits,
    facts: {
      name: basename(path),
      format: 'camvid',
      task: 'segmentation',
      path,
      fingerprint: fingerprintOf(['camvid', JSON.stringify(classes), ...identity]),
      splits: { train: splits.train.length, search: splits.search.length, report: splits.report.length },
      skeleton: null,
      classes,
      found: [
        `${all.length.toLocaleString('en-US')} pictures with label maps, ${describeSizes(all)} pixels`,
        `${String(classes.names.length)} classes; label ${String(classes.ignoreLabel)} is not counted`,
        ...parts.notes,
      ],
      leftOut: parts.leftOut.toFacts(),
      warnings: parts.warnings,
    },
    load: ({ id }) => cache.get(id, () => loadFrame(byId.get(id), id)),
  }
}

async function loadFrame(frame: Frame | undefined, id: string): Promise<LabelledImage> {
  if (frame === undefined) {
    throw new EngineError('NOT_FOUND', `no picture '${id}' in the data set`)
  }
  const [image, { labels }] = await Promise.all([
    decodeImage(frame.pair.imagePath),
    readLabelMap(frame.pair.labelPath),
  ])
  return { image, labels }
}

async function readFrames(
  path: string,
  split: string,
  classes: ClassFacts,
  leftOut: LeftOut,
): Promise<readonly Frame[]> {
  const pairs = await listPairs(path, split, leftOut)
  const checked = await mapLimited(pairs, FILES_AT_ONCE, async (pair) => ({
    pair,
    frame: await checkPair(pair, classes),
  }))
  return checked.flatMap(({ pair, frame }) => {
    if (typeof frame === 'string') {
      leftOut.add(frame, `${split}/${pair.stem}`)
      return []
    }
    return [frame]
  })
}

/** The frame, or why it cannot be used. */
async function checkPair(pair: FramePair, classes: ClassFacts): Promise<Frame | string> {
  const check = await checkImageFile(pair.imagePath)
  if (!check.ok) {
    return check.reason
  }
  const { width, height, bytes } = check.header
  let map
  try {
    map = await readLabelMap(pair.labelPath)
  } catch (error) {
    if (!(error instanceof EngineError)) {
      throw error
    }
    return 'label map is not a grey or palette PNG of 8 bits that can be decoded'
  }
  if (map.width !== width || map.height !== height) {
    return 'label map has another size than its picture'
  }
  if (map.labels.some((label) => label >= classes.names.length && label !== classes.ignoreLabel)) {
    return `label map has values above ${String(classes.names.length - 1)} that are not the ignore label`
  }
  return { id: frameId(pair), clip: clipOf(pair.stem), width, height, pair, bytes }
}

function frameId({ split, stem }: FramePair): string {
  return `${split}-${stem}`.replaceAll(/[^A-Za-z0-9_.-]+/g, '_')
}

/** The name before the frame number: 0016E5_07959 belongs to 0016E5. */
function clipOf(stem: string): string {
  return stem.replace(/[_-]?\d+$/, '') || stem
}

function describeSizes(frames: readonly Frame[]): string {
  const sizes = new Set(frames.map(({ width, height }) => `${String(width)} x ${String(height)}`))
  return sizes.size <= 3 ? [...sizes].join(', ') : `${String(sizes.size)} sizes of`
}
