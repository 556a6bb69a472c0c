import { isFloating } from './element-types.ts'
import { decodeFloatNpy, elementTypeOf, readNpyHeader } from './npy.ts'
import type { StateDict, StateTensor } from './state-dict.types.ts'
import type { ZipArchive } from './zip.ts'

/**
 * The arrays of an `.npz` archive under their names without `.npy`. Integer arrays become counters.
 *
 * @throws EngineError naming an array of objects or text, or whatever is damaged.
 */
export function decodeNpz(archive: ZipArchive): StateDict {
  const tensors = new Map<string, StateTensor>()
  const counters: string[] = []
  for (const entry of archive.entries.values()) {
    const name = entry.name.replace(/\.npy$/, '')
    const file = archive.read(entry)
    const element = elementTypeOf(readNpyHeader(file).descr)
    if (element !== null && !isFloating(element.type)) {
      counters.push(name)
    } else {
      tensors.set(name, decodeFloatNpy(file, name))
    }
  }
  return { tensors, counters }
}
