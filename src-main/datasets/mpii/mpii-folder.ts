import { join } from 'node:path'
import { EngineError } from '../../contract/index.ts'
import { decodeText } from '../../files/foreign-text.ts'
import { openRegularFile } from '../../files/regular-file.ts'
import type { AnnotationFiles } from '../coco/coco-folder.ts'
import { listFolder } from '../list-folder.ts'

/** Where MPII's lists lie: HRNet's archive has `annot`, others `annotations`. */
const FOLDERS = ['annot', 'annotations']

/** Files that hold MPII's lists of persons: `annot/train.json`, `annotations/mpii_train.json`; the folder's own form decides. */
export async function listMpiiFiles(path: string): Promise<string[]> {
  for (const folder of FOLDERS) {
    const names = (await listFolder(join(path, folder))).filter((name) =>
      /^(mpii_)?(train|trainval|valid|val|test)\.json$/i.test(name),
    )
    const files = names.map((name) => join(folder, name))
    const [first] = files
    if (first !== undefined && (await startsWithList(join(path, first)))) {
      return files
    }
  }
  return []
}

/** COCO's files are objects, MPII's are lists. */
async function startsWithList(file: string): Promise<boolean> {
  const handle = await openRegularFile(file, { code: 'DATASET' })
  try {
    const head = Buffer.alloc(64)
    const count = await handle.read(head, 0)
    return decodeText(head.subarray(0, count)).trimStart().startsWith('[')
  } finally {
    await handle.close()
  }
}

/**
 * The files by their role: `train.json` (else `trainval.json`) for training, `valid.json` or `val.json` for the report. `test.json`
 * has no joints and is never used.
 *
 * @throws EngineError DATASET if there is no training file.
 */
export async function findMpiiFiles(path: string): Promise<AnnotationFiles> {
  const names = await listMpiiFiles(path)
  const find = (pattern: RegExp): string | undefined => names.find((name) => pattern.test(name))
  const trainFile = find(/train\.json$/i) ?? find(/trainval\.json$/i)
  if (trainFile === undefined) {
    throw new EngineError(
      'DATASET',
      `${path}: no training annotation; needs annot/train.json, a list of { image, center, scale, joints, joints_vis }`,
      [`found in annot: ${(await listFolder(join(path, 'annot'))).join(', ') || 'nothing'}`],
    )
  }
  const reportFile = find(/(?<!train)val(id)?\.json$/i) ?? null
  return {
    trainFile,
    reportFile,
    unused: names.filter((name) => name !== trainFile && name !== reportFile),
  }
}
