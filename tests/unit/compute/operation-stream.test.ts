import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { conformanceCases } from '../../../src-main/compute/conformance/cases.ts'
import { createTensorflowKernels } from '../../../src-main/compute/tensorflow/tensorflow-kernels.ts'
import { loadTensorflowBinding } from '../../../src-main/compute/tensorflow/load-binding.ts'
import type { TensorflowBinding } from '../../../src-main/compute/tensorflow/load-binding.ts'
import { findPreset, loadPresets } from '../../../src-main/engine/configure/presets.ts'
import { openBenchSubject } from '../../../src-main/worker/bench/bench-subject.ts'
import { nativeKernels } from '../../support/native-kernels.ts'

const RECORDED = fileURLToPath(new URL('../../golden/data/operation-stream.json', import.meta.url))
const GPU_KERNELS = fileURLToPath(new URL('../../golden/data/gpu-kernels.json', import.meta.url))
const PRESETS = ['micro-pose', 'micro-seg', 'micro-bottom-up'] as const
/** Of the presets, and all that the kernels can send. */
const STREAMS = [...PRESETS, 'every primitive'] as const

/** What the CUDA build of TensorFlow registers, listed from its wheel by tests/tools/list-gpu-kernels.py. */
interface GpuKernels {
  readonly source: { readonly wheel: string; readonly sha256: string; readonly tensorflow: string }
  readonly operations: Readonly<Record<string, Operation>>
}

interface Operation {
  /** Name of the attribute that holds the type, or the type. */
  readonly inputs: Readonly<Record<string, string | number>>
  readonly gpuKernels: readonly {
    /** DEFAULT serves every device: operations that only pass handles on. */
    readonly device: 'GPU' | 'DEFAULT'
    readonly types: Readonly<Record<string, readonly number[]>>
    readonly hostMemory: readonly string[]
  }[]
}

/** Numbers of TensorFlow's types. */
const INT32 = 3
const RESOURCE = 20

type Stream = Readonly<Record<string, readonly string[]>>

describe('the operation stream of a training step and an inference', () => {
  const recorded: Stream = existsSync(RECORDED) ? (JSON.parse(readFileSync(RECORDED, 'utf8')) as Stream) : {}

  const kernels = JSON.parse(readFileSync(GPU_KERNELS, 'utf8')) as GpuKernels

  it.each(STREAMS)('has only operations with a CUDA kernel for their types: %s', (name) => {
    const stream = recorded[name] ?? []
    expect(stream.length).toBeGreaterThan(20)
    const without = stream.filter((line) => findGpuKernel(kernels, line) === undefined)
    expect(without).toEqual([])
  })

  it('finds no CUDA kernel for what has none', () => {
    // Kernels for 32-bit floats only, for CPUs only, and an operation that there is not.
    expect(findGpuKernel(kernels, 'BiasAdd(T=3) 2 -> 1')).toBeDefined()
    expect(findGpuKernel(kernels, 'ResourceApplyAdam(T=3) 10 -> 0')).toBeUndefined()
    expect(findGpuKernel(kernels, 'Sub(T=7) 2 -> 1')).toBeUndefined()
    expect(findGpuKernel(kernels, 'Conv2DBackpropFilterV3(T=1) 3 -> 1')).toBeUndefined()
  })

  it('hands in host memory only what is there: whole numbers of shapes and handles of variables', () => {
    for (const line of Object.values(recorded).flat()) {
      const { name, types } = parseCall(line)
      for (const input of findGpuKernel(kernels, line)?.hostMemory ?? []) {
        const type = kernels.operations[name]?.inputs[input]
        // Outputs in host memory are handles of variables.
        const number = typeof type === 'string' ? types.get(type) : (type ?? RESOURCE)
        expect([INT32, RESOURCE], `${line}, ${input}`).toContain(number)
      }
    }
  })

  it('was looked up in the library that setup installs', () => {
    const pinned = readFileSync(
      new URL('../../../scripts/setup/tensorflow-pins.mjs', import.meta.url),
      'utf8',
    )
    expect(pinned).toContain(kernels.source.sha256)
    expect(pinned).toContain(`TENSORFLOW_VERSION = '${kernels.source.tensorflow}'`)
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
          // The way of a GPU, on this CPU.
          const kernels = createTensorflowKernels(binding, 'gpu')
          const subject = openBenchSubject(kernels, { config, outputs: 11, subnet: 'largest', batch: 2 })
          subject.step()
          subject.infer()
          subject.dispose()
        })
      }
      present['every primitive'] = record((binding) => {
        const kernels = createTensorflowKernels(binding, 'gpu')
        conformanceCases().forEach((testCase) => testCase.run(kernels))
      })
      if (process.env['UPDATE_OPERATION_STREAM'] === '1') {
        writeFileSync(RECORDED, `${JSON.stringify(present, null, 2)}\n`)
      }
      expect(present).toEqual(recorded)
    },
  )
})

/** "Name(attribute=value …) inputs -> outputs": the name, and the attributes that are whole numbers, types among them. */
function parseCall(line: string): { readonly name: string; readonly types: ReadonlyMap<string, number> } {
  const [, name = '', attributes = ''] = /^(\w+)\((.*)\)/.exec(line) ?? []
  const pairs = [...attributes.matchAll(/(\w+)=(\d+)(?= |$)/g)]
  return { name, types: new Map(pairs.map(([, key = '', value = '']) => [key, Number(value)])) }
}

function findGpuKernel(
  { operations }: GpuKernels,
  line: string,
): Operation['gpuKernels'][number] | undefined {
  const { name, types } = parseCall(line)
  return operations[name]?.gpuKernels.find((kernel) =>
    Object.entries(kernel.types).every(([attribute, allowed]) => {
      const type = types.get(attribute)
      // An attribute that the call leaves out has its default, which is not recorded.
      return type !== undefined && allowed.includes(type)
    }),
  )
}

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
