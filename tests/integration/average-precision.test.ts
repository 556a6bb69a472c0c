import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
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
    readonly protocol: Readonly<Record<string, unknown>>
  }[]
}

const data = mkdtempSync(join(tmpdir(), 'scalenas-ap-'))
afterAll(() => {
  rmSync(data, { recursive: true, force: true })
})

const TRUTH = 'data/coco_person_mini/annotations/person_keypoints_dev.json'

/** Annotated boxes as a detector gives them: off by some pixels, each with a score, one box in four twice, one in ten of nobody. */
function writeBoxes(): { readonly file: string; readonly count: number } {
  const { annotations } = JSON.parse(readFileSync(sharedPath(TRUTH), 'utf8')) as {
    annotations: { image_id: number; bbox: number[]; iscrowd: number }[]
  }
  const boxes = annotations.flatMap(({ image_id, bbox }, index) =>
    Array.from({ length: index % 4 === 0 ? 2 : 1 }, (_, repeat) => ({
      ...{ image_id, category_id: 1, score: 1 / (1 + index + repeat) },
      bbox: bbox.map((value, at) =>
        index % 10 === 9 ? 20 * at + 9 : value + ((index + at) % 5) - 2 + repeat,
      ),
    })),
  )
  const file = join(data, 'boxes.json')
  writeFileSync(file, JSON.stringify(boxes))
  return { file, count: boxes.length }
}

describe.skipIf(!hasShared)('a run that searches by AP (needs ../shared/data)', () => {
  it('reports, in boxes of a detector, what `evaluate keypoints` says of the detections that it wrote', async () => {
    const boxes = writeBoxes()
    const call = await runCli([
      ...['run', 'micro-pose', '--json', '--data', data, '--dataset', sharedPath('data/coco_person_mini')],
      ...['--detections', boxes.file],
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
    for (const { genotypeId, metrics, protocol } of reportScores) {
      expect(protocol).toMatchObject({
        ...{ split: 'report', boxes: 'detected', detectionFile: 'boxes.json', detectionThreshold: 0 },
        ...{ pictures: 36, samples: boxes.count },
      })
      const evaluation = await runCli([
        ...['evaluate', 'keypoints', '--json', '--dt', join(folder, `${genotypeId}.json`)],
        ...['--gt', sharedPath(TRUTH)],
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
