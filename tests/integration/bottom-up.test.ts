import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { encodePng } from '../../src-main/datasets/encode-png.ts'
import { decodeFloatNpy, encodeFloatNpy } from '../../src-main/formats/npy.ts'
import { symmetric } from '../support/formula-weights.ts'
import { runCli } from '../support/run-cli.ts'
import { smallRunArgs } from '../support/small-run.ts'

/** Bottom-up pose through the command line, with a configuration of some seconds. */

const data = mkdtempSync(join(tmpdir(), 'scalenas-bottom-up-'))
afterAll(() => {
  rmSync(data, { recursive: true, force: true })
})

const SMALL = smallRunArgs({
  ...{ 'dataset.drawn.train': 64, 'dataset.drawn.search': 16, 'dataset.drawn.report': 16 },
  ...{ 'network.baseWidth': 8 },
  ...{ 'teacher.epochs': 3, 'supernet.epochs': 3, 'compute.backend': 'wasm' },
  // The preset scores without, other presets with the mirrored picture.
  ...{ 'search.flipTest': 'true' },
})

interface RunResult {
  readonly runId: string
  readonly status: string
  readonly front: readonly {
    readonly candidateId: string
    readonly macs: number
    readonly accuracy: number
  }[]
  readonly baselines: readonly { readonly name: string; readonly metrics: Readonly<Record<string, number>> }[]
  readonly reportScores: readonly {
    readonly metrics: Readonly<Record<string, number>>
    readonly protocol: Readonly<Record<string, unknown>>
  }[]
}

describe('a bottom-up run', () => {
  it('is prepared, trained, searched and reported; its candidates are exported and run from files', async () => {
    const { code, stdout, stderr } = await runCli([
      'run',
      'micro-bottom-up',
      '--json',
      '--data',
      data,
      ...SMALL,
    ])
    expect(code, stderr).toBe(0)
    const run = JSON.parse(stdout) as RunResult
    expect(run.status).toBe('completed')
    expect(run.front.length).toBeGreaterThan(0)
    expect(run.baselines.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['mean pose, one a picture', 'largest person as annotated']),
    )
    for (const { metrics } of run.reportScores) {
      expect(Object.keys(metrics)).toEqual(
        expect.arrayContaining(['ap', 'ar', 'apOfSurest', 'persons', 'joint left wrist']),
      )
    }

    const [first] = run.reportScores
    expect(first?.protocol).toMatchObject({ split: 'report', scales: '1', flipTest: true })
    expect(first?.protocol.grouping).toBe('joints above 0.1, tags within 0.5, at most 10 persons')

    const out = join(data, 'out')
    const exported = await runCli([
      ...['export', `${run.runId}:1`, '--format', 'safetensors', '--out', out, '--data', data, '--json'],
    ])
    expect(exported.code, exported.stderr).toBe(0)
    const card = JSON.parse(readFileSync(join(out, 'model-card.json'), 'utf8')) as {
      task: string
      output: unknown
      furtherOutputs: unknown
      grouping: unknown
      checks: { parity: number }
    }
    expect(card.task).toBe('bottom-up-pose')
    expect(card.output).toMatchObject({ meaning: 'heat maps and tags', channels: 28, stride: 4, height: 16 })
    expect(card.furtherOutputs).toMatchObject([{ meaning: 'heat maps', channels: 14, stride: 2, height: 32 }])
    expect(card.grouping).toEqual({ mostPersons: 10, detectionThreshold: 0.1, tagThreshold: 0.5 })
    expect(card.checks.parity).toBeLessThanOrEqual(1e-6)

    const input = join(data, 'in.npy')
    writeFileSync(
      input,
      encodeFloatNpy({ shape: [2, 3, 64, 64], values: symmetric(1, 'in', 2 * 3 * 64 * 64, 1) }),
    )
    const forward = await runCli([
      ...['forward', '--task', 'bottom-up-pose', '--weights', join(out, 'model.safetensors')],
      ...[
        '--genotype',
        join(out, 'genotype.json'),
        '--input-npy',
        input,
        '--output-npy',
        join(data, 'maps.npy'),
      ],
      ...['--backend', 'wasm', '--data', data, '--json'],
    ])
    expect(forward.code, forward.stderr).toBe(0)
    expect(decodeFloatNpy(readFileSync(join(data, 'maps.npy'))).shape).toEqual([2, 28, 16, 16])
    expect(decodeFloatNpy(readFileSync(join(data, 'maps.1.npy'))).shape).toEqual([2, 14, 32, 32])

    const picture = join(data, 'picture.png')
    const pixels = new Uint8Array(96 * 128 * 3).map((_, at) => (at * 37) % 251)
    writeFileSync(picture, await encodePng({ width: 128, height: 96, data: pixels }))
    const predicted = await runCli([
      ...[
        'predict',
        picture,
        '--candidate',
        `${run.runId}:1`,
        '--out',
        join(data, 'answers'),
        '--data',
        data,
      ],
    ])
    expect(predicted.code, predicted.stderr).toBe(0)
    expect(JSON.parse(readFileSync(join(data, 'answers', 'picture.json'), 'utf8'))).toMatchObject({
      task: 'bottom-up-pose',
      width: 128,
      persons: expect.any(Array) as unknown,
    })

    const tuned = await runCli([
      ...['fine-tune', `${run.runId}:1`, '--epochs', '1', '--data', data, '--json'],
    ])
    expect(tuned.code, tuned.stderr).toBe(0)

    const inspected = await runCli(['inspect', `${run.runId}:1`, '--data', data, '--json'])
    expect(JSON.parse(inspected.stdout)).toMatchObject({ valid: true, task: 'bottom-up-pose', outputs: 14 })
  })
})
