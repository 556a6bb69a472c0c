import type { PictureFile, PoseSample } from './dataset.ts'
import { checkImageFile, fitAnnotatedSize, type HeaderCheck } from './image-file.ts'
import type { LeftOut } from './left-out.ts'
import { FILES_AT_ONCE, mapLimited } from './map-limited.ts'
import type { PictureIndex } from './picture-index.ts'
import type { PersonCandidate, Persons } from './persons.ts'
import { clipBox } from './pose-box.ts'

/** Where a picture of an annotation file lies; null if it is nowhere. */
export type LocateImage = (fileName: string) => string | null

export type CheckedPersons = Pick<Persons, 'samples' | 'pictures' | 'fileBytes' | 'animated'>

/** Looks at the picture of every candidate once; what cannot be used goes to `leftOut`. */
export async function checkPersons(
  candidates: readonly PersonCandidate[],
  locate: LocateImage,
  leftOut: LeftOut,
  index?: PictureIndex,
): Promise<CheckedPersons> {
  const checkFile = (path: string) => index?.check(path) ?? checkImageFile(path)
  const names = [...new Set(candidates.map(({ fileName }) => fileName))]
  const checked = await mapLimited(names, FILES_AT_ONCE, async (name) => {
    const path = locate(name)
    return { name, path: path ?? '', check: path === null ? MISSING : await checkFile(path) }
  })
  const byName = new Map(checked.map((entry) => [entry.name, entry]))
  const pictures = new Map<string, PictureFile>()
  const fileBytes = new Map<string, number>()
  const numbers = new Set<string>()
  const samples = candidates.flatMap((candidate) => {
    const entry = byName.get(candidate.fileName)
    const made = makeSample(candidate, entry?.check ?? MISSING, numbers)
    if (typeof made === 'string') {
      leftOut.add(made, candidate.label)
      return []
    }
    numbers.add(made.sample.id)
    pictures.set(candidate.fileName, { path: entry?.path ?? '', isTurned: made.isTurned })
    fileBytes.set(candidate.fileName, made.bytes)
    return [made.sample]
  })
  const animated = checked.filter(
    ({ name, check }) => pictures.has(name) && check.ok && check.header.isAnimated,
  ).length
  return { samples, pictures, fileBytes, animated }
}

const MISSING: HeaderCheck = { ok: false, reason: 'picture file is missing' }

interface MadeSample {
  readonly sample: PoseSample
  readonly isTurned: boolean
  readonly bytes: number
}

function makeSample(
  candidate: PersonCandidate,
  check: HeaderCheck,
  taken: ReadonlySet<string>,
): MadeSample | string {
  if (!check.ok) {
    return check.reason
  }
  const size = fitAnnotatedSize(check.header, candidate.annotatedSize)
  if (size === null) {
    return 'picture has another size than its annotation says'
  }
  const clipped = clipBox(candidate.box, size.width, size.height)
  if (clipped === null || clipped[2] <= 0 || clipped[3] <= 0) {
    return 'box lies outside of the picture'
  }
  const id = sampleId(candidate.fileName, candidate.number)
  if (taken.has(id)) {
    return 'annotation number is used twice'
  }
  const { box, keypoints, area, headSize, crowdIndex, imageId } = candidate
  const sample: PoseSample = {
    id,
    imageKey: candidate.fileName,
    imageWidth: size.width,
    imageHeight: size.height,
    box,
    keypoints,
    area,
    ...(candidate.isBoxExact ? { isBoxExact: true } : {}),
    ...(headSize === undefined ? {} : { headSize }),
    ...(crowdIndex === undefined ? {} : { crowdIndex }),
    ...(imageId === undefined ? {} : { imageId }),
  }
  return { sample, isTurned: size.isTurned, bytes: check.header.bytes }
}

/** Fit for a file name: the picture's name and the annotation's number. */
function sampleId(fileName: string, number: number): string {
  const stem = fileName.replace(/\.[^.]*$/, '').replaceAll(/[^A-Za-z0-9.-]+/g, '_')
  return `${stem}-${String(number)}`
}
