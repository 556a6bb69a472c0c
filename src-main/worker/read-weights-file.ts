import { EngineError } from '../contract/index.ts'
import { readRegularFile } from '../files/regular-file.ts'
import { readStateDict } from '../formats/read-state-dict.ts'
import { normalizeNames } from '../formats/state-names.ts'
import type { NameOptions } from '../formats/state-names.ts'
import { decodeSafetensors } from '../supernet/safetensors.ts'
import type { WeightMap } from '../supernet/weights.ts'

/** A safetensors file is eight bytes of length and then a JSON object; neither a zip archive nor a pickle has that brace there. */
const HEADER_START = 8
const OPENING_BRACE = 0x7b

/**
 * Weights of a `.safetensors`, `.npz` or `.pth` file under their official names; the contents decide which it is, not the name.
 *
 * @throws EngineError BAD_REQUEST naming the file and what is wrong with it.
 */
export async function readWeightsFile(file: string, options: NameOptions = {}): Promise<WeightMap> {
  const bytes = await readNamed(file)
  return blaming(file, () => {
    const { tensors } =
      bytes[HEADER_START] === OPENING_BRACE ? decodeSafetensors(bytes) : readStateDict(bytes)
    return normalizeNames(tensors, options)
  })
}

/** HRNet's largest has 260 MB; a checkpoint with its optimizer three times that. */
const MOST_BYTES = 4 * 2 ** 30

/** @throws EngineError BAD_REQUEST if the file cannot be read. */
export function readNamed(file: string): Promise<Uint8Array> {
  return readRegularFile(file, { mostBytes: MOST_BYTES })
}

/** A refusal of what the file holds gets the name of the file. */
export function blaming<T>(file: string, work: () => T): T {
  try {
    return work()
  } catch (thrown) {
    if (thrown instanceof RangeError || thrown instanceof EngineError) {
      throw new EngineError('BAD_REQUEST', `${file}: ${thrown.message}`)
    }
    throw thrown
  }
}
