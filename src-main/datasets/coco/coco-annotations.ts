/** The parts of a COCO keypoint file that are used, checked for shape; numbers may still be out of range. */
export interface CocoFile {
  readonly images: ReadonlyMap<number, CocoImage>
  readonly annotations: readonly CocoAnnotation[]
  /** Joint names of the category that has any, null if none has. */
  readonly jointNames: readonly string[] | null
}

export interface CocoImage {
  readonly id: number
  readonly fileName: string
  /** Null where the file does not say. */
  readonly width: number | null
  readonly height: number | null
}

export interface CocoAnnotation {
  readonly id: number
  readonly imageId: number
  readonly box: readonly [x: number, y: number, width: number, height: number] | null
  readonly keypoints: readonly number[]
  readonly area: number | null
  readonly isCrowd: boolean
}

/** @throws Error that says which field is not as COCO has it. */
export function parseCocoFile(text: string): CocoFile {
  const root = asRecord(JSON.parse(text), 'the file')
  const images = asArray(root['images'], 'images').map(parseImage)
  return {
    images: new Map(images.map((image) => [image.id, image])),
    annotations: asArray(root['annotations'], 'annotations').map(parseAnnotation),
    jointNames: parseJointNames(root['categories']),
  }
}

function parseImage(value: unknown, index: number): CocoImage {
  const name = `images[${String(index)}]`
  const image = asRecord(value, name)
  const fileName = image['file_name']
  if (typeof fileName !== 'string' || fileName === '') {
    throw new Error(`${name}.file_name must be a text`)
  }
  return {
    id: asNumber(image['id'], `${name}.id`),
    fileName,
    width: numberOrNull(image['width']),
    height: numberOrNull(image['height']),
  }
}

function parseAnnotation(value: unknown, index: number): CocoAnnotation {
  const name = `annotations[${String(index)}]`
  const annotation = asRecord(value, name)
  const keypoints = annotation['keypoints']
  return {
    id: asNumber(annotation['id'], `${name}.id`),
    imageId: asNumber(annotation['image_id'], `${name}.image_id`),
    box: parseBox(annotation['bbox']),
    keypoints: Array.isArray(keypoints)
      ? keypoints.map((entry) => (typeof entry === 'number' ? entry : NaN))
      : [],
    area: numberOrNull(annotation['area']),
    isCrowd: annotation['iscrowd'] === 1 || annotation['iscrowd'] === true,
  }
}

function parseBox(value: unknown): CocoAnnotation['box'] {
  if (!Array.isArray(value) || value.length !== 4) {
    return null
  }
  const [x, y, width, height] = value.map(numberOrNull)
  return typeof x === 'number' &&
    typeof y === 'number' &&
    typeof width === 'number' &&
    typeof height === 'number'
    ? [x, y, width, height]
    : null
}

function parseJointNames(value: unknown): readonly string[] | null {
  if (!Array.isArray(value)) {
    return null
  }
  for (const category of value) {
    const names: unknown = isRecord(category) ? category['keypoints'] : null
    if (Array.isArray(names) && names.length > 0 && names.every((name) => typeof name === 'string')) {
      return names
    }
  }
  return null
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function asRecord(value: unknown, name: string): Record<string, unknown> {
  if (!isRecord(value)) {
    throw new Error(`${name} must be an object`)
  }
  return value
}

function asArray(value: unknown, name: string): readonly unknown[] {
  if (!Array.isArray(value)) {
    throw new Error(`${name} must be a list`)
  }
  return value
}

function asNumber(value: unknown, name: string): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    throw new Error(`${name} must be a number, got ${JSON.stringify(value)}`)
  }
  return value
}

function numberOrNull(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}
