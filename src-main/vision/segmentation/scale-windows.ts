export interface Size {
  readonly height: number
  readonly width: number
}

export interface Window extends Size {
  readonly top: number
  readonly left: number
}

/**
 * Size of a picture at a scale: its long side becomes ⌊base · scale + 0.5⌋, the other follows.
 *
 * @param base - Long side at scale 1 in pixels. Source: method.md 6.3; the HRNet code's `multi_scale_aug`.
 */
export function scaledSize({ height, width }: Size, base: number, scale: number): Size {
  const long = Math.floor(base * scale + 0.5)
  return height > width
    ? { height: long, width: Math.floor((width * long) / height + 0.5) }
    : { height: Math.floor((height * long) / width + 0.5), width: long }
}

/**
 * Windows that cover a picture: side by side in steps of the crop, the last ones moved back inside, so that they overlap. A picture
 * within the crop is one window. Source: method.md 6.3.
 */
export function coverWithWindows({ height, width }: Size, crop: Size): Window[] {
  const tops = starts(height, crop.height)
  const lefts = starts(width, crop.width)
  return tops.flatMap((top) =>
    lefts.map((left) => ({
      ...{ top, left },
      height: Math.min(crop.height, height),
      width: Math.min(crop.width, width),
    })),
  )
}

function starts(length: number, crop: number): number[] {
  const count = Math.max(1, Math.ceil((length - crop) / crop) + 1)
  return Array.from({ length: count }, (_, index) => Math.max(0, Math.min(index * crop, length - crop)))
}
