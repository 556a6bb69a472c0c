import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createTemporaryFolder } from '../support/engine-core.ts'
import { runCli } from '../support/run-cli.ts'
import { smallRunArgs } from '../support/small-run.ts'

/** Names and modes of what others could read, write or enter; by stat alone, for nothing may open the lock. */
function listOpen(folder: string): string[] {
  const { mode } = statSync(folder)
  const own = (mode & 0o077) === 0 ? [] : [`${folder} ${(mode & 0o777).toString(8)}`]
  const below = statSync(folder).isDirectory()
    ? readdirSync(folder).flatMap((name) => listOpen(join(folder, name)))
    : []
  return [...own, ...below]
}

describe.skipIf(process.platform === 'win32')('the files of a run', () => {
  let folder: ReturnType<typeof createTemporaryFolder>
  let before: number
  beforeEach(() => {
    folder = createTemporaryFolder()
    before = process.umask(0o022)
  })
  afterEach(() => {
    process.umask(before)
    folder.remove()
  })

  it('are their owner’s alone, and what was asked for elsewhere is as the user makes files', async () => {
    const data = join(folder.folder, 'data')
    const ran = await runCli(['run', 'micro-pose', ...smallRunArgs(), '--data', data, '--json'])
    expect(ran.code, ran.stderr).toBe(0)
    const { runId } = JSON.parse(ran.stdout) as { runId: string }
    const out = join(folder.folder, 'out')
    const exported = await runCli([
      ...['export', `${runId}:1`, '--format', 'safetensors', '--out', out, '--data', data],
    ])
    expect(exported.code, exported.stderr).toBe(0)
    const picture = join(data, 'runs', runId, 'preview')
    const png = readdirSync(picture).find((name) => name.endsWith('.png')) ?? ''
    const answers = join(folder.folder, 'answers')
    const predicted = await runCli([
      ...['predict', '--candidate', `${runId}:1`, join(picture, png), '--out', answers, '--data', data],
    ])
    expect(predicted.code, predicted.stderr).toBe(0)

    expect(listOpen(data)).toEqual([])
    expect(readdirSync(join(data, 'runs', runId)).length).toBeGreaterThan(4)
    for (const place of [out, answers]) {
      expect((statSync(place).mode & 0o777).toString(8)).toBe('755')
      const modes = readdirSync(place).map((name) => (statSync(join(place, name)).mode & 0o777).toString(8))
      expect(modes.length).toBeGreaterThan(1)
      expect(new Set(modes)).toEqual(new Set(['644']))
    }
  })
})
