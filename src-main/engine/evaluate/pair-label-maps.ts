import { readdir } from 'node:fs/promises'
import { basename, extname, join, relative } from 'node:path'
import { EngineError } from '../../contract/index.ts'
import { answered } from '../../files/regular-file.ts'

export interface LabelMapPair {
  /** Path below the truth folder, without extension. */
  readonly name: string
  readonly truthFile: string
  readonly predictionFile: string
}

export interface LabelMapPairs {
  readonly pairs: readonly LabelMapPair[]
  readonly notes: readonly string[]
}

/** What may be taken for a picture; what is in it decides later. */
const PICTURE = /\.(png|jpe?g|bmp|tiff?|gif|webp)$/i
const MOST_NAMED = 10

/**
 * Finds the prediction of every truth: the picture with the same path below its folder, whatever the extension; where there is none, the
 * only picture of the same file name in any sub-folder. Predictions without a truth are left out and counted.
 *
 * @throws EngineError BAD_REQUEST for a folder that cannot be read or is empty, and listing the truths without prediction.
 */
export async function pairLabelMaps(truthFolder: string, predictionFolder: string): Promise<LabelMapPairs> {
  const truths = await listPictures(truthFolder, 'truth')
  const predictions = await listPictures(predictionFolder, 'predictions')
  const byBase = Map.groupBy(predictions.keys(), (name) => basename(name))
  const truthsOfBase = Map.groupBy(truths.keys(), (name) => basename(name))
  const used = new Set<string>()
  const missing: string[] = []
  const pairs: LabelMapPair[] = []
  for (const [name, truthFile] of truths) {
    const sameBase = byBase.get(basename(name)) ?? []
    const isOnly = sameBase.length === 1 && truthsOfBase.get(basename(name))?.length === 1
    const found = predictions.has(name) ? name : isOnly ? sameBase[0] : undefined
    const predictionFile = found === undefined ? undefined : predictions.get(found)
    if (found === undefined || predictionFile === undefined) {
      missing.push(name)
      continue
    }
    used.add(found)
    pairs.push({ name, truthFile, predictionFile })
  }
  if (missing.length > 0) {
    const listed = missing.slice(0, MOST_NAMED).join(', ')
    const more = missing.length > MOST_NAMED ? ` and ${String(missing.length - MOST_NAMED)} more` : ''
    throw new EngineError(
      'BAD_REQUEST',
      `${predictionFolder} lacks the predictions of ${String(missing.length)} of ${String(truths.size)} label maps: ${listed}${more}.`,
    )
  }
  const extra = predictions.size - used.size
  return {
    pairs,
    notes: extra === 0 ? [] : [`${String(extra)} predictions have no truth of their name and were left out.`],
  }
}

/** Pictures by path without extension; a PNG wins over another picture of the same name. */
async function listPictures(folder: string, what: string): Promise<Map<string, string>> {
  const files = await answered(
    folder,
    { name: `The folder of ${what} ${folder}` },
    readdir(folder, { recursive: true, withFileTypes: true }),
  )
  const paths = files
    .filter((entry) => entry.isFile() && PICTURE.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted()
  const found = new Map<string, string>()
  for (const path of paths) {
    const name = relative(folder, path).slice(0, -extname(path).length)
    if (!found.has(name) || /\.png$/i.test(path)) {
      found.set(name, path)
    }
  }
  if (found.size === 0) {
    throw new EngineError('BAD_REQUEST', `The folder of ${what} ${folder} has no pictures.`)
  }
  return found
}
