import { basename, dirname, join } from 'node:path'
import { EngineError } from '../../contract/index.ts'
import { MOST_TEXT_BYTES, readForeignText } from '../../files/foreign-text.ts'
import { checkPersons } from '../check-persons.ts'
import type { PoseDataset } from '../dataset.ts'
import { LeftOut } from '../left-out.ts'
import { openImageLocator } from '../locate-image.ts'
import { AREA_OF_BOX, type PersonCandidate, type Persons } from '../persons.ts'
import { SCALE_UNIT } from '../pose-box.ts'
import { assemblePoseDataset, type FolderOptions } from '../pose-dataset.ts'
import { MPII_16 } from '../skeletons.ts'
import { HEADS_FILE, readHeadBoxes } from './head-sizes.ts'
import { parseMpiiFile, type MpiiAnnotation } from './mpii-annotations.ts'
import { findMpiiFiles } from './mpii-folder.ts'

/**
 * Opens MPII in the form published with HRNet: `annot/{train,valid}.json` and `images/`. The report split is `valid`.
 *
 * @throws EngineError DATASET if a file is missing or nothing usable is left.
 */
export async function openMpiiDataset(options: FolderOptions): Promise<PoseDataset> {
  const { path } = options
  const { trainFile, reportFile, unused } = await findMpiiFiles(path)
  const leftOut = new LeftOut()
  const train = await readMpiiPersons(options, trainFile, leftOut)
  const report = reportFile === null ? null : await readMpiiPersons(options, reportFile, leftOut)
  const headed = [...train.samples, ...(report?.samples ?? [])].filter(
    ({ headSize }) => headSize !== undefined,
  )
  const notes = [
    `training from ${trainFile}${reportFile === null ? '' : `, report from ${reportFile}`}`,
    `${String(headed.length)} persons have a head box`,
    ...unused.map((file) => `${file} is not used`),
  ]
  const warnings =
    headed.length > 0
      ? []
      : [
          `no person has a head box, so PCKh cannot be measured: put ${HEADS_FILE} beside the lists, or head_box into them`,
        ]
  return assemblePoseDataset({ ...options, format: 'mpii', train, report, leftOut, notes, warnings })
}

async function readMpiiPersons(
  { path, index }: FolderOptions,
  annotationFile: string,
  leftOut: LeftOut,
): Promise<Persons> {
  const text = await readForeignText(join(path, annotationFile), {
    ...{ code: 'DATASET', name: annotationFile, mostBytes: MOST_TEXT_BYTES },
  })
  const source = basename(annotationFile)
  const listed = parse(text, annotationFile)
  const heads = /val/i.test(source) ? await readHeadBoxes(path, dirname(annotationFile), listed.length) : null
  const persons = listed.map((person, index) => ({
    ...person,
    headBox: person.headBox ?? heads?.[index] ?? null,
  }))
  const candidates = persons.flatMap((person, index) => {
    const candidate = checkPerson(person, index)
    if (typeof candidate === 'string') {
      leftOut.add(candidate, `person ${String(index)} of ${source}, ${person.image}`)
      return []
    }
    return [candidate]
  })
  const locate = await openImageLocator(path, ['images', '.'])
  return {
    source,
    skeleton: MPII_16,
    text: heads === null ? text : `${text}${heads.join()}`,
    ...(await checkPersons(candidates, locate, leftOut, index)),
  }
}

function parse(text: string, annotationFile: string): MpiiAnnotation[] {
  try {
    return parseMpiiFile(text)
  } catch (error) {
    throw new EngineError(
      'DATASET',
      `${annotationFile} is not an MPII list: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}

/** The centre moves down by this many pixels per unit of scale, so that no limb is cut (method.md 5.5). */
const CENTRE_SHIFT = 15
/** PCKh counts this share of the head box's diagonal as the size of the head. */
const HEAD_OF_BOX = 0.6

/** The person in pixels from 0, or why it cannot be used. */
function checkPerson(person: MpiiAnnotation, index: number): PersonCandidate | string {
  const { joints, visible, scale, headBox } = person
  if (joints === null) {
    return 'no joints, as in the test split'
  }
  if (joints.length !== MPII_16.joints.length) {
    return `not ${String(MPII_16.joints.length)} joints`
  }
  if (!visible.some((flag) => flag > 0)) {
    return 'no labelled joint'
  }
  if (scale <= 0 || person.centre[0] === -1) {
    return 'centre or scale is missing'
  }
  const keypoints = Float32Array.from(
    joints.flatMap(([x, y], joint) => ((visible[joint] ?? 0) > 0 ? [x - 1, y - 1, 2] : [0, 0, 0])),
  )
  const side = scale * SCALE_UNIT
  const centreX = person.centre[0] - 1
  const centreY = person.centre[1] + CENTRE_SHIFT * scale - 1
  return {
    fileName: person.image,
    annotatedSize: { width: null, height: null },
    label: `person ${String(index)}, ${person.image}`,
    number: index,
    box: [centreX - side / 2, centreY - side / 2, side, side],
    isBoxExact: true,
    keypoints,
    area: AREA_OF_BOX * extentOf(keypoints),
    ...(headBox === null
      ? {}
      : { headSize: HEAD_OF_BOX * Math.hypot(headBox[2] - headBox[0], headBox[3] - headBox[1]) }),
  }
}

/** Area of the box around the labelled joints, one pixel at least. */
function extentOf(keypoints: Float32Array): number {
  const xs: number[] = []
  const ys: number[] = []
  for (let at = 0; at < keypoints.length; at += 3) {
    if ((keypoints[at + 2] ?? 0) > 0) {
      xs.push(keypoints[at] ?? 0)
      ys.push(keypoints[at + 1] ?? 0)
    }
  }
  return Math.max(1, (Math.max(...xs) - Math.min(...xs)) * (Math.max(...ys) - Math.min(...ys)))
}
