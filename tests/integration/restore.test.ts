import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createTemporaryFolder } from '../support/engine-core.ts'
import { runCli, startCli } from '../support/run-cli.ts'
import { smallRunArgs } from '../support/small-run.ts'

interface Shown {
  readonly status: string
  readonly front: readonly unknown[]
  readonly hypervolume: number
  readonly run: {
    readonly status: string
    readonly reportScores: readonly { readonly metrics: object }[]
    readonly checkpoints: readonly { readonly file: string }[]
  }
}

/** Runs with real workers whose database is lost, in the middle and at the end. */
describe('a run whose database is lost', () => {
  let folder: ReturnType<typeof createTemporaryFolder>
  beforeEach(() => {
    folder = createTemporaryFolder()
  })
  afterEach(() => {
    folder.remove()
  })
  const data = (name: string) => join(folder.folder, name)
  const runArgs = (name: string, preset: string, changes: Readonly<Record<string, number>> = {}) => [
    ...['run', preset],
    ...smallRunArgs({ 'teacher.checkpointEvery': 2, 'supernet.checkpointEvery': 2, ...changes }),
    ...['--seed', '5', '--data', data(name), '--json'],
  ]
  /** So many that Ctrl+C meets the super-network at work, however fast the machine is. */
  const LONG = { 'supernet.epochs': 30 }
  const onlyRun = (name: string): string => readdirSync(join(data(name), 'runs'))[0] ?? ''

  async function show(name: string): Promise<Shown> {
    const { stdout, stderr } = await runCli(['show', onlyRun(name), '--data', data(name), '--json'])
    if (stdout === '') {
      throw new Error(stderr)
    }
    return JSON.parse(stdout) as Shown
  }

  async function loseAndTakeIn(name: string): Promise<string> {
    rmSync(join(data(name), 'studio.sqlite'))
    const refused = await runCli(['runs', '--data', data(name)])
    expect(refused.code).toBe(1)
    expect(refused.stderr).toMatch(/is missing.*scalenas restore --folders/)
    const restored = await runCli(['restore', '--folders', '--data', data(name)])
    expect(restored.code, restored.stderr + restored.stdout).toBe(0)
    return restored.stdout
  }

  it.each(['micro-pose', 'micro-seg'])('of %s is as it was after it had ended', async (preset) => {
    const ended = await runCli(runArgs('ended', preset))
    expect(ended.code, ended.stderr).toBe(0)
    const before = await show('ended')
    expect(await loseAndTakeIn('ended')).toMatch(/is back as it was/)
    const after = await show('ended')
    expect(after.front).toEqual(before.front)
    expect(after.front.length).toBeGreaterThan(0)
    expect(after.hypervolume).toBe(before.hypervolume)
    expect(after.run.reportScores).toEqual(before.run.reportScores)
    expect(after.run.checkpoints.map(({ file }) => file)).toEqual(
      before.run.checkpoints.map(({ file }) => file),
    )
  })

  it('goes on from its newest checkpoint to the undisturbed result', async () => {
    const undisturbed = await runCli(runArgs('undisturbed', 'micro-pose', LONG))
    expect(undisturbed.code, undisturbed.stderr).toBe(0)
    const cut = startCli(runArgs('cut', 'micro-pose', LONG))
    await cut.waitForStderr(/% supernet/)
    cut.child.kill('SIGINT')
    await cut.done
    expect(await loseAndTakeIn('cut')).toMatch(/is back as interrupted/)
    const resumed = await runCli(['resume', onlyRun('cut'), '--data', data('cut'), '--json'])
    expect(resumed.code, resumed.stderr).toBe(0)
    const [expected, got] = [await show('undisturbed'), await show('cut')]
    const anonymous = (value: unknown): unknown =>
      JSON.parse(
        JSON.stringify(value)
          .replaceAll(/r-[a-z0-9]{6,24}/g, 'r')
          .replaceAll(/"evaluationMs":[\d.]+/g, '"evaluationMs":0'),
      ) as unknown
    expect(got.hypervolume).toBe(expected.hypervolume)
    expect(anonymous(got.front)).toEqual(anonymous(expected.front))
    expect(got.run.reportScores.map(({ metrics }) => metrics)).toEqual(
      expected.run.reportScores.map(({ metrics }) => metrics),
    )
  })
})
