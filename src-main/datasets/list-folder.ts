import { readdir } from 'node:fs/promises'

/** Sorted names in a folder; empty if it does not exist or is none. */
export async function listFolder(path: string): Promise<string[]> {
  try {
    return (await readdir(path)).toSorted()
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) {
      return []
    }
    throw error
  }
}
