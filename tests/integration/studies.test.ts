import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import type { StudyReport } from '../../src-main/engine/studies/study.types.ts'
import { runCli, startCli } from '../support/run-cli.ts'

/** A study with real workers, on a configuration of some seconds. */

const SMALL = [
  'dataset.drawn.train=32',
  'dataset.drawn.search=16',
  'dataset.drawn.report=8',
  'teacher.epochs=30',
  'supernet.epochs=4',
  'search.recalibrationBatches=2',
  'search.recalibrationBatchSize=8',
  'search.workers=2',
].flatMap((setting) => ['--set', setting])

const data = mkdtempSync(join(tmpdir(), 'scalenas-study-'))
afterAll(() => {
  rmSync(data, { recursive: true, force: true })
})

const line = ['study', 'recalibration', '--budget', 'tiny', '--data', data, '--json', ...SMALL]

it('stops with a checkpoint, goes on, and gives the same findings again from the networks that are there', async () => {
  const stopped = startCli(line)
  await stopped.waitForStderr(/teacher, seed 1/)
  stopped.child.kill('SIGINT')
  expect((await stopped.done).code).toBe(130)

  const first = await runCli(line)
  expect(first.code, first.stderr).toBe(0)
  const report = JSON.parse(first.stdout) as StudyReport
  expect(report.protocols.map(({ recalibrationImages }) => recalibrationImages)).toEqual([16, 0, 16, 0])
  expect(report.scores).toHaveLength(2 * 2 * report.counts.recalibration)
  expect(report.scores.every(({ accuracy }) => accuracy >= 0 && accuracy <= 1)).toBe(true)
  const files = listWeights(data)
  expect(new Set(files.map(([name]) => dirname(name))).size).toBe(4)

  const again = JSON.parse((await runCli(line)).stdout) as StudyReport
  expect(again.findings).toEqual(report.findings)
  expect(again.scores).toEqual(report.scores)
  expect(listWeights(data)).toEqual(files)
})

/** Newest weights of each trained network with the time that they were written at. */
function listWeights(folder: string): readonly (readonly [string, number])[] {
  return readdirSync(join(folder, 'studies'), { recursive: true, encoding: 'utf8' })
    .filter((name) => /(teacher|supernet)-\d+\.safetensors$/.test(name))
    .toSorted()
    .map((name) => [name, statSync(join(folder, 'studies', name)).mtimeMs] as const)
}
