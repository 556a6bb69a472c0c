import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { singleOutput } from '../../src-main/compute/network-ops.ts'
import { createWasmKernels } from '../../src-main/compute/wasm/wasm-kernels.ts'
import type { ExportResult, GenotypeJson, ModelCard } from '../../src-main/contract/index.ts'
import { countCost } from '../../src-main/nas/cost.ts'
import { fromGenotypeJson, genotypeId } from '../../src-main/nas/genotype.ts'
import { planNetwork, planParameters } from '../../src-main/nas/network-plan.ts'
import { createSearchSpace } from '../../src-main/nas/search-space.ts'
import { openStandAlone } from '../../src-main/supernet/extract-subnet.ts'
import { findFolded, openExact, openFoldedFile } from '../../src-main/supernet/open-folded.ts'
import { decodeSafetensors } from '../../src-main/supernet/safetensors.ts'
import { symmetric, toNhwc } from '../support/formula-weights.ts'
import { hasTorch, TORCH_PYTHON } from '../support/torch-python.ts'
import { runCli } from '../support/run-cli.ts'
import { smallRunArgs } from '../support/small-run.ts'

/** A run of some seconds with the WebAssembly backend, then its cheapest and its best network written by the real command. */

const root = mkdtempSync(join(tmpdir(), 'scalenas-export-'))
const data = join(root, 'data')
afterAll(() => {
  rmSync(root, { recursive: true, force: true })
})

const SMALL = smallRunArgs({ 'compute.backend': 'wasm' })

interface FrontMember {
  readonly candidateId: string
  readonly genotypeId: string
  readonly accuracy: number
  readonly macs: number
  readonly params: number
}

let front: readonly FrontMember[] = []
beforeAll(async () => {
  const { code, stdout, stderr } = await runCli(['run', 'micro-pose', '--json', '--data', data, ...SMALL])
  expect(code, stderr).toBe(0)
  ;({ front } = JSON.parse(stdout) as { readonly front: readonly FrontMember[] })
}, 300_000)

const member = (at: number): FrontMember => {
  const found = front.at(at)
  if (found === undefined) {
    throw new Error(`the front has ${String(front.length)} members`)
  }
  return found
}

const exportTo = async (
  folder: string,
  args: readonly string[],
): Promise<ExportResult & { readonly path: (name: string) => string }> => {
  const out = join(root, folder)
  const { code, stdout, stderr } = await runCli([
    ...['export', ...args, '--format', 'safetensors', '--out', out, '--data', data, '--json'],
  ])
  expect(code, stderr).toBe(0)
  return { ...(JSON.parse(stdout) as ExportResult), path: (name) => join(out, name) }
}

function planOf(card: ModelCard) {
  const space = createSearchSpace({ task: card.task, ...card.space })
  const shape = { task: card.task, ...card.network, outputs: card.output.channels }
  return planNetwork(space, shape, fromGenotypeJson(space, card.genotype))
}

