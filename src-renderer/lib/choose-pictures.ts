import type { DesktopBridge } from '../../src-preload/bridge.ts'
import type { PictureFile } from '../stores/pictures-store.ts'

/** The native dialog of the desktop window. @returns null in a browser, whose dialog belongs to a file field. */
export async function choosePictures(
  bridge: Pick<DesktopBridge, 'choosePictures'> | undefined,
): Promise<readonly PictureFile[] | null> {
  if (bridge === undefined) {
    return null
  }
  const chosen = await bridge.choosePictures()
  return chosen.map(({ name, bytes, content }) => ({
    ...{ name, bytes },
    content: content === null ? null : new Blob([content]),
  }))
}

export function readFiles(files: Iterable<File>): readonly PictureFile[] {
  return Array.from(files, (file) => ({ name: file.name, bytes: file.size, content: file }))
}
