import { malformed } from './malformed.ts'
import { decodeNpz } from './npz.ts'
import { decodeLegacyPth, decodeZipPth, findPickleEntry } from './pth.ts'
import type { StateDict } from './state-dict.types.ts'
import { isZip, openZip } from './zip.ts'

/** First byte of a pickle of protocol 2 and newer. */
const PICKLE_START = 0x80

/**
 * The state dict of an `.npz` or `.pth` file; the contents decide which it is, not the name. Integer tensors are only named.
 *
 * @throws EngineError naming whatever is refused, damaged, or larger than such a file can be.
 */
export function readStateDict(file: Uint8Array): StateDict {
  if (isZip(file)) {
    // PyTorch can be told to leave checksums out, so they are demanded only where there is no pickle.
    const pickle = findPickleEntry(openZip(file, { checksums: false }))
    const archive = openZip(file, { checksums: pickle === null })
    return pickle === null ? decodeNpz(archive) : decodeZipPth(archive, pickle, file.length)
  }
  if (file[0] === PICKLE_START) {
    return decodeLegacyPth(file)
  }
  throw malformed('weights', 'neither .npz nor .pth: the file starts as neither a zip archive nor a pickle')
}
