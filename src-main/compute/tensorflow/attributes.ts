import type { Attribute, TensorflowBinding } from './load-binding.ts'

/** Attribute lists of the operations that we call. Built once per backend: the binding converts each list on every call, so they stay short. */
export interface OperationAttributes {
  conv(kernel: number, stride: number): readonly Attribute[]
  /** No padding of its own, stride 2. */
  readonly validConv: readonly Attribute[]
  convWithBias(kernel: number, stride: number): readonly Attribute[]
  readonly pad: readonly Attribute[]
  addN(count: number): readonly Attribute[]
  pool(factor: number): readonly Attribute[]
  readonly batchNormInference: readonly Attribute[]
  readonly batchNormGradient: readonly Attribute[]
  batchNormTrain(momentum: number): readonly Attribute[]
  readonly fusedNormInference: readonly Attribute[]
  fusedNormTrain(momentum: number): readonly Attribute[]
  readonly float: readonly Attribute[]
  readonly variableType: readonly Attribute[]
  readonly nhwc: readonly Attribute[]
  readonly resizeNearest: readonly Attribute[]
  readonly resizeBilinear: readonly Attribute[]
  readonly reshape: readonly Attribute[]
  readonly reduce: readonly Attribute[]
  concat(count: number): readonly Attribute[]
  readonly slice: readonly Attribute[]
  readonly reverse: readonly Attribute[]
  readonly crossEntropy: readonly Attribute[]
  readonly argMax: readonly Attribute[]
  readonly castIntToFloat: readonly Attribute[]
  readonly adam: readonly Attribute[]
  readonly momentum: readonly Attribute[]
  handle(shape: readonly number[], name: string): readonly Attribute[]
}

interface AttributeMakers {
  readonly type: (name: string, value?: number) => Attribute
  readonly text: (name: string, value: string) => Attribute
  readonly bool: (name: string, value: boolean) => Attribute
  readonly int: (name: string, value: number | readonly number[]) => Attribute
  readonly float: (name: string, value: number) => Attribute
  readonly nhwc: Attribute
}

/** The attribute makers of a binding: the constants come from its own enumeration. */
function createMakers(b: TensorflowBinding): AttributeMakers {
  const type = (name: string, value = b.TF_FLOAT): Attribute => ({ name, type: b.TF_ATTR_TYPE, value })
  const text = (name: string, value: string): Attribute => ({ name, type: b.TF_ATTR_STRING, value })
  const bool = (name: string, value: boolean): Attribute => ({ name, type: b.TF_ATTR_BOOL, value })
  const int = (name: string, value: number | readonly number[]): Attribute => ({
    name,
    type: b.TF_ATTR_INT,
    value,
  })
  const float = (name: string, value: number): Attribute => ({ name, type: b.TF_ATTR_FLOAT, value })
  return { type, text, bool, int, float, nhwc: text('data_format', 'NHWC') }
}

function createConvAttributes(
  b: TensorflowBinding,
): Pick<OperationAttributes, 'conv' | 'convWithBias' | 'validConv'> {
  const { type, text, bool, int, nhwc } = createMakers(b)
  const paddingOf = createPadding(b)
  const conv = (stride: number, padding: readonly Attribute[]): readonly Attribute[] => [
    type('T'),
    int('strides', [1, stride, stride, 1]),
    ...padding,
    nhwc,
    bool('use_cudnn_on_gpu', true),
    int('dilations', [1, 1, 1, 1]),
  ]
  return {
    conv: memo2((kernel, stride) => conv(stride, paddingOf(kernel, stride))),
    convWithBias: memo2((kernel, stride) => [...conv(stride, paddingOf(kernel, stride)), nativeKernel(b)]),
    validConv: conv(2, [text('padding', 'VALID')]),
  }
}

/** Which of an internal operation's kernels to take: the one for plain layouts, as graph rewriting asks for it. */
function nativeKernel(b: TensorflowBinding): Attribute {
  return createMakers(b).text('_kernel', 'MklNameChangeOp')
}

