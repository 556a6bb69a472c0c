import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { hasShared, sharedPath } from '../support/read-npz.ts'
import { runCli } from '../support/run-cli.ts'

interface RunResult {
  readonly runId: string
  readonly status: string
  readonly baselines: readonly {
    readonly split: string
    readonly metrics: Readonly<Record<string, number>>
  }[]
  readonly reportScores: readonly {
    readonly genotypeId: string
    readonly metrics: Readonly<Record<string, number>>
  }[]
}

const data = mkdtempSync(join(tmpdir(), 'scalenas-ap-'))
afterAll(() => {
  rmSync(data, { recursive: true, force: true })
})

describe.skipIf(!hasShared)('a run that searches by AP (needs ../shared/data)', () => {
  it('reports what `evaluate keypoints` says of the detections that it wrote', async () => {
    const call = await runCli([
      ...['run', 'micro-pose', '--json', '--data', data, '--dataset', sharedPath('data/coco_person_mini')],
      ...[
        ...['pose.metric=ap', 'teacher.epochs=1', 'supernet.epochs=1', 'search.initial=15'],
        ...['search.generations=0', 'search.recalibrationBatches=1', 'dataset.searchLimit=20'],
      ].flatMap((pair) => ['--set', pair]),
    ])
    expect(call.code, call.stderr).toBe(0)
    const { runId, baselines, reportScores } = JSON.parse(call.stdout) as RunResult
    expect(reportScores.length).toBeGreaterThan(0)
    // Everybody at the mean pose is better than nothing: the score is no constant.
    expect(baselines.find(({ split }) => split === 'report')?.metrics['ap']).toBeGreaterThan(0)
    const folder = join(data, 'runs', runId, 'detections')
    expect(readdirSync(folder)).toHaveLength(reportScores.length)
    for (const { genotypeId, metrics } of reportScores) {
      const evaluation = await runCli([
        ...['evaluate', 'keypoints', '--json', '--dt', join(folder, `${genotypeId}.json`)],
        ...['--gt', sharedPath('data/coco_person_mini/annotations/person_keypoints_dev.json')],
      ])
      expect(evaluation.code, evaluation.stderr).toBe(0)
      const { AP, AR } = JSON.parse(evaluation.stdout) as { AP: number; AR: number }
      // The truth passes through float32 in the run.
      expect(Math.abs(AP - (metrics['ap'] ?? NaN))).toBeLessThanOrEqual(1e-9)
      expect(Math.abs(AR - (metrics['ar'] ?? NaN))).toBeLessThanOrEqual(1e-9)
      expect(metrics['accuracy']).toBe(metrics['ap'])
    }
  }, 180_000)
})
