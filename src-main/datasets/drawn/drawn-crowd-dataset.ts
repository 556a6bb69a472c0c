import type { DatasetConfig, DatasetFacts } from '../../contract/index.ts'
import { ByteBudgetCache } from '../byte-budget-cache.ts'
import type { SceneDataset, SceneImage, SceneSample, SplitName } from '../dataset.ts'
import { fingerprintOf } from '../fingerprint.ts'
import { countLabelled } from '../pose-box.ts'
import { sampleRandom } from '../sample-random.ts'
import { CROWDPOSE_14 } from '../skeletons.ts'
import { CROWD_SCENE_SIZE, describeCrowdScene, renderCrowdScene, type CrowdScene } from './crowd-scene.ts'
import { countSplits, drawSplits, wholeRegion } from './draw-splits.ts'

/** As `DRAWING_VERSION`, of these pictures alone. */
const CROWD_VERSION = '4'

/** Drawn groups of people: every picture and joint follows from (seed, split, number); nothing is stored. */
export function openDrawnCrowdDataset(config: DatasetConfig, cacheBytes: number): SceneDataset {
  const { seed } = config.drawn
  const cache = new ByteBudgetCache<SceneImage>(
    cacheBytes,
    ({ image, mask }) => image.data.byteLength + (mask?.byteLength ?? 0),
  )
  const splits = drawSplits(config, (id) => sampleOf(seed, id))
  return {
    kind: 'bottom-up-pose',
    recipe: { kind: 'drawn', config, task: 'bottom-up-pose' },
    facts: describe(config, splits),
    skeleton: CROWDPOSE_14,
    splits,
    load: (sample) => cache.get(sample.id, () => Promise.resolve(render(seed, sample))),
  }
}

function sceneOf(seed: number, id: string): CrowdScene {
  return describeCrowdScene(sampleRandom('drawn crowd', seed, id))
}

function sampleOf(seed: number, id: string): SceneSample {
  const { persons } = sceneOf(seed, id)
  return { id, imageWidth: CROWD_SCENE_SIZE, imageHeight: CROWD_SCENE_SIZE, persons }
}

function render(seed: number, { id }: SceneSample): SceneImage {
  const { image, mask } = renderCrowdScene(sceneOf(seed, id))
  return { image: wholeRegion(image), mask }
}

function describe(config: DatasetConfig, splits: Record<SplitName, SceneSample[]>): DatasetFacts {
  const all = [...splits.train, ...splits.search, ...splits.report]
  const persons = all.flatMap((sample) => sample.persons)
  const labelled = persons.filter(({ keypoints }) => countLabelled(keypoints) > 0)
  const joints = labelled.reduce((sum, { keypoints }) => sum + countLabelled(keypoints), 0) / labelled.length
  const hidden = persons.length - labelled.length
  const size = String(CROWD_SCENE_SIZE)
  return {
    name: 'Drawn groups',
    format: 'drawn',
    task: 'bottom-up-pose',
    path: null,
    fingerprint: fingerprintOf(['drawn crowd', CROWD_VERSION, JSON.stringify(config.drawn)]),
    splits: countSplits(splits),
    skeleton: CROWDPOSE_14,
    classes: null,
    found: [
      `${labelled.length.toLocaleString('en-US')} drawn persons in ${all.length.toLocaleString('en-US')} pictures of ${size} x ${size} pixels`,
      `14 joints (${CROWDPOSE_14.name}), ${joints.toFixed(1)} labelled on average`,
    ],
    leftOut:
      hidden === 0
        ? []
        : [
            {
              reason: 'person mostly hidden, without labels: masked in training, ignored in scores',
              count: hidden,
              example:
                all.find((sample) => sample.persons.some((one) => countLabelled(one.keypoints) === 0))?.id ??
                '',
            },
          ],
    warnings: [],
  }
}
