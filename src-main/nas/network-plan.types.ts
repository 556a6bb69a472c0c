import type { TaskKind } from './search-space.ts'

/**
 * The network plan: a genotype unrolled into typed layers with shapes, as a static single-assignment graph. The super-network
 * executes it, the cost model counts it, the diagram draws it. Spatial sizes are height × width in pixels; channels last.
 */

/** Index of a value in the graph: 0 is the input image, node k produces value `nodes[k].output`. */
export type ValueId = number

/** Where a layer sits, for tables and the diagram. Stages are 1-based as in the papers, everything else 0-based. */
export interface PlanLocation {
  readonly part: 'stem' | 'layer1' | 'transition' | 'stage' | 'head'
  /** 1 for stem and layer1; 2, 3, 4 for stages; of a transition: the stage it leads into. */
  readonly stage: number
  readonly module: number
  /** Branch of a block; target branch of a fusion or transition. */
  readonly branch: number
  /** Step in a module, -1 elsewhere. */
  readonly step: number
  /** Source branch of a fusion, -1 elsewhere. */
  readonly source: number
  readonly role: 'block' | 'fusion' | 'transition' | 'stem' | 'head' | 'merge'
}

interface PlanNodeBase {
  readonly output: ValueId
  /** Shape of the output without the batch axis. */
  readonly height: number
  readonly width: number
  readonly channels: number
  readonly location: PlanLocation
}

/** Convolution, padding as PyTorch (kernel 3: one pixel on all sides, kernel 1: none); `bias` names a parameter or is null. */
export interface ConvNode extends PlanNodeBase {
  readonly kind: 'conv'
  readonly input: ValueId
  /** Official parameter name, e.g. `stage2.0.branches.0.0.conv1.weight`. */
  readonly weight: string
  readonly bias: string | null
  readonly kernel: 1 | 3
  readonly stride: 1 | 2
  readonly inChannels: number
}

/**
 * Transposed convolution 4×4, stride 2, padding 1: doubles height and width. Its weight is in × out × 4 × 4, the other way round than
 * a convolution's (method.md 9.1).
 */
export interface DeconvNode extends PlanNodeBase {
  readonly kind: 'deconv'
  readonly input: ValueId
  readonly weight: string
  readonly kernel: 4
  readonly stride: 2
  readonly inChannels: number
}

/** Batch norm; parameters are `${name}.weight`, `.bias`, `.running_mean`, `.running_var`. */
export interface BatchNormNode extends PlanNodeBase {
  readonly kind: 'batch-norm'
  readonly input: ValueId
  readonly name: string
  readonly relu: boolean
  /** True for the norms of up-fusions: in segmentation they have momentum 0.1 where all others have 0.01. */
  readonly isUpFusion: boolean
}

/** Nearest (fusion) or bilinear half-pixel (segmentation head) up-sampling by an integer factor. */
export interface UpsampleNode extends PlanNodeBase {
  readonly kind: 'upsample'
  readonly input: ValueId
  readonly mode: 'nearest' | 'bilinear'
  readonly factor: number
}

/** relu(sum of inputs), inputs in the order of addition; a single input is a plain relu. */
export interface SumReluNode extends PlanNodeBase {
  readonly kind: 'sum-relu'
  readonly inputs: readonly ValueId[]
}

/** Concatenation along channels. */
export interface ConcatNode extends PlanNodeBase {
  readonly kind: 'concat'
  readonly inputs: readonly ValueId[]
}

export type PlanNode = ConvNode | DeconvNode | BatchNormNode | UpsampleNode | SumReluNode | ConcatNode

/** A trainable tensor or statistic of the super-network or of a sub-network, PyTorch layout (O,I,kh,kw; a deconvolution I,O,kh,kw). */
export interface ParameterSpec {
  readonly name: string
  readonly shape: readonly number[]
  readonly kind: 'conv-weight' | 'conv-bias' | 'norm-weight' | 'norm-bias' | 'running-mean' | 'running-var'
}

/** An output of the network with its shape. */
export interface PlanOutput {
  readonly value: ValueId
  readonly height: number
  readonly width: number
  readonly channels: number
}

export interface NetworkPlan {
  readonly input: { readonly height: number; readonly width: number; readonly channels: 3 }
  readonly nodes: readonly PlanNode[]
  /**
   * Heat maps or logits at stride 4; bottom-up: J heat maps and J tag maps at stride 4, then J heat maps at stride 2. The order in
   * which the forward pass hands them out.
   */
  readonly outputs: readonly PlanOutput[]
  /** Values of the branches after the stem part (`layer1`) and after each stage, for checks and reuse: `stage2` → [r0, r1]. */
  readonly taps: Readonly<Record<string, readonly ValueId[]>>
}

/** What fixes shapes besides the genotype. */
export interface NetworkShape {
  readonly task: TaskKind
  readonly baseWidth: number
  readonly stemChannels: number
  readonly layer1Blocks: number
  readonly layer1Planes: number
  readonly inputHeight: number
  readonly inputWidth: number
  /** Joints or classes. */
  readonly outputs: number
  /**
   * How up-fusions enlarge; absent = nearest, with which ScaleNAS was trained. HRNet's segmentation weights need bilinear
   * (method.md 2.2), so it is an option for imported weights only.
   */
  readonly upFusion?: UpFusion
}

export type UpFusion = 'nearest' | 'bilinear'
