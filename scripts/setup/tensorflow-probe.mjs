// Proves that the native backend computes: "the files exist" or "the import succeeded" proves nothing, because with a wrong
// binding the package silently computes in plain JavaScript. Runs as a child process, as a wrong library may crash it.
//   node scripts/setup/tensorflow-probe.mjs FOLDER_OF_TFJS_NODE_GPU   prints { version, isGpu } or exits 1 with a reason
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { isEntry } from './is-entry.mjs'
import { firstErrorLine, runCommand } from './run-command.mjs'

const PROBE_TIMEOUT_MS = 180_000
const RELATIVE_TOLERANCE = 1e-3

/** @returns {Promise<{ version: string, isGpu: boolean } | { reason: string }>} */
export async function probeTensorflow(folder) {
  const { code, signal, output } = await runCommand(process.execPath, [import.meta.filename, folder], {
    timeoutMs: PROBE_TIMEOUT_MS,
  })
  const line = output.split('\n').findLast((text) => text.startsWith('{"version"'))
  if (code === 0 && line) {
    return JSON.parse(line)
  }
  if (signal === 'SIGILL') {
    return { reason: 'the CPU lacks an instruction set (AVX) that this TensorFlow needs' }
  }
  return { reason: signal ? `the probe died with ${signal}` : firstErrorLine(output) }
}

async function probe(folder) {
  const tf = loadTensorflow(folder)
  await tf.ready()
  if (tf.getBackend() !== 'tensorflow') {
    throw new Error(`error: the backend is ${tf.getBackend()}, not tensorflow`)
  }
  const computed = computeSamples(tf)
  expectedSamples().forEach((expected, index) => {
    if (!(Math.abs(computed[index] - expected) <= RELATIVE_TOLERANCE * Math.abs(expected))) {
      throw new Error(`error: computed [${computed.join(', ')}], expected [${expectedSamples().join(', ')}]`)
    }
  })
  return { version: tf.backend().binding.TF_Version, isGpu: tf.backend().isUsingGpuDevice }
}

function loadTensorflow(folder) {
  const require = createRequire(join(folder, 'probe.js'))
  const util = require('node:util')
  // Node 23 removed both; the 4.22 package still calls them.
  util.isNullOrUndefined ??= (value) => value === null || value === undefined
  util.isArray ??= Array.isArray
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '3'
  process.env.TF_FORCE_GPU_ALLOW_GROWTH ??= 'true'
  return require(folder)
}

/** A 3x3 convolution of i/32, its two gradients and a matrix product. */
function computeSamples(tf) {
  const ramp = Float32Array.from({ length: 32 }, (_, index) => index / 32)
  const image = tf.tensor4d(ramp, [1, 4, 4, 2])
  const filter = tf.ones([3, 3, 2, 3])
  const convolve = (x, w) => tf.sum(tf.conv2d(x, w, 1, 'same'))
  const { value, grads } = tf.valueAndGrads(convolve)([image, filter])
  const product = tf.sum(tf.matMul(tf.ones([8, 8]), tf.ones([8, 8])))
  return [value.dataSync()[0], tf.sum(grads[0]).dataSync()[0], grads[1].dataSync()[0], product.dataSync()[0]]
}

/** The same numbers in closed form: a pixel is read by 2 or 3 rows and columns of windows, and by 3 filters. */
function expectedSamples() {
  const readers = (position) => (position % 3 === 0 ? 2 : 3)
  let sum = 0
  let inputGradient = 0
  let firstFilterGradient = 0
  for (let row = 0; row < 4; row++) {
    for (let column = 0; column < 4; column++) {
      const windows = readers(row) * readers(column)
      const first = (row * 4 + column) * 2
      sum += (3 * windows * (first + (first + 1))) / 32
      inputGradient += 2 * 3 * windows
      firstFilterGradient += row < 3 && column < 3 ? first / 32 : 0 // filter cell (0, 0) reads one up and one left
    }
  }
  return [sum, inputGradient, firstFilterGradient, 512]
}

if (isEntry(import.meta.url)) {
  try {
    console.log(JSON.stringify(await probe(process.argv[2])))
    process.exit(0)
  } catch (error) {
    console.log(String(error.message ?? error).split('\n')[0])
    process.exit(1)
  }
}
