import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { createTensorflowKernels } from '../../../src-main/compute/tensorflow/tensorflow-kernels.ts'
import { loadTensorflowBinding } from '../../../src-main/compute/tensorflow/load-binding.ts'
import type { TensorflowBinding } from '../../../src-main/compute/tensorflow/load-binding.ts'
import { findPreset, loadPresets } from '../../../src-main/engine/configure/presets.ts'
import { openBenchSubject } from '../../../src-main/worker/bench/bench-subject.ts'
import { nativeKernels } from '../../support/native-kernels.ts'

const RECORDED = fileURLToPath(new URL('../../golden/data/operation-stream.json', import.meta.url))
const PRESETS = ['micro-pose', 'micro-seg', 'micro-bottom-up'] as const

/**
 * Operations with a CUDA kernel for 32-bit floats in TensorFlow 2.18, with the file below tensorflow/core/kernels that registers it.
 * An operation that is not here would run on the CPU, and its tensors would cross the bus twice.
 */
const WITH_CUDA_KERNEL: Readonly<Record<string, string>> = {
  AddN: 'aggregate_ops.cc',
  AddV2: 'cwise_op_add_1.cc',
  ArgMax: 'argmax_op.cc',
  AssignVariableOp: 'resource_variable_ops.cc',
  AvgPool: 'avgpooling_op.cc',
  BiasAdd: 'bias_op.cc',
  BiasAddGrad: 'bias_op.cc',
  Cast: 'cast_op.cc',
  ConcatV2: 'concat_op.cc',
  Conv2D: 'conv_ops_fused_half.cc and conv_ops_gpu.cc',
  Conv2DBackpropFilter: 'conv_grad_filter_ops.cc',
  Conv2DBackpropInput: 'conv_grad_input_ops.cc',
  DestroyResourceOp: 'resource_variable_ops.cc',
  FusedBatchNormGradV3: 'fused_batch_norm_op.cc',
  FusedBatchNormV3: 'fused_batch_norm_op.cc',
  Identity: 'identity_op.cc',
  L2Loss: 'l2loss_op_gpu.cu.cc',
  Mul: 'cwise_op_mul_1.cc',
  ReadVariableOp: 'resource_variable_ops.cc',
  Relu: 'relu_op.cc',
  ReluGrad: 'relu_op.cc',
  Reshape: 'reshape_op.cc',
  ResizeBilinear: 'image/resize_bilinear_op.cc',
  ResizeBilinearGrad: 'image/resize_bilinear_op.cc',
  ResizeNearestNeighbor: 'image/resize_nearest_neighbor_op.cc',
  ResourceApplyAdam: 'training_ops.cc',
  ResourceApplyMomentum: 'training_ops.cc',
  ReverseV2: 'reverse_op.cc',
  Slice: 'slice_op.cc',
  SparseSoftmaxCrossEntropyWithLogits: 'sparse_xent_op.cc',
  Sub: 'cwise_op_sub.cc',
  Sum: 'reduction_ops_sum.cc',
  VarHandleOp: 'resource_variable_ops.cc',
}

type Stream = Readonly<Record<string, readonly string[]>>

describe('the operation stream of a training step and an inference', () => {
  const recorded: Stream = existsSync(RECORDED) ? (JSON.parse(readFileSync(RECORDED, 'utf8')) as Stream) : {}

  it.each(PRESETS)('has only operations with a CUDA kernel: %s', (preset) => {
    const stream = recorded[preset] ?? []
    expect(stream.length).toBeGreaterThan(20)
    const names = new Set(stream.map((line) => line.slice(0, line.indexOf('('))))
    expect([...names].filter((name) => WITH_CUDA_KERNEL[name] === undefined)).toEqual([])
  })

  it('asks for channels last, 32-bit floats and cuDNN everywhere, and never for a CPU layout', () => {
    for (const line of Object.values(recorded).flat()) {
      expect(line).not.toContain('NCHW')
      expect(line).not.toMatch(/\bT=(?!1\b)/)
      if (line.startsWith('Conv2D')) {
        expect(line).toContain('use_cudnn_on_gpu=true')
      }
    }
  })

  it.skipIf(nativeKernels() === null)(
    'is what the kernels send today (UPDATE_OPERATION_STREAM=1 records it anew)',
    async () => {
      const presets = await loadPresets(
        fileURLToPath(new URL('../../../resources/presets/', import.meta.url)),
      )
      const present: Record<string, readonly string[]> = {}
      for (const preset of PRESETS) {
        present[preset] = record((binding) => {
          const { config } = findPreset(presets, preset)
          const kernels = createTensorflowKernels(binding, 'cpu')
          const subject = openBenchSubject(kernels, { config, outputs: 11, subnet: 'largest', batch: 2 })
          subject.step()
          subject.infer()
          subject.dispose()
        })
      }
      if (process.env['UPDATE_OPERATION_STREAM'] === '1') {
        writeFileSync(RECORDED, `${JSON.stringify(present, null, 2)}\n`)
      }
      expect(present).toEqual(recorded)
    },
  )
})

/** Every different call with its attributes, sorted; names and shapes of variables are left out. */
function record(use: (binding: TensorflowBinding) => void): readonly string[] {
  const { binding } = loadTensorflowBinding()
  const lines = new Set<string>()
  const recording = Object.create(binding, {
    executeOp: {
      value: (...[name, attributes, inputs, outputs]: Parameters<TensorflowBinding['executeOp']>) => {
        const told = attributes
          .filter((attribute) => !['shared_name', 'container', 'shape'].includes(attribute.name))
          .map((attribute) => `${attribute.name}=${String(attribute.value)}`)
        lines.add(`${name}(${told.join(' ')}) ${String(inputs.length)} -> ${String(outputs)}`)
        return binding.executeOp(name, attributes, inputs, outputs)
      },
    },
  }) as TensorflowBinding
  use(recording)
  return [...lines].toSorted()
}
