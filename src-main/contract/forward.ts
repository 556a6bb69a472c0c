import type { GenotypeJson } from './candidate.ts'
import type { ComputeConfig, SpaceConfig, TaskKind } from './config.ts'

/** One inference from files, without a run (`scalenas forward`). The weights decide width, stem and outputs; what is given is checked against them. */
export interface ForwardJob {
  readonly kind: 'forward'
  readonly task: TaskKind
  readonly space: SpaceConfig
  readonly genotype: GenotypeJson
  /** Channels of branch 0; null takes what the weights have. */
  readonly baseWidth: number | null
  /** Joints or classes; null takes what the weights have. */
  readonly outputs: number | null
  /** `.npy`, N, 3, H, W, floating point. */
  readonly inputFile: string
  /** `.safetensors`, `.npz` or `.pth`; its contents decide which. */
  readonly weightsFile: string
  /** The weights have HRNet's names: its fusions become those of the fourth step. */
  readonly hasHrnetNames: boolean
  /** `.npy`, N, outputs, H/4, W/4, float32; replaced if it is there. */
  readonly outputFile: string
}

export interface ForwardResult {
  /** N, outputs, H/4, W/4. */
  readonly shape: readonly number[]
  readonly baseWidth: number
  readonly backend: Exclude<ComputeConfig['backend'], 'auto'>
  /** Of all images together, without reading files. */
  readonly milliseconds: number
  /** Names in the file that no network of this layout has. */
  readonly unknownNames: readonly string[]
  /** Tensors of the super-network that are not in the file and that this architecture does not need. */
  readonly absentUnused: number
}