describe('scalenas export', () => {
  it('writes model, genotype and card; what was written scores as in the search', async () => {
    const { candidateId, accuracy, macs, params } = member(-1)
    const { card, files, folder, path } = await exportTo('by-candidate', [candidateId])
    expect(folder).toBe(join(root, 'by-candidate'))
    expect(files.map(({ name }) => name).toSorted()).toEqual([
      'genotype.json',
      'model-card.json',
      'model-card.md',
      'model.safetensors',
    ])
    for (const { name, bytes, sha256 } of files) {
      const content = readFileSync(path(name))
      expect(content.length, name).toBe(bytes)
      expect(createHash('sha256').update(content).digest('hex'), name).toBe(sha256)
    }
    const { checks } = card
    expect(checks.recordedAccuracy).toBe(accuracy)
    expect(Math.abs(checks.inheritedAccuracy - accuracy)).toBeLessThanOrEqual(1e-4)
    expect(Math.abs(checks.writtenAccuracy - accuracy)).toBeLessThanOrEqual(1e-4)
    expect(checks.parity).toBeLessThanOrEqual(1e-6)
    expect(checks.protocol).toMatchObject({ split: 'search', samples: 24, backend: 'wasm' })
    expect(card.cost).toMatchObject({ macs, params })
    expect(countCost(planOf(card))).toMatchObject({ macs, params })
    expect(JSON.parse(readFileSync(path('model-card.json'), 'utf8'))).toEqual(card)
    const text = readFileSync(path('model-card.md'), 'utf8')
    for (const fact of [card.origin.genotypeId, card.dataset.fingerprint, (100 * accuracy).toFixed(3)]) {
      expect(text).toContain(fact)
    }
  })

  it('the model file holds exactly the tensors of the genotype and the counters of its norms', async () => {
    const { candidateId, genotypeId: id } = member(0)
    const { card, path } = await exportTo('names', [candidateId])
    const genotype = JSON.parse(readFileSync(path('genotype.json'), 'utf8')) as GenotypeJson
    const space = createSearchSpace({ task: 'pose', ...card.space })
    expect(genotypeId(fromGenotypeJson(space, genotype))).toBe(id)
    const file = readFileSync(path('model.safetensors'))
    const specs = planParameters(planOf(card))
    const { tensors, metadata } = decodeSafetensors(file)
    expect([...tensors].map(([name, { shape }]) => [name, shape])).toEqual(
      specs.map(({ name, shape }) => [name, shape]),
    )
    expect(metadata).toMatchObject({ format: 'pt', genotypeId: id })
    // The counters are skipped by our reader, so the header is read here.
    const headerBytes = Number(file.readBigUInt64LE(0))
    const header = JSON.parse(file.subarray(8, 8 + headerBytes).toString('utf8')) as Record<
      string,
      { readonly dtype: string; readonly shape: readonly number[] }
    >
    const norms = specs.filter(({ kind }) => kind === 'running-mean')
    for (const { name } of norms) {
      expect(header[name.replace('running_mean', 'num_batches_tracked')]).toMatchObject({
        dtype: 'I64',
        shape: [],
      })
    }
    expect(Object.keys(header)).toHaveLength(1 + specs.length + norms.length)
    expect(card.weights).toMatchObject({ tensors: specs.length, counters: norms.length })
  })

  it('takes a genotype id, and with --live has the live layers only', async () => {
    const { genotypeId: id } = member(-1)
    const { card, path } = await exportTo('live', [id, '--live'])
    expect(card.origin.genotypeId).toBe(id)
    const { tensors } = decodeSafetensors(readFileSync(path('model.safetensors')))
    const trained = [...tensors]
      .filter(([name]) => !name.includes('running_'))
      .reduce((sum, [, { values }]) => sum + values.length, 0)
    expect(trained).toBe(card.cost.liveParams)
    expect(card.weights.deadLayersDropped).toBe(true)
  })

  it('with --fold-norms has convolutions with biases and no norms, and answers the same within 1e-4', async () => {
    const { candidateId, accuracy } = member(-1)
    const { card, path } = await exportTo('folded', [candidateId, '--fold-norms'])
    const { tensors } = decodeSafetensors(readFileSync(path('model.safetensors')))
    expect([...tensors.keys()].filter((name) => /running_|num_batches|bn\d/.test(name))).toEqual([])
    expect(tensors.get('conv1.bias')?.shape).toEqual([card.network.stemChannels])
    expect(card.weights).toMatchObject({ normsFolded: true, counters: 0, tensors: tensors.size })
    expect(card.checks.parity).toBeGreaterThan(0)
    expect(card.checks.parity).toBeLessThanOrEqual(card.checks.parityTolerance)
    expect(card.checks.parityTolerance).toBe(1e-4)
    expect(Math.abs(card.checks.writtenAccuracy - accuracy)).toBeLessThanOrEqual(5e-3)
    expect(readFileSync(path('model-card.md'), 'utf8')).toContain('nn.Identity')
  })

  it('writes a segmentation network that was trained on crops smaller than its input', async () => {
    const ended = await runCli([
      ...['run', 'micro-seg', '--json', '--data', data, ...SMALL],
      ...['segmentation.cropHeight=32', 'segmentation.cropWidth=48'].flatMap((pair) => ['--set', pair]),
    ])
    expect(ended.code, ended.stderr).toBe(0)
    const run = JSON.parse(ended.stdout) as { readonly front: readonly FrontMember[] }
    const { card } = await exportTo('seg', [run.front.at(-1)?.candidateId ?? ''])
    expect(card.input).toMatchObject({ height: 64, width: 96 })
    expect(card.output).toMatchObject({ meaning: 'logits', channels: 11, stride: 4, height: 16, width: 24 })
    expect(Math.abs(card.checks.writtenAccuracy - (run.front.at(-1)?.accuracy ?? 0))).toBeLessThanOrEqual(
      1e-4,
    )
    expect(card.checks.parity).toBeLessThanOrEqual(1e-6)
  })

  it.each([
    [['--format', 'onnx', '--out', 'x'], /onnx is not available yet.*safetensors/],
    [['--format', 'tfjs', '--out', 'x'], /tfjs is not available yet.*safetensors/],
    [['--format', 'savedmodel', '--out', 'x'], /savedmodel is not available yet.*safetensors/],
    [['--format', 'pickle', '--out', 'x'], /"pickle" is unknown.*safetensors/],
    [['--format', 'safetensors'], /--out is missing/],
    [['--out', 'x'], /--format is missing.*safetensors/],
  ])('refuses %j with exit code 2', async (args, message) => {
    const { code, stderr } = await runCli(['export', member(0).candidateId, ...args, '--data', data])
    expect(code).toBe(2)
    expect(stderr).toMatch(message)
  })

  it.each([
    ['r-none00:1', /no candidate/],
    ['0123456789ab', /0123456789ab/],
    ['best', /no candidate/],
  ])('refuses the candidate %s by name', async (candidate, message) => {
    const { code, stderr } = await runCli([
      ...['export', candidate, '--format', 'safetensors', '--out', join(root, 'none'), '--data', data],
    ])
    expect(code).toBe(2)
    expect(stderr).toMatch(message)
  })
})

