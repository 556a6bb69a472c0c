import { join } from 'node:path'
import { EngineError, type DatasetFormat } from '../contract/index.ts'
import { FileProblem, statPath } from '../files/regular-file.ts'
import { listSplits as listCamvidSplits } from './camvid/camvid-folder.ts'
import { findRoots } from './cityscapes/cityscapes-folder.ts'
import { listCrowdposeFiles } from './coco/coco-folder.ts'
import { CLASS_FILES } from './folder/class-list.ts'
import { findFolderSplits } from './folder/folder-layout.ts'
import { listFolder } from './list-folder.ts'
import { listMpiiFiles } from './mpii/mpii-folder.ts'

/** What makes a folder one of a format, in the order in which they are tried. */
const RULES: readonly {
  readonly format: DatasetFormat
  readonly needs: string
  readonly fits: (path: string, names: readonly string[]) => Promise<boolean>
}[] = [
  {
    format: 'cityscapes',
    needs: 'leftImg8bit/{split}/{city} and gtFine/{split}/{city}',
    fits: async (path) => (await findRoots(path)) !== null,
  },
  {
    format: 'mpii',
    needs: 'annot/train.json (a list of persons) and images',
    fits: async (path) => (await listMpiiFiles(path)).length > 0,
  },
  {
    format: 'crowdpose',
    needs: 'json/crowdpose_train.json and images',
    fits: async (path) => (await listCrowdposeFiles(path)).length > 0,
  },
  {
    format: 'coco',
    needs: 'annotations/*train*.json and pictures',
    fits: async (path) =>
      (await listFolder(join(path, 'annotations'))).some((name) => name.endsWith('.json')),
  },
  {
    format: 'folder',
    needs: 'classes.json or classes.txt, pictures in images, index PNGs in labels (or masks)',
    fits: (_, names) => Promise.resolve(CLASS_FILES.some((name) => names.includes(name))),
  },
  {
    format: 'camvid',
    needs: 'train/images, train/labels and meta.json',
    fits: async (path, names) => names.includes('meta.json') || (await listCamvidSplits(path)).length > 0,
  },
]

/**
 * Which layout a folder has.
 *
 * @throws EngineError DATASET if it is missing or has none; the details say what each layout needs.
 */
export async function detectFormat(path: string): Promise<DatasetFormat> {
  await checkFolder(path)
  const names = await listFolder(path)
  for (const { format, fits } of RULES) {
    if (await fits(path, names)) {
      return format
    }
  }
  const isNearly = (await findFolderSplits(path)).length > 0
  throw new EngineError(
    'DATASET',
    `${path} has none of the known layouts` +
      (isNearly
        ? ': pictures and label maps are there, but no classes.json or classes.txt names the classes'
        : ''),
    [
      `found there: ${names.slice(0, 20).join(', ') || 'nothing'}`,
      ...RULES.map(({ format, needs }) => `${format} needs ${needs}`),
    ],
  )
}

/** @throws EngineError DATASET if it is absent or no folder. */
export async function checkFolder(path: string | undefined): Promise<string> {
  if (path === undefined) {
    throw new EngineError('DATASET', 'this data source needs a folder: dataset.path is missing')
  }
  const found = await statPath(path).catch((error: unknown) => {
    const reason = error instanceof FileProblem ? error.reason : String(error)
    throw new EngineError('DATASET', `${path} cannot be opened: ${reason}`)
  })
  if (!found.isDirectory()) {
    throw new EngineError('DATASET', `${path} is a file; needs the folder of a data set`)
  }
  return path
}
