import { join, sep } from 'node:path'
import type { LocateImage } from './check-persons.ts'
import { listFolder } from './list-folder.ts'

/**
 * Finds pictures by the names of an annotation file in the given folders, tried in their order.
 *
 * @param folders - Below `path`.
 */
export async function openImageLocator(path: string, folders: readonly string[]): Promise<LocateImage> {
  const found = await Promise.all(
    folders.map(async (folder) => ({ folder, names: new Set(await listFolder(join(path, folder))) })),
  )
  return (fileName) => {
    const parts = fileName.split(/[/\\]/)
    const base = parts.at(-1) ?? ''
    if (parts.includes('..') || base === '') {
      return null
    }
    const place = found.find(({ folder, names }) => names.has(base) && endsWith(folder, parts.slice(0, -1)))
    return place === undefined ? null : join(path, place.folder, base)
  }
}

/** A file name may repeat the end of the folder's path: train2017/0001.jpg. */
function endsWith(folder: string, parts: readonly string[]): boolean {
  return parts.length === 0 || folder === parts.join(sep) || folder.endsWith(sep + parts.join(sep))
}
