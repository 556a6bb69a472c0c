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
  /** How up-fusions enlarge; HRNet's segmentation weights need bilinear. */
  readonly upFusion: 'nearest' | 'bilinear'
  /** Folds batch norms into the convolutions: faster, and equal within 1e-4 of the largest output. Absent = false. */
  readonly foldsNorms?: boolean
  /**
   * `.npy`, N, outputs, H/4, W/4, float32; replaced if it is there. Bottom-up networks write 2 J channels (heat maps, tags) there, and
   * the J heat maps of N, J, H/2, W/2 into {@link furtherOutputFile}.
   */
  readonly outputFile: string
}

export interface ForwardResult {
  /** N, outputs, H/4, W/4. */
  readonly shape: readonly number[]
  /** Outputs after the first one, each in a file of its own. */
  readonly furtherOutputs: readonly { readonly file: string; readonly shape: readonly number[] }[]
  readonly baseWidth: number
  readonly backend: Exclude<ComputeConfig['backend'], 'auto'>
  /** Of all images together, without reading files. */
  readonly milliseconds: number
  /** Names in the file that no network of this layout has. */
  readonly unknownNames: readonly string[]
  /** Tensors of the super-network that are not in the file and that this architecture does not need. */
  readonly absentUnused: number
}

/** Where the output `index` (from 1) goes that comes after the first one: `out.npy` → `out.1.npy`. */
export function furtherOutputFile(outputFile: string, index: number): string {
  return outputFile.replace(/(\.npy)?$/i, `.${index}.npy`)
}
