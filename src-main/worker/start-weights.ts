import { EngineError } from '../contract/index.ts'
import type { ParameterSpec } from '../nas/network-plan.types.ts'
import type { HostTensor, WeightMap } from '../supernet/weights.ts'
import { readWeightsFile } from './read-weights-file.ts'

/** A start with what a file had of it. */
export interface StartWeights {
  readonly weights: WeightMap
  /** Tensors that came from the file. */
  readonly taken: number
  /** Names that the file lacks: they stay as they were drawn. */
  readonly fresh: readonly string[]
}

/** Their size follows from the joints or classes of the data, which may be others than the file's. */
const DATA_LAYERS = /^(final_layer|final_layers\.[01]|last_layer\.3)\./
/** Between the output of stride 4 and the next: its inputs are counted with the joints (method.md 9.1). */
const AFTER_JOINTS = /^deconv_layers\.0\.0\.0\./

/**
 * The weights of a file over a drawn start: whatever has the same name is taken (method.md 2.6; bottom-up pose begins with those of the
 * pose super-network, 9.1). Layers that depend on the number of joints or classes stay fresh where it is another.
 *
 * @param start - Every tensor of the super-network.
 * @throws EngineError BAD_REQUEST naming the file if nothing of it fits or a tensor of the body has another shape.
 */
export async function overlayStartWeights(
  file: string,
  specs: readonly ParameterSpec[],
  start: WeightMap,
): Promise<StartWeights> {
  const given = await readStart(file)
  const weights = new Map<string, HostTensor>(start)
  const fresh: string[] = []
  let taken = 0
  for (const { name, shape } of specs) {
    const tensor = given.get(name)
    if (tensor === undefined) {
      fresh.push(name)
    } else if (tensor.shape.join() === shape.join()) {
      weights.set(name, tensor)
      taken += 1
    } else if (DATA_LAYERS.test(name) || AFTER_JOINTS.test(name)) {
      fresh.push(name)
    } else {
      const [found, needed] = [tensor.shape.join(' × '), shape.join(' × ')]
      throw new EngineError(
        'BAD_REQUEST',
        `teacher.startWeights: ${file} has ${name} as ${found}, this network as ${needed}; width, stem and stages must be the same.`,
      )
    }
  }
  if (taken === 0) {
    throw new EngineError(
      'BAD_REQUEST',
      `teacher.startWeights: ${file} has no tensor of this network; it has ${[...given.keys()].slice(0, 3).join(', ')}, …`,
    )
  }
  return { weights, taken, fresh }
}

/** HRNet's published weights are told by the names of their fusions. */
async function readStart(file: string): Promise<WeightMap> {
  const plain = await readWeightsFile(file)
  const isHrnet = [...plain.keys()].some((name) => name.includes('.fuse_layers.'))
  return isHrnet ? readWeightsFile(file, { hrnet: true }) : plain
}
