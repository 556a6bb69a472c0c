import type { FrameFiles, SegmentationSample } from './dataset.ts'
import { checkImageFile, type HeaderCheck, type ImageHeader } from './image-file.ts'
import { checkLabelMap, countValues, type LabelTable } from './label-map.ts'
import type { LeftOut } from './left-out.ts'
import { FILES_AT_ONCE, mapLimited } from './map-limited.ts'
import type { PictureIndex } from './picture-index.ts'

/** A picture with its label map, not yet looked at. */
export interface FramePair {
  /** Unique, fit for a file name. */
  readonly id: string
  /** Frames of one clip look alike. */
  readonly clip: string
  readonly sequence?: string
  readonly imagePath: string
  readonly labelPath: string
  /** What to call it in a list of what was left out. */
  readonly label: string
  readonly table: LabelTable
}

/** A frame that passed every check. */
export interface CheckedFrame extends SegmentationSample {
  readonly sequence?: string
  readonly files: FrameFiles
  readonly bytes: number
  readonly isAnimated: boolean
  /** Pixels of each label. [256] */
  readonly counts: Float64Array
}

/** Looks at pictures and label maps once; what cannot be used goes to `leftOut`. */
export async function checkFrames(
  pairs: readonly FramePair[],
  leftOut: LeftOut,
  index?: PictureIndex,
): Promise<CheckedFrame[]> {
  const checkFile = (path: string) => index?.check(path) ?? checkImageFile(path)
  const checked = await mapLimited(pairs, FILES_AT_ONCE, async (pair) => ({
    pair,
    frame: await checkPair(pair, await checkFile(pair.imagePath)),
  }))
  return checked.flatMap(({ pair, frame }) => {
    if (typeof frame === 'string') {
      leftOut.add(frame, pair.label)
      return []
    }
    return [frame]
  })
}

/** The frame, or why it cannot be used. */
async function checkPair(pair: FramePair, picture: HeaderCheck): Promise<CheckedFrame | string> {
  if (!picture.ok) {
    return picture.reason
  }
  const { header } = picture
  const stored = await tryLabels(pair, header, false)
  const fitting = stored.ok || !header.isTurned ? stored : await tryLabels(pair, header, true)
  if (!fitting.ok) {
    return stored.ok ? fitting.reason : stored.reason
  }
  return {
    id: pair.id,
    clip: pair.clip,
    ...(pair.sequence === undefined ? {} : { sequence: pair.sequence }),
    width: fitting.map.width,
    height: fitting.map.height,
    files: {
      path: pair.imagePath,
      isTurned: fitting !== stored,
      labelPath: pair.labelPath,
      labelTable: pair.table,
    },
    bytes: header.bytes,
    isAnimated: header.isAnimated,
    counts: countValues(fitting.map.labels),
  }
}

/** Label maps are in stored pixels, unless they fit only the picture turned as its EXIF says. */
function tryLabels({ labelPath, table }: FramePair, { width, height }: ImageHeader, isTurned: boolean) {
  const size = isTurned ? { width: height, height: width } : { width, height }
  return checkLabelMap(labelPath, { ...size, table })
}
