import { EngineError, toErrorInfo } from '../../contract/index.ts'
import { genotypeFromKey } from '../../nas/genotype.ts'
import type { Genotype } from '../../nas/genotype.ts'
import type { SearchSpace } from '../../nas/search-space.ts'

/** @throws EngineError BAD_REQUEST that names the candidate whose key the space does not have. */
export function fromGenotypeKeyOrThrow(space: SearchSpace, name: string, key: string): Genotype {
  try {
    return genotypeFromKey(space, key)
  } catch (thrown) {
    throw new EngineError('BAD_REQUEST', `${name}: ${toErrorInfo(thrown).message}`)
  }
}
