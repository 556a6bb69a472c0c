import type { ImageRegion, PictureFile, PoseSample } from './dataset.ts'
import { decodeImage } from './image-file.ts'

/** The part of a picture that crops of one person can show. */
export interface RegionPlan {
  /** Equal for persons that share a region. */
  readonly key: string
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
  readonly imageWidth: number
  readonly imageHeight: number
}

/**
 * Sides of the region in longer sides of the box: the widest crop (margin 1.25, scale 1.35, turned by 45 degrees) reaches 1.19
 * of it from the centre; half-body crops may look a little further.
 */
const REGION_SIDES = 3

/**
 * A region larger than this is made smaller when decoded (area average, then the bilinear warp): its person then has 427 pixels at
 * least, more than any published crop shows of one. COCO's pictures have 640 pixels at most and are never touched.
 */
const LONGEST_SIDE = 1280

/** Where crops of the person can look, cut to the picture; the whole picture where that is not much more. */
export function planRegion(sample: PoseSample): RegionPlan {
  const { imageWidth, imageHeight, box } = sample
  const reach = (Math.max(box[2], box[3]) * REGION_SIDES) / 2
  const left = Math.max(0, Math.floor(box[0] + box[2] / 2 - reach))
  const top = Math.max(0, Math.floor(box[1] + box[3] / 2 - reach))
  const right = Math.min(imageWidth, Math.ceil(box[0] + box[2] / 2 + reach))
  const bottom = Math.min(imageHeight, Math.ceil(box[1] + box[3] / 2 + reach))
  const isMostOfIt = (right - left) * (bottom - top) > 0.5 * imageWidth * imageHeight
  // A box beside the picture shows nothing of it, but its crop is still a picture: black.
  const isBeside = right <= left || bottom <= top
  if (isBeside || (isMostOfIt && Math.max(imageWidth, imageHeight) <= LONGEST_SIDE)) {
    return {
      key: sample.imageKey,
      left: 0,
      top: 0,
      width: imageWidth,
      height: imageHeight,
      imageWidth,
      imageHeight,
    }
  }
  return { key: sample.id, left, top, width: right - left, height: bottom - top, imageWidth, imageHeight }
}

/** Decodes a region. @throws EngineError DATASET by the name of the file. */
export async function loadRegion({ path, isTurned }: PictureFile, plan: RegionPlan): Promise<ImageRegion> {
  const { left, top, width, height, imageWidth, imageHeight } = plan
  const zoom = Math.max(1, Math.max(width, height) / LONGEST_SIDE)
  const isWhole = width === imageWidth && height === imageHeight
  const image = await decodeImage(path, {
    isTurned,
    ...(isWhole ? {} : { cut: { left, top, width, height } }),
    ...(zoom === 1 ? {} : { resize: { width: Math.round(width / zoom), height: Math.round(height / zoom) } }),
  })
  // The centre of the first pixel of a picture made smaller lies half a large pixel inside.
  const inset = zoom / 2 - 0.5
  return { ...image, left: left + inset, top: top + inset, zoom, imageWidth, imageHeight }
}
