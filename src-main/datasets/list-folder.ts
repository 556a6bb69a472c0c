import { FileProblem, readFolder } from '../files/regular-file.ts'

/** Sorted names in a folder; empty if it does not exist or is none. */
export async function listFolder(path: string): Promise<string[]> {
  try {
    return (await readFolder(path, { code: 'DATASET' })).toSorted()
  } catch (error) {
    if (error instanceof FileProblem && error.kind === 'missing') {
      return []
    }
    throw error
  }
}
