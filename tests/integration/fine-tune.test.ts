import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { FineTuneResult, ModelCard } from '../../src-main/contract/index.ts'
import { fromGenotypeJson } from '../../src-main/nas/genotype.ts'
import { planNetwork, planParameters } from '../../src-main/nas/network-plan.ts'
import { createSearchSpace } from '../../src-main/nas/search-space.ts'
import { withoutDeadNodes } from '../../src-main/supernet/extract-subnet.ts'
import { decodeSafetensors } from '../../src-main/supernet/safetensors.ts'
import { childrenOf, runCli, startCli } from '../support/run-cli.ts'
import { smallRunArgs } from '../support/small-run.ts'

/** A run of some seconds with the WebAssembly backend, then its cheapest network trained on its own by the real command. */

const root = mkdtempSync(join(tmpdir(), 'scalenas-fine-tune-'))
const data = join(root, 'data')
afterAll(() => {
  rmSync(root, { recursive: true, force: true })
})

const SMALL = smallRunArgs({ 'search.generations': 0, 'compute.backend': 'wasm' })

interface RunOutput {
  readonly runId: string
  readonly front: readonly {
    readonly candidateId: string
    readonly genotypeId: string
    readonly accuracy: number
    readonly report: Readonly<Record<string, number>> | null
  }[]
}

let run: RunOutput
beforeAll(async () => {
  const { code, stdout, stderr } = await runCli(['run', 'micro-pose', '--json', '--data', data, ...SMALL])
  expect(code, stderr).toBe(0)
  run = JSON.parse(stdout) as RunOutput
}, 300_000)

const cheapest = () => {
  const [member] = run.front
  if (member === undefined) {
    throw new Error('the front is empty')
  }
  return member
}
const command = (...args: readonly string[]): string[] => [
  ...['fine-tune', cheapest().candidateId, '--data', data, '--json', ...args],
]
const finetunedFolder = (): string => join(data, 'runs', run.runId, 'finetuned')
const listFinetuned = (): readonly string[] =>
  existsSync(finetunedFolder()) ? readdirSync(finetunedFolder()) : []