describe.skipIf(!hasTorch())(
  'the written network in PyTorch (needs python3 with torch, or SCALENAS_TORCH_PYTHON)',
  () => {
    it.each([
      ['with norms', []],
      ['folded', ['--fold-norms']],
    ])('loads strictly, has the cost of the card, and answers as here: %s', async (_name, args) => {
      const { card, path } = await exportTo(`torch${args.join('')}`, [member(-1).candidateId, ...args])
      const whole = planOf(card)
      const folded = findFolded(whole, decodeSafetensors(readFileSync(path('model.safetensors'))).tensors)
      expect(folded !== null).toBe(args.length > 0)
      const plan = folded?.plan ?? whole
      const { height, width } = card.input
      const pixels = symmetric(41, 'torch input', BATCH * 3 * height * width, 2)
      const want = await answerHere(path('model.safetensors'), card, pixels)
      const files = ['plan.json', 'input.f32', 'output.f32'].map(path)
      const [planFile = '', inputFile = '', outputFile = ''] = files
      const { nodes, outputs } = plan
      writeFileSync(
        planFile,
        JSON.stringify({ nodes, output: outputs[0]?.value, shape: [BATCH, 3, height, width] }),
      )
      writeFileSync(inputFile, bytesOf(pixels))
      writeFileSync(outputFile, bytesOf(want))
      const script = join(import.meta.dirname, '../support/load_subnet.py')
      const answer = execFileSync(TORCH_PYTHON, [script, path('model.safetensors'), ...files], {
        encoding: 'utf8',
      })
      const { deviation, ...loaded } = JSON.parse(answer) as { readonly deviation: number }
      const specs = folded?.specs ?? planParameters(whole)
      const parameters = specs
        .filter(({ kind }) => !kind.startsWith('running'))
        .reduce((sum, spec) => sum + spec.shape.reduce((a, b) => a * b, 1), 0)
      expect(loaded).toEqual({ missing: [], unexpected: [], parameters })
      expect(folded !== null || parameters === card.cost.params).toBe(true)
      // method.md 8.1: between PyTorch float32 and a backend of ours.
      expect(deviation).toBeLessThanOrEqual(2e-5)
    })
  },
)

const BATCH = 2

/** The file's network on the WebAssembly backend, N, C, H, W in and out. */
async function answerHere(file: string, card: ModelCard, pixels: Float32Array): Promise<Float32Array> {
  const kernels = await createWasmKernels()
  const space = createSearchSpace({ task: card.task, ...card.space })
  const shape = { task: card.task, ...card.network, outputs: card.output.channels }
  const { tensors: weights } = decodeSafetensors(readFileSync(file))
  const whole = planOf(card)
  const folded = findFolded(whole, weights)
  const network =
    folded === null
      ? openExact(openStandAlone(kernels, { space, shape }, { plan: whole, weights }), whole)
      : openFoldedFile(kernels, { space, shape }, folded, weights)
  const { height, width } = card.input
  const nhwc = toNhwc(pixels, [BATCH, 3, height, width])
  const inputShape = [BATCH, height, width, 3]
  const handle = kernels.upload(nhwc, inputShape)
  const output = singleOutput(network.forward({ handle, shape: inputShape }))
  return toNchw(kernels.downloadSync(output.handle), output.shape)
}

function toNchw(values: Float32Array, [n = 0, h = 0, w = 0, c = 0]: readonly number[]): Float32Array {
  const out = new Float32Array(values.length)
  for (let at = 0; at < n * c * h * w; at += 1) {
    const [channel, pixel, image] = [at % c, Math.floor(at / c) % (h * w), Math.floor(at / (c * h * w))]
    out[(image * c + channel) * h * w + pixel] = values[at] ?? 0
  }
  return out
}

function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
}
