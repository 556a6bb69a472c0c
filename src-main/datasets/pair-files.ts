import { join } from 'node:path'
import type { FramePair } from './check-frames.ts'
import type { LabelTable } from './label-map.ts'
import type { LeftOut } from './left-out.ts'
import { listFolder } from './list-folder.ts'

export interface PairOptions {
  readonly path: string
  /** Below `path`. */
  readonly imageFolder: string
  readonly labelFolder: string
  /** In ids and lists of what was left out. */
  readonly split: string
  readonly table: LabelTable
  readonly leftOut: LeftOut
  /** Only pictures of these names (without extension); default all. */
  readonly only?: ReadonlySet<string>
}

const PICTURE = /\.(jpe?g|png|webp|gif|tiff?)$/i
/** Tools add these to the names of label maps: `0001_mask.png` belongs to `0001.jpg`. */
const LABEL_SUFFIX = /[_-](mask|labels?|seg|annotation|gt|L)$/i

/** Pictures of a folder that have a label map of the same name in another; the others go to `leftOut`. */
export async function pairFiles(options: PairOptions): Promise<FramePair[]> {
  const { path, imageFolder, labelFolder, split, leftOut, only, table } = options
  const images = await filesByStem(join(path, imageFolder), PICTURE)
  const labels = await labelsByStem(join(path, labelFolder), images)
  for (const [stem, file] of labels) {
    if (!images.has(stem)) {
      leftOut.add('label map without its picture', join(labelFolder, file))
    }
  }
  return [...images].flatMap(([stem, file]) => {
    const label = labels.get(stem)
    if (only?.has(stem) === false) {
      return []
    }
    if (label === undefined) {
      leftOut.add('picture without its label map', join(imageFolder, file))
      return []
    }
    return [
      {
        id: `${split}-${stem}`.replaceAll(/[^A-Za-z0-9_.-]+/g, '_'),
        clip: clipOf(stem),
        imagePath: join(path, imageFolder, file),
        labelPath: join(path, labelFolder, label),
        label: `${split}/${stem}`,
        table,
      },
    ]
  })
}

async function filesByStem(folder: string, pattern: RegExp): Promise<Map<string, string>> {
  const names = (await listFolder(folder)).filter((name) => pattern.test(name))
  return new Map(names.map((name) => [name.replace(pattern, ''), name]))
}

async function labelsByStem(
  folder: string,
  images: ReadonlyMap<string, string>,
): Promise<Map<string, string>> {
  const labels = await filesByStem(folder, /\.png$/i)
  return new Map(
    Array.from(labels, ([stem, file]) => {
      const short = stem.replace(LABEL_SUFFIX, '')
      return [!images.has(stem) && images.has(short) ? short : stem, file]
    }),
  )
}

/** The name before the frame number: 0016E5_07959 belongs to 0016E5. */
function clipOf(stem: string): string {
  return stem.replace(/[_-]?\d+$/, '') || stem
}
