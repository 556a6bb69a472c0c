/**
 * Official parameter names (method.md 2.7) of the repeated parts. The plan and the list of super-network tensors both build names
 * here, so that a subnet's names are always a subset of the super-network's.
 */

/** Residual block `block` of a branch; its layers are `.conv1`, `.bn1`, `.conv2`, `.bn2`. */
export function blockName(moduleName: string, branch: number, block: number): string {
  return `${moduleName}.branches.${String(branch)}.${String(block)}`
}

/** Fusion source → target after a 0-based step; the official sets are counted from 1. */
export function fusionName(moduleName: string, step: number, target: number, source: number): string {
  return `${moduleName}.fuse_layers_${String(step + 1)}.${String(target)}.${String(source)}`
}

/** Transition into a stage for one of its branches; numbered by the stage before it. */
export function transitionName(stage: number, branch: number): string {
  return `transition${String(stage - 1)}.${String(branch)}`
}

/** Channels of a branch: W · 2^b. */
export function branchChannels(baseWidth: number, branch: number): number {
  return baseWidth * 2 ** branch
}

/** The two output layers of the bottom-up head: heat maps and tags at stride 4, heat maps at stride 2 (method.md 9.1). */
export const BOTTOM_UP_OUTPUTS = ['final_layers.0', 'final_layers.1'] as const

export const BOTTOM_UP_DECONVOLUTION = {
  conv: 'deconv_layers.0.0.0',
  norm: 'deconv_layers.0.0.1',
} as const

/** Residual blocks behind the deconvolution. */
export const BOTTOM_UP_BLOCKS = 4

/** Residual block `block` (from 0) behind the deconvolution. */
export function bottomUpBlockName(block: number): string {
  return `deconv_layers.0.${String(block + 1)}.0`
}

/** A bottleneck ends with four times its planes. */
export const BOTTLENECK_EXPANSION = 4

/** One convolution of a fusion and its norm. */
export interface FusionConv {
  /** Name of the convolution without `.weight`. */
  readonly conv: string
  readonly norm: string
  readonly inChannels: number
  readonly outChannels: number
  readonly kernel: 1 | 3
  readonly stride: 1 | 2
  readonly relu: boolean
}

/**
 * The convolutions of one fusion in order (method.md 2.2): up is one 1×1, to be up-sampled by 2^(source − target) after its norm;
 * down is target − source 3×3 of stride 2, all but the last with ReLU and unchanged channels.
 */
export function listFusionConvs(
  name: string,
  baseWidth: number,
  target: number,
  source: number,
): FusionConv[] {
  const inChannels = branchChannels(baseWidth, source)
  const outChannels = branchChannels(baseWidth, target)
  if (source > target) {
    return [
      { conv: `${name}.0`, norm: `${name}.1`, inChannels, outChannels, kernel: 1, stride: 1, relu: false },
    ]
  }
  return Array.from({ length: target - source }, (_, position) => {
    const isLast = position === target - source - 1
    const prefix = `${name}.${String(position)}`
    return {
      conv: `${prefix}.0`,
      norm: `${prefix}.1`,
      inChannels,
      outChannels: isLast ? outChannels : inChannels,
      kernel: 3,
      stride: 2,
      relu: !isLast,
    }
  })
}