describe('scalenas fine-tune', { timeout: 120_000 }, () => {
  it('Ctrl+C ends it with 130, and nothing is written', async () => {
    const training = startCli(command('--epochs', '200'))
    await training.waitForStderr(/epoch \d+ of 200/)
    training.child.kill('SIGINT')
    const { code, stderr } = await training.done
    expect(code, stderr).toBe(130)
    expect(listFinetuned()).toEqual([])
  })

  it('a killed worker ends it with its reason, and nothing is written', async () => {
    const training = startCli(command('--epochs', '200'))
    await training.waitForStderr(/epoch \d+ of 200/)
    for (const pid of childrenOf(training.child.pid ?? 0)) {
      process.kill(pid, 'SIGKILL')
    }
    const { code, stdout } = await training.done
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'WORKER_DIED' } })
    expect(listFinetuned()).toEqual([])
  })

  it('starts again over what a kill left, and gives both scores with a network that has them', async () => {
    const { candidateId, genotypeId, accuracy, report } = cheapest()
    const leftOver = join(finetunedFolder(), `${genotypeId}.part`)
    mkdirSync(leftOver, { recursive: true })
    writeFileSync(join(leftOver, 'model.safetensors'), 'half')
    const { code, stdout, stderr } = await runCli(command('--epochs', '4'))
    expect(code, stderr).toBe(0)
    const result = JSON.parse(stdout) as FineTuneResult
    expect(result).toMatchObject({ candidateId, genotypeId, samples: { search: 24, report: 24 } })
    expect(listFinetuned()).toEqual([genotypeId])
    expect(result.folder).toBe(join(finetunedFolder(), genotypeId))

    // The same images and the same network as in the search and its report.
    expect(Math.abs(result.inherited.search - accuracy)).toBeLessThanOrEqual(1e-4)
    expect(Math.abs(result.inherited.report - (report?.['accuracy'] ?? Number.NaN))).toBeLessThanOrEqual(1e-4)
    expect(result.epochs.map(({ epoch, learningRate }) => [epoch, learningRate])).toEqual([
      [1, 1e-4],
      [2, 1e-4],
      [3, 1e-4],
      [4, 1e-5],
    ])
    const best = Math.max(...result.epochs.map((epoch) => epoch.accuracy))
    expect(result.epochs.findIndex((epoch) => epoch.accuracy === best) + 1).toBe(result.bestEpoch)
    expect(Math.abs(result.fineTuned.search - best)).toBeLessThanOrEqual(1e-4)

    for (const { name, bytes, sha256 } of result.files) {
      const content = readFileSync(join(result.folder, name))
      expect(content.length, name).toBe(bytes)
      expect(createHash('sha256').update(content).digest('hex'), name).toBe(sha256)
    }
    const card = JSON.parse(readFileSync(join(result.folder, 'model-card.json'), 'utf8')) as ModelCard
    expect(card.weights.source).toBe('fine-tuned')
    expect(card.fineTuning).toMatchObject({
      ...{ inherited: result.inherited, fineTuned: result.fineTuned, bestEpoch: result.bestEpoch },
    })
    const text = readFileSync(join(result.folder, 'model-card.md'), 'utf8')
    for (const score of [result.inherited.report, result.fineTuned.report]) {
      expect(text).toContain(`${(100 * score).toFixed(3)} %`)
    }
    expect(text).not.toContain('no training of its own')
  })

  it('trained every live layer and norm: the names of the export, other values', async () => {
    const { candidateId, genotypeId } = cheapest()
    const out = join(root, 'export')
    const exported = await runCli([
      ...['export', candidateId, '--format', 'safetensors', '--out', out, '--data', data],
    ])
    expect(exported.code, exported.stderr).toBe(0)
    const inherited = decodeSafetensors(readFileSync(join(out, 'model.safetensors'))).tensors
    const folder = join(finetunedFolder(), genotypeId)
    const tuned = decodeSafetensors(readFileSync(join(folder, 'model.safetensors'))).tensors
    expect([...tuned.keys()]).toEqual([...inherited.keys()])
    const card = JSON.parse(readFileSync(join(folder, 'model-card.json'), 'utf8')) as ModelCard
    const space = createSearchSpace({ task: card.task, ...card.space })
    const shape = { task: card.task, ...card.network, outputs: card.output.channels }
    const plan = planNetwork(space, shape, fromGenotypeJson(space, card.genotype))
    // Layers without influence on the output have no gradient, but their norms see every batch.
    const statistics = planParameters(plan).filter(({ kind }) => kind.startsWith('running'))
    const unchanged = [...planParameters(withoutDeadNodes(plan)), ...statistics].filter(({ name }) =>
      tuned.get(name)?.values.every((v, i) => v === inherited.get(name)?.values[i]),
    )
    expect(unchanged).toEqual([])
  })

  it('a repeated fine-tune replaces the first; the report in words shows both scores', async () => {
    const { code, stdout, stderr } = await runCli([
      ...['fine-tune', cheapest().genotypeId, '--epochs', '1', '--data', data],
    ])
    expect(code, stderr).toBe(0)
    expect(stdout).toMatch(/inherited +search [\d.]+% {2}report [\d.]+%/)
    expect(stdout).toMatch(/fine-tuned +search [\d.]+% {2}report [\d.]+%/)
    expect(listFinetuned()).toEqual([cheapest().genotypeId])
    const stored = readFileSync(join(finetunedFolder(), cheapest().genotypeId, 'fine-tune.json'), 'utf8')
    expect(JSON.parse(stored)).toMatchObject({ bestEpoch: 1, epochs: [{ epoch: 1 }] })
  })

  it.each([['0'], ['201'], ['many']])('refuses --epochs %s with exit code 2', async (epochs) => {
    const { code, stderr } = await runCli(command('--epochs', epochs))
    expect(code).toBe(2)
    expect(stderr).toMatch(/--epochs must be a whole number from 1 to 200/)
  })
})
