import type { ClassFacts, DatasetConfig, DatasetFacts, SkeletonFacts, TaskKind } from '../contract/index.ts'
import type { Segment } from './segment.ts'

/** 8-bit RGB picture, row-major, three bytes a pixel. */
export interface RgbImage {
  readonly width: number
  readonly height: number
  readonly data: Uint8Array
}

/**
 * A cut-out of a stored picture, perhaps made smaller: pixel (u, v) of `data` lies at (left + u * zoom, top + v * zoom) of
 * the stored picture, whose size is imageWidth x imageHeight. A whole picture has left = top = 0 and zoom = 1.
 */
export interface ImageRegion extends RgbImage {
  readonly left: number
  readonly top: number
  readonly zoom: number
  readonly imageWidth: number
  readonly imageHeight: number
}

export type SplitName = 'train' | 'search' | 'report'

export interface Skeleton extends SkeletonFacts {
  /** Joint indices of the two halves of half-body augmentation (method.md 5.5). */
  readonly upperJoints: readonly number[]
  readonly lowerJoints: readonly number[]
}

/** One person in one picture. */
export interface PoseSample {
  readonly id: string
  /** Names the picture; persons of one picture share it. */
  readonly imageKey: string
  readonly imageWidth: number
  readonly imageHeight: number
  /** x, y, width, height in stored pixels, as annotated (not yet clipped). */
  readonly box: readonly [x: number, y: number, width: number, height: number]
  /** [J * 3]: x, y, visibility (0 = unlabelled, 1 = labelled but hidden, 2 = visible). */
  readonly keypoints: Float32Array
  /** Annotated area in pixels, the scale of OKS. */
  readonly area: number
  /** True: the box is cropped as it is, also beyond the picture (MPII, detectors); else it is clipped first (method.md 5.5). */
  readonly isBoxExact?: boolean
  /** MPII: 0.6 of the head box's diagonal in pixels, the unit of PCKh. */
  readonly headSize?: number
  /** COCO's number of the picture, for files of detections. */
  readonly imageId?: number
  /** CrowdPose: how crowded the picture is, 0..1; decides between easy, medium and hard. */
  readonly crowdIndex?: number
}

/** Somebody whom average precision counts neither way. */
export interface IgnoredPerson {
  readonly imageKey: string
  readonly box: PoseSample['box']
  /** [J * 3]; visibility 0 everywhere unless it is a crowd. */
  readonly keypoints: Float32Array
  readonly area: number
  readonly isCrowd: boolean
  /** Where they are, to the pixel; absent: somewhere in the box. */
  readonly segment?: Segment
}

/** A box that a detector found, as a sample without joints. */
export interface DetectedCrop {
  readonly sample: PoseSample
  /** Of the detector; a person's score is this times that of the key points. */
  readonly boxScore: number
}

/** The detector's boxes of the report split. */
export interface DetectedBoxes {
  /** Name of the file without its folder. */
  readonly file: string
  readonly fingerprint: string
  /** Boxes of lower score are not among these. */
  readonly threshold: number
  /** Every picture of the split by its key, those without a box or a usable person among them. */
  readonly pictures: readonly string[]
  /** Picture by picture. */
  readonly crops: readonly DetectedCrop[]
}

export interface PoseDataset {
  readonly kind: 'pose'
  /** Absent: crops of the report split come from annotated boxes, as all others do. */
  readonly detected?: DetectedBoxes
  /** Crowds and persons without a labelled joint: no samples, but who finds them is not wrong (method.md 6.4). Absent: none known. */
  readonly ignored?: readonly IgnoredPerson[]
  readonly facts: DatasetFacts
  readonly skeleton: Skeleton
  readonly splits: Readonly<Record<SplitName, readonly PoseSample[]>>
  /** Decodes the surroundings of the person. @throws EngineError DATASET if the file cannot be read any more. */
  loadImage(sample: PoseSample): Promise<ImageRegion>
  /** From which another thread opens the same data set without looking at a file. */
  readonly recipe: DatasetRecipe
}

