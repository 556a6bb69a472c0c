import { EngineError, type DatasetConfig, type DatasetFacts } from '../../contract/index.ts'
import { basename } from 'node:path'
import { ByteBudgetCache } from '../byte-budget-cache.ts'
import { chooseGroups } from '../cut-split.ts'
import type { ImageRegion, PoseDataset, PoseSample, Skeleton, SplitName } from '../dataset.ts'
import { fingerprintOf } from '../fingerprint.ts'
import { LeftOut } from '../left-out.ts'
import { countLabelled } from '../pose-box.ts'
import { findCocoFiles } from './coco-folder.ts'
import { loadRegion, planRegion } from './image-region.ts'
import { readPersons, type CocoPersons } from './read-persons.ts'

export interface CocoOptions {
  readonly path: string
  readonly config: Pick<DatasetConfig, 'searchFraction'>
  readonly seed: number
  readonly cacheBytes: number
}

/**
 * Opens a COCO keypoint folder. The search split is cut from the training pictures; the report split is the validation file.
 *
 * @throws EngineError DATASET if nothing usable is left, or for what {@link readPersons} refuses.
 */
export async function openCocoDataset(options: CocoOptions): Promise<PoseDataset> {
  const { path, seed, config } = options
  const folder = await findCocoFiles(path)
  const leftOut = new LeftOut()
  const warnings: string[] = []
  const train = await readPersons(path, folder.trainFile, leftOut)
  const report = folder.reportFile === null ? null : await readPersons(path, folder.reportFile, leftOut)
  checkSame(train, report, folder.trainFile, folder.reportFile)
  const splits = cutSplits({ train, report, fraction: config.searchFraction, seed, leftOut, warnings, path })
  const paths = new Map([...train.imagePaths, ...(report?.imagePaths ?? [])])
  const cache = new ByteBudgetCache<ImageRegion>(options.cacheBytes, (image) => image.data.byteLength)
  const identity = [
    ...train.identity,
    ...(report?.identity ?? []),
    String(seed),
    String(config.searchFraction),
  ]
  return {
    kind: 'pose',
    facts: describe({ path, skeleton: train.skeleton, splits, leftOut, warnings, identity }),
    skeleton: train.skeleton,
    splits,
    loadImage: (sample) => {
      const region = planRegion(sample)
      return cache.get(region.key, () => loadRegion(paths.get(sample.imageKey) ?? sample.imageKey, region))
    },
  }
}

function checkSame(
  train: CocoPersons,
  report: CocoPersons | null,
  trainFile: string,
  reportFile: string | null,
): void {
  if (report !== null && report.skeleton.name !== train.skeleton.name) {
    throw new EngineError(
      'DATASET',
      `${trainFile} has ${String(train.skeleton.joints.length)} joints, ${reportFile ?? ''} has ` +
        `${String(report.skeleton.joints.length)}; both must have the same`,
    )
  }
}

interface SplitSources {
  readonly train: CocoPersons
  readonly report: CocoPersons | null
  readonly fraction: number
  readonly seed: number
  readonly leftOut: LeftOut
  readonly warnings: string[]
  readonly path: string
}

function cutSplits(sources: SplitSources): Record<SplitName, readonly PoseSample[]> {
  const { fraction, seed, warnings } = sources
  let training = sources.train.samples
  let reporting = sources.report?.samples ?? []
  if (sources.report === null) {
    warnings.push(
      'no annotation file of a validation split: the report split is cut from the training pictures',
    )
    ;[training, reporting] = cut(training, fraction, seed, 'report split', sources)
  }
  const [train, search] = cut(training, fraction, seed, 'search split', sources)
  if (reporting.length === 0) {
    throw noUsable(sources, 'the report split')
  }
  return { train, search, report: reporting }
}

function cut(
  samples: readonly PoseSample[],
  fraction: number,
  seed: number,
  purpose: string,
  sources: SplitSources,
): [PoseSample[], PoseSample[]] {
  if (new Set(samples.map((sample) => sample.imageKey)).size < 2) {
    throw noUsable(sources, 'training and a search split')
  }
  const chosen = chooseGroups(
    samples.map((sample) => sample.imageKey),
    fraction,
    seed,
    purpose,
  )
  return [
    samples.filter((sample) => !chosen.has(sample.imageKey)),
    samples.filter((sample) => chosen.has(sample.imageKey)),
  ]
}

function noUsable(sources: SplitSources, purpose: string): EngineError {
  return new EngineError(
    'DATASET',
    `${sources.path}: too few usable persons for ${purpose}; each split needs a picture at least`,
    sources.leftOut.toLines(),
  )
}

interface Description {
  readonly path: string
  readonly skeleton: Skeleton
  readonly splits: Record<SplitName, readonly PoseSample[]>
  readonly leftOut: LeftOut
  readonly warnings: readonly string[]
  readonly identity: readonly string[]
}

function describe({ path, skeleton, splits, leftOut, warnings, identity }: Description): DatasetFacts {
  const all = [...splits.train, ...splits.search, ...splits.report]
  const images = new Set(all.map((sample) => sample.imageKey)).size
  const labelled = all.reduce((sum, sample) => sum + countLabelled(sample.keypoints), 0) / all.length
  return {
    name: basename(path),
    format: 'coco',
    task: 'pose',
    path,
    fingerprint: fingerprintOf(['coco', ...identity]),
    splits: { train: splits.train.length, search: splits.search.length, report: splits.report.length },
    skeleton: {
      name: skeleton.name,
      joints: skeleton.joints,
      edges: skeleton.edges,
      flipPairs: skeleton.flipPairs,
      sides: skeleton.sides,
      sigmas: skeleton.sigmas,
    },
    classes: null,
    found: [
      `${all.length.toLocaleString('en-US')} persons in ${images.toLocaleString('en-US')} images`,
      `${String(skeleton.joints.length)} joints (${skeleton.name}), ${labelled.toFixed(1)} labelled on average`,
    ],
    leftOut: leftOut.toFacts(),
    warnings,
  }
}