/**
 * One pixel on all sides of a 3x3 kernel, none of a 1x1 kernel, as PyTorch (method.md 2.5). With stride 1 that is `SAME` and `VALID`,
 * which oneDNN computes: its gradients take no explicit padding, and Eigen's kernels take twice as long. With stride 2 `SAME` would pad at
 * the bottom and right only, so the padding is written out.
 */
function createPadding(b: TensorflowBinding): (kernel: number, stride: number) => readonly Attribute[] {
  const { text, int } = createMakers(b)
  return (kernel, stride) => {
    if (stride === 1) {
      return [text('padding', kernel === 1 ? 'VALID' : 'SAME')]
    }
    // The deconvolution of 4x4 has one pixel as well.
    const border = Math.floor((kernel - 1) / 2)
    return [
      text('padding', 'EXPLICIT'),
      int('explicit_paddings', [0, 0, border, border, border, border, 0, 0]),
    ]
  }
}

export function createAttributes(b: TensorflowBinding, epsilon: number): OperationAttributes {
  const { type, text, bool, int, float, nhwc } = createMakers(b)

  const batchNorm = (training: boolean): Attribute[] => [
    type('T'),
    type('U'),
    float('epsilon', epsilon),
    nhwc,
    bool('is_training', training),
  ]
  const fusedNorm = [text('activation_mode', 'Relu'), int('num_side_inputs', 0), nativeKernel(b)]
  return {
    ...createConvAttributes(b),
    pad: [type('T'), type('Tpaddings', b.TF_INT32)],
    addN: memo1((count) => [type('T'), int('N', count)]),
    pool: memo1((factor) => [
      type('T'),
      int('ksize', [1, factor, factor, 1]),
      int('strides', [1, factor, factor, 1]),
      text('padding', 'VALID'),
      nhwc,
    ]),
    batchNormInference: batchNorm(false),
    batchNormGradient: batchNorm(true),
    batchNormTrain: memo1((momentum) => [...batchNorm(true), float('exponential_avg_factor', momentum)]),
    fusedNormInference: [...batchNorm(false), ...fusedNorm],
    fusedNormTrain: memo1((momentum) => [
      ...batchNorm(true),
      float('exponential_avg_factor', momentum),
      ...fusedNorm,
    ]),
    float: [type('T')],
    variableType: [type('dtype')],
    nhwc: [type('T'), nhwc],
    resizeNearest: [type('T'), bool('align_corners', false), bool('half_pixel_centers', false)],
    resizeBilinear: [type('T'), bool('align_corners', false), bool('half_pixel_centers', true)],
    reshape: [type('T'), type('Tshape', b.TF_INT32)],
    reduce: [type('T'), type('Tidx', b.TF_INT32), bool('keep_dims', false)],
    concat: memo1((count) => [type('T'), int('N', count), type('Tidx', b.TF_INT32)]),
    slice: [type('T'), type('Index', b.TF_INT32)],
    reverse: [type('T'), type('Tidx', b.TF_INT32)],
    crossEntropy: [type('T'), type('Tlabels', b.TF_INT32)],
    argMax: [type('T'), type('Tidx', b.TF_INT32), type('output_type', b.TF_INT32)],
    castIntToFloat: [type('SrcT', b.TF_INT32), type('DstT'), bool('Truncate', false)],
    adam: [type('T'), bool('use_locking', false), bool('use_nesterov', false)],
    momentum: [type('T'), bool('use_locking', false), bool('use_nesterov', false)],
    handle: (shape, name) => [
      type('dtype'),
      { name: 'shape', type: b.TF_ATTR_SHAPE, value: shape },
      text('shared_name', name),
      text('container', ''),
    ],
  }
}

function memo1<T>(make: (key: number) => T): (key: number) => T {
  const known = new Map<number, T>()
  return (key) => {
    let value = known.get(key)
    if (value === undefined) {
      value = make(key)
      known.set(key, value)
    }
    return value
  }
}

function memo2<T>(make: (a: number, b: number) => T): (a: number, b: number) => T {
  const rows = memo1((a) => memo1((b) => make(a, b)))
  return (a, b) => rows(a)(b)
}
