// What `doctor --gpu` may tolerate: how far ten training steps drift apart for reasons that are no defects.
//   node tests/bench/gpu-tolerance.ts [PRESET]
// Compared with native TensorFlow on one thread: the WebAssembly kernels, which add in another order, and native TensorFlow whose
// convolutions read numbers rounded to TF32, as cards of 2020 and later do; and defects, which must stand out.
import { readFileSync } from 'node:fs'
import { chooseBackend } from '../../src-main/compute/choose-backend.ts'
import type { Handle, Kernels } from '../../src-main/compute/kernels.ts'
import { presetSchema } from '../../src-main/contract/index.ts'
import { compareTraces } from '../../src-main/engine/services/gpu-check.ts'
import { openBenchSubject } from '../../src-main/worker/bench/bench-subject.ts'
import { countOutputs } from '../../src-main/engine/configure/search-setup.ts'
import { WEBGPU_ENTRIES } from '../support/webgpu-kernels.ts'

const [name = 'mini-pose'] = process.argv.slice(2)
const BATCH = 8
const STEPS = 10
/** Bits behind the point that TF32 drops of float32. */
const DROPPED_BITS = 13

process.env['TF_NUM_INTRAOP_THREADS'] ??= '1'
const file = new URL(`../../resources/presets/${name}.json`, import.meta.url)
const { config } = presetSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
const options = { config, outputs: countOutputs(config, null), subnet: 'largest', batch: BATCH } as const

interface Trace {
  readonly output: Float32Array
  /** Also in inference mode, after one step. */
  readonly nextOutput: Float32Array
  readonly losses: readonly number[]
}

function trace(kernels: Kernels): Trace {
  const subject = openBenchSubject(kernels, options)
  try {
    const output = subject.infer()
    const first = subject.step()
    const nextOutput = subject.infer()
    return { output, nextOutput, losses: [first, ...Array.from({ length: STEPS - 1 }, () => subject.step())] }
  } finally {
    subject.dispose()
  }
}

/** Nearest value with ten bits behind the point, ties away from zero (PTX cvt.rna.tf32). */
function toTf32(values: Float32Array): Float32Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length)
  const half = 2 ** (DROPPED_BITS - 1)
  const mask = ~(2 ** DROPPED_BITS - 1)
  bits.forEach((word, i) => (bits[i] = (word + half) & mask))
  return values
}

function inTf32(k: Kernels): Kernels {
  const rounded = <T>(
    a: Handle,
    aShape: readonly number[],
    b: Handle,
    bShape: readonly number[],
    run: (a: Handle, b: Handle) => T,
  ): T => {
    const [x, y] = [
      k.upload(toTf32(k.downloadSync(a).slice()), aShape),
      k.upload(toTf32(k.downloadSync(b).slice()), bShape),
    ]
    try {
      return run(x, y)
    } finally {
      k.release(x)
      k.release(y)
    }
  }
  return {
    ...k,
    conv2d: (x, xShape, w, wShape, stride) =>
      rounded(x, xShape, w, wShape, (a, b) => k.conv2d(a, xShape, b, wShape, stride)),
    conv2dInputGradient: (dy, dyShape, w, wShape, xShape, stride) =>
      rounded(dy, dyShape, w, wShape, (a, b) => k.conv2dInputGradient(a, dyShape, b, wShape, xShape, stride)),
    conv2dFilterGradient: (x, xShape, dy, dyShape, wShape, stride) =>
      rounded(x, xShape, dy, dyShape, (a, b) =>
        k.conv2dFilterGradient(a, xShape, b, dyShape, wShape, stride),
      ),
  }
}

/** Defects of single kernels, as drivers have had them. */
function defects(k: Kernels): readonly (readonly [string, Kernels])[] {
  const scaledGradient = (factor: number): Kernels => ({
    ...k,
    conv2dFilterGradient: (...call) => {
      const exact = k.conv2dFilterGradient(...call)
      const wrong = k.scale(exact, factor)
      k.release(exact)
      return wrong
    },
  })
  return [
    ['ReLU gradient forgotten', { ...k, reluGradient: (dy) => k.scale(dy, 1) }],
    ['filter gradients of the opposite sign', scaledGradient(-1)],
    ['filter gradients of zero', scaledGradient(0)],
    [
      'running statistics with momentum 0.2',
      {
        ...k,
        batchNormTrain: (x, shape, gamma, beta, mean, variance, momentum, relu) =>
          k.batchNormTrain(x, shape, gamma, beta, mean, variance, momentum * 2, relu),
      },
    ],
    [
      'input gradients halved',
      {
        ...k,
        conv2dInputGradient: (...call) => {
          const exact = k.conv2dInputGradient(...call)
          const wrong = k.scale(exact, 0.5)
          k.release(exact)
          return wrong
        },
      },
    ],
    [
      'learning rate off by a tenth',
      {
        ...k,
        applyAdam: (variable, m, v, gradient, step) => {
          k.applyAdam(variable, m, v, gradient, { ...step, learningRate: step.learningRate * 1.1 })
        },
      },
    ],
  ]
}

const show = (value: number): string => value.toExponential(1)
const way = {
  backend: 'tensorflow',
  device: 'cpu',
  backendVersion: '',
  cards: [],
  reference: 'tensorflow',
} as const
const { kernels: native } = await chooseBackend('tensorflow', WEBGPU_ENTRIES)
const { kernels: wasm } = await chooseBackend('wasm', WEBGPU_ENTRIES)
const reference = trace(native)
console.log(
  `${name}, largest, batch ${String(BATCH)}, ${String(STEPS)} steps; losses ${reference.losses.map((loss) => loss.toPrecision(5)).join(' ')}`,
)
for (const [label, kernels] of [
  ['wasm', wasm],
  ['native, TF32', inTf32(native)],
  ['wasm, TF32', inTf32(wasm)],
  ...defects(native),
] as const) {
  const other = trace(kernels)
  const { differences } = compareTraces(other, reference, way)
  const each = other.losses.map((loss, i) =>
    (Math.abs(loss - (reference.losses[i] ?? 0)) / (reference.losses[i] ?? 1)).toExponential(0),
  )
  console.log(
    `${label.padEnd(40)} output ${show(differences.output)}, after a step ${show(differences.nextOutput)}; first losses ${show(differences.firstLosses)}, all ${show(differences.losses)}  (${each.join(' ')})`,
  )
}
