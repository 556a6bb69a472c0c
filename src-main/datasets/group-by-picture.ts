import type { DatasetFacts } from '../contract/index.ts'
import type { PoseDataset, PoseSample, SceneDataset, SceneSample, SplitName } from './dataset.ts'

/**
 * The same data for bottom-up pose: one sample a picture, with all of its usable persons. Crowds and persons without labels were left
 * out when the persons were read, so nothing is masked for them, and finding them counts as a mistake; the facts say so.
 */
export function groupByPicture(dataset: PoseDataset): SceneDataset {
  const splits: Record<SplitName, readonly SceneSample[]> = {
    train: scenesOf(dataset.splits.train),
    search: scenesOf(dataset.splits.search),
    report: scenesOf(dataset.splits.report),
  }
  return {
    kind: 'bottom-up-pose',
    facts: describe(dataset.facts, splits),
    skeleton: dataset.skeleton,
    splits,
    recipe:
      dataset.recipe.kind === 'pose-files' ? { kind: 'scene-files', files: dataset.recipe } : dataset.recipe,
    load: async (scene) => ({
      image: await dataset.loadImage(wholePicture(scene, dataset.skeleton.joints.length)),
      mask: null,
    }),
  }
}

function scenesOf(samples: readonly PoseSample[]): SceneSample[] {
  return [...Map.groupBy(samples, ({ imageKey }) => imageKey)].flatMap(([imageKey, persons]) => {
    const [first] = persons
    return first === undefined
      ? []
      : [
          {
            id: imageKey,
            imageWidth: first.imageWidth,
            imageHeight: first.imageHeight,
            persons: persons.map(({ box, keypoints, area }) => ({ box, keypoints, area, isCrowd: false })),
          },
        ]
  })
}

/** A person as large as the picture, so that all of it is decoded. */
function wholePicture({ id, imageWidth, imageHeight }: SceneSample, joints: number): PoseSample {
  return {
    id: `whole ${id}`,
    imageKey: id,
    imageWidth,
    imageHeight,
    box: [0, 0, imageWidth, imageHeight],
    keypoints: new Float32Array(joints * 3),
    area: imageWidth * imageHeight,
  }
}

function describe(facts: DatasetFacts, splits: Record<SplitName, readonly SceneSample[]>): DatasetFacts {
  const pictures = splits.train.length + splits.search.length + splits.report.length
  return {
    ...facts,
    task: 'bottom-up-pose',
    splits: { train: splits.train.length, search: splits.search.length, report: splits.report.length },
    found: [`${pictures.toLocaleString('en-US')} whole pictures`, ...facts.found],
    warnings: [
      ...facts.warnings,
      'crowds and persons without labelled joints are neither masked in training nor ignored in scores',
    ],
  }
}