export interface SegmentationSample {
  readonly id: string
  /** Frames of one clip look alike; a clip is never cut apart. */
  readonly clip: string
  readonly width: number
  readonly height: number
}

export interface LabelledImage {
  readonly image: RgbImage
  /** [height * width] class indices, or `classes.ignoreLabel`. */
  readonly labels: Uint8Array
}

export interface SegmentationDataset {
  readonly kind: 'segmentation'
  readonly facts: DatasetFacts
  readonly classes: ClassFacts
  readonly splits: Readonly<Record<SplitName, readonly SegmentationSample[]>>
  /** @throws EngineError DATASET if a file cannot be read any more. */
  load(sample: SegmentationSample): Promise<LabelledImage>
  readonly recipe: DatasetRecipe
}

/** Somebody in a whole picture. */
export interface ScenePerson {
  /** x, y, width, height in stored pixels. */
  readonly box: readonly [x: number, y: number, width: number, height: number]
  /** [J * 3]: x, y, visibility; all 0 of a person without labels and of a crowd. */
  readonly keypoints: Float32Array
  /** Annotated area in pixels, the scale of OKS. */
  readonly area: number
  readonly isCrowd: boolean
}

/** A whole picture with everybody in it. */
export interface SceneSample {
  readonly id: string
  /** COCO's number of the picture, for files of detections. */
  readonly imageId?: number
  /** CrowdPose: how crowded the picture is, 0..1; decides between easy, medium and hard. */
  readonly crowdIndex?: number
  readonly imageWidth: number
  readonly imageHeight: number
  /** Crowds and persons without labels among them: they count neither way. */
  readonly persons: readonly ScenePerson[]
}

export interface SceneImage {
  readonly image: ImageRegion
  /** [height * width] of the image: 0 where people without labels are, else 1; null where there are none. */
  readonly mask: Uint8Array | null
}

/** Whole pictures for bottom-up pose. */
export interface SceneDataset {
  readonly kind: 'bottom-up-pose'
  readonly facts: DatasetFacts
  readonly skeleton: Skeleton
  readonly splits: Readonly<Record<SplitName, readonly SceneSample[]>>
  /** @throws EngineError DATASET if the file cannot be read any more. */
  load(sample: SceneSample): Promise<SceneImage>
  readonly recipe: DatasetRecipe
}

export type Dataset = PoseDataset | SegmentationDataset | SceneDataset

/** A picture on the disk that passed its checks. */
export interface PictureFile {
  readonly path: string
  /** Annotations count in the picture turned as its EXIF says. */
  readonly isTurned: boolean
}

/** Everything that checking a folder of key points found; plain data. */
export interface PoseFiles {
  readonly kind: 'pose-files'
  readonly facts: DatasetFacts
  readonly skeleton: Skeleton
  readonly splits: Readonly<Record<SplitName, readonly PoseSample[]>>
  /** By image key. */
  readonly pictures: ReadonlyMap<string, PictureFile>
  readonly ignored?: readonly IgnoredPerson[]
  readonly detected?: DetectedBoxes
}

export interface FrameFiles extends PictureFile {
  readonly labelPath: string
  /** By stored value: class index, ignore label, or -1 where it is not allowed. [256] */
  readonly labelTable: Int16Array
}

/** Everything that checking a folder of label maps found; plain data. */
export interface SegmentationFiles {
  readonly kind: 'segmentation-files'
  readonly facts: DatasetFacts
  readonly classes: ClassFacts
  readonly splits: Readonly<Record<SplitName, readonly SegmentationSample[]>>
  /** By sample id. */
  readonly frames: ReadonlyMap<string, FrameFiles>
}

/** Whole pictures of checked key points. */
export interface SceneFiles {
  readonly kind: 'scene-files'
  readonly files: PoseFiles
}

export interface DrawnRecipe {
  readonly kind: 'drawn'
  readonly config: DatasetConfig
  readonly task: TaskKind
}

/** Plain data that threads hand each other. */
export type DatasetRecipe = PoseFiles | SegmentationFiles | SceneFiles | DrawnRecipe
