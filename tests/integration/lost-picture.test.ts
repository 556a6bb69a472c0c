import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { cocoOf, writeCoco } from '../unit/datasets/made-folders.ts'
import { runCli, startCli } from '../support/run-cli.ts'
import { smallRunArgs } from '../support/small-run.ts'

interface RunResult {
  readonly runId: string
  readonly status: string
  readonly front: readonly { readonly genotypeId: string; readonly accuracy: number }[]
  readonly reportScores: readonly {
    readonly genotypeId: string
    readonly metrics: Readonly<Record<string, number>>
  }[]
}

const root = mkdtempSync(join(tmpdir(), 'scalenas-lost-'))
afterAll(() => {
  rmSync(root, { recursive: true, force: true })
})

async function makePeople(): Promise<string> {
  const folder = join(root, 'people')
  await writeCoco(folder, 'person_keypoints_train2017.json', cocoOf('t', 24, 17, 1))
  await writeCoco(folder, 'person_keypoints_val2017.json', cocoOf('v', 12, 17, 100))
  return folder
}

const outcomeOf = ({ status, front, reportScores }: RunResult) => ({
  status,
  front: front.map(({ genotypeId, accuracy }) => [genotypeId, accuracy]),
  report: reportScores.map(({ genotypeId, metrics }) => [genotypeId, metrics['accuracy']]),
})

describe('a picture that is lost during a run', () => {
  it('is named, and with the picture back a resume gives what an undisturbed run gives', async () => {
    const people = await makePeople()
    const args = (data: string): string[] => [
      ...['run', 'micro-pose', '--json', '--data', join(root, data), '--dataset', people],
      // Nothing is kept: threads decode what is scored, in every pass; pictures of the report first when the search is over.
      ...smallRunArgs({
        ...{ 'compute.pictureMemory': 0, 'compute.backend': 'wasm' },
        ...{ 'teacher.epochs': 1, 'supernet.epochs': 1, 'search.generations': 2 },
      }),
    ]
    const undisturbed = await runCli(args('undisturbed'))
    expect(undisturbed.code, undisturbed.stderr).toBe(0)

    const disturbed = startCli(args('disturbed'))
    await disturbed.waitForStderr(/supernet/)
    const picture = join(people, 'images', 'v105.jpg')
    const content = readFileSync(picture)
    rmSync(picture)
    const failed = await disturbed.done
    expect(failed.code).not.toBe(0)
    expect(failed.stderr).toContain('v105.jpg')

    writeFileSync(picture, content)
    const [, id = ''] = /\b(r-[0-9a-z]+)\b/.exec(failed.stderr) ?? []
    const resumed = await runCli(['resume', id, '--json', '--data', join(root, 'disturbed')])
    expect(resumed.code, resumed.stderr).toBe(0)
    expect(outcomeOf(JSON.parse(resumed.stdout) as RunResult)).toEqual(
      outcomeOf(JSON.parse(undisturbed.stdout) as RunResult),
    )
  }, 180_000)
})
