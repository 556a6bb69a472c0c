import type { DatasetFacts } from '../contract/index.ts'
import type {
  IgnoredPerson,
  ImageRegion,
  PoseDataset,
  PoseSample,
  SceneDataset,
  ScenePerson,
  SceneSample,
  SplitName,
} from './dataset.ts'
import { countLabelled } from './pose-box.ts'
import { paintSegment, type Segment } from './segment.ts'

/**
 * The same data for bottom-up pose: one sample a picture that has a usable person, with everybody in it. Crowds and persons without
 * labels are masked in the heat maps' loss (method.md 9.2: the union of their segments; of their boxes where there is none) and count
 * neither way in scores.
 */
export function groupByPicture(dataset: PoseDataset): SceneDataset {
  const ignored = Map.groupBy(dataset.ignored ?? [], ({ imageKey }) => imageKey)
  const splits: Record<SplitName, readonly SceneSample[]> = {
    train: scenesOf(dataset.splits.train, ignored),
    search: scenesOf(dataset.splits.search, ignored),
    report: scenesOf(dataset.splits.report, ignored),
  }
  return {
    kind: 'bottom-up-pose',
    facts: describe(dataset.facts, splits),
    skeleton: dataset.skeleton,
    splits,
    recipe:
      dataset.recipe.kind === 'pose-files' ? { kind: 'scene-files', files: dataset.recipe } : dataset.recipe,
    load: async (scene) => {
      const image = await dataset.loadImage(wholePicture(scene, dataset.skeleton.joints.length))
      return { image, mask: maskOf(image, ignored.get(scene.id) ?? []) }
    },
  }
}

type IgnoredByPicture = ReadonlyMap<string, readonly IgnoredPerson[]>

function scenesOf(samples: readonly PoseSample[], ignored: IgnoredByPicture): SceneSample[] {
  return [...Map.groupBy(samples, ({ imageKey }) => imageKey)].flatMap(([imageKey, persons]) => {
    const [first] = persons
    if (first === undefined) {
      return []
    }
    const { imageWidth, imageHeight, imageId, crowdIndex } = first
    return [
      {
        ...{ id: imageKey, imageWidth, imageHeight },
        ...(imageId === undefined ? {} : { imageId }),
        ...(crowdIndex === undefined ? {} : { crowdIndex }),
        persons: [
          ...persons.map(({ box, keypoints, area }) => ({ box, keypoints, area, isCrowd: false })),
          ...(ignored.get(imageKey) ?? []).map(({ box, keypoints, area, isCrowd }) => ({
            ...{ box, area, isCrowd },
            keypoints: new Float32Array(keypoints.length),
          })),
        ],
      },
    ]
  })
}

/** 0 where somebody is whom nobody labelled, else 1, per pixel of the decoded picture; null if there is nobody of them. */
function maskOf(image: ImageRegion, ignored: readonly IgnoredPerson[]): Uint8Array | null {
  if (ignored.length === 0) {
    return null
  }
  const { imageWidth, imageHeight, width, height, left, top, zoom } = image
  const stored = new Uint8Array(imageWidth * imageHeight).fill(1)
  for (const { segment, box } of ignored) {
    const isKnown = segment !== undefined && fits(segment, imageWidth, imageHeight)
    paintSegment(stored, { width: imageWidth, height: imageHeight }, isKnown ? segment : outlineOf(box), 0)
  }
  const mask = Uint8Array.from({ length: width * height }, (_, at) => {
    const column = Math.min(imageWidth - 1, Math.round(left + (at % width) * zoom))
    const row = Math.min(imageHeight - 1, Math.round(top + Math.floor(at / width) * zoom))
    return stored[row * imageWidth + column] ?? 1
  })
  return mask.includes(0) ? mask : null
}

/** Runs of another size than the picture (a file turned by its EXIF, a wrong annotation) say nothing about its pixels. */
function fits(segment: Segment, width: number, height: number): boolean {
  return segment.kind === 'polygons' || (segment.width === width && segment.height === height)
}

function outlineOf([x, y, width, height]: IgnoredPerson['box']): Segment {
  const [right, bottom] = [x + width, y + height]
  return { kind: 'polygons', outlines: [Float64Array.of(x, y, right, y, right, bottom, x, bottom)] }
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
  const unlabelled = new Set([...splits.train, ...splits.search, ...splits.report])
    .values()
    .reduce((sum, { persons }) => sum + persons.filter(isUnlabelled).length, 0)
  return {
    ...facts,
    task: 'bottom-up-pose',
    splits: { train: splits.train.length, search: splits.search.length, report: splits.report.length },
    found: [
      `${pictures.toLocaleString('en-US')} whole pictures with a labelled person; others are not used`,
      ...(unlabelled === 0
        ? []
        : [
            `${unlabelled.toLocaleString('en-US')} crowds and persons without labels in them: masked in training, ignored in scores`,
          ]),
      ...facts.found,
    ],
  }
}

function isUnlabelled({ isCrowd, keypoints }: ScenePerson): boolean {
  return isCrowd || countLabelled(keypoints) === 0
}
