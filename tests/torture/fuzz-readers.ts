import { FOLDER_READERS } from './fuzz-folders.ts'
import { JSON_READERS } from './fuzz-json.ts'
import { PICTURE_READERS } from './fuzz-pictures.ts'
import type { FuzzReader } from './fuzz-reader.ts'
import { REQUEST_READERS } from './fuzz-requests.ts'
import { WEIGHT_READERS } from './fuzz-weights.ts'

/** Everything that takes in bytes of strangers. Engine and worker talk by structured clones of their own, which no stranger sends. */
export const FUZZ_READERS: readonly FuzzReader[] = [
  ...WEIGHT_READERS,
  ...PICTURE_READERS,
  ...JSON_READERS,
  ...REQUEST_READERS,
  ...FOLDER_READERS,
]
