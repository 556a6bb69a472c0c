import type { DatasetConfig, DatasetFacts } from '../../contract/index.ts'
import { ByteBudgetCache } from '../byte-budget-cache.ts'
import type { ImageRegion, PoseDataset, PoseSample, SplitName } from '../dataset.ts'
import { fingerprintOf } from '../fingerprint.ts'
import { countLabelled } from '../pose-box.ts'
import { sampleRandom } from '../sample-random.ts'
import { CROWDPOSE_14 } from '../skeletons.ts'
import { countSplits, drawSplits, wholeRegion } from './draw-splits.ts'
import { DRAWING_VERSION } from './drawing-version.ts'
import { describePoseScene, POSE_SCENE_SIZE, renderPoseScene, type PoseScene } from './pose-scene.ts'

/** Drawn people: every picture and joint follows from (seed, split, number); nothing is stored. */
export function openDrawnPoseDataset(config: DatasetConfig, cacheBytes: number): PoseDataset {
  const { seed } = config.drawn
  const cache = new ByteBudgetCache<ImageRegion>(cacheBytes, (image) => image.data.byteLength)
  const splits = drawSplits(config, (id) => sampleOf(seed, id))
  return {
    kind: 'pose',
    recipe: { kind: 'drawn', config, task: 'pose' },
    facts: describe(config, splits),
    skeleton: CROWDPOSE_14,
    splits,
    loadImage: (sample) => cache.get(sample.id, () => Promise.resolve(render(seed, sample))),
  }
}

function sceneOf(seed: number, id: string): PoseScene {
  return describePoseScene(sampleRandom('drawn pose', seed, id))
}

function sampleOf(seed: number, id: string): PoseSample {
  const { box, keypoints, area } = sceneOf(seed, id)
  const size = POSE_SCENE_SIZE
  return { id, imageKey: id, imageWidth: size, imageHeight: size, box, keypoints, area }
}

function render(seed: number, sample: PoseSample): ImageRegion {
  return wholeRegion(renderPoseScene(sceneOf(seed, sample.id)))
}

function describe(config: DatasetConfig, splits: Record<SplitName, PoseSample[]>): DatasetFacts {
  const all = [...splits.train, ...splits.search, ...splits.report]
  const labelled = all.reduce((sum, sample) => sum + countLabelled(sample.keypoints), 0) / all.length
  const size = String(POSE_SCENE_SIZE)
  return {
    name: 'Drawn people',
    format: 'drawn',
    task: 'pose',
    path: null,
    fingerprint: fingerprintOf(['drawn pose', DRAWING_VERSION, JSON.stringify(config.drawn)]),
    splits: countSplits(splits),
    skeleton: CROWDPOSE_14,
    classes: null,
    found: [
      `${all.length.toLocaleString('en-US')} drawn persons in pictures of ${size} x ${size} pixels`,
      `14 joints (${CROWDPOSE_14.name}), ${labelled.toFixed(1)} labelled on average`,
    ],
    leftOut: [],
    warnings: [],
  }
}
