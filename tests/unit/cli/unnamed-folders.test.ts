import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CommandContext } from '../../../src-main/cli/command-line.ts'
import { runsCommand } from '../../../src-main/cli/commands/runs.ts'
import { runCommandLine } from '../../../src-main/cli/run-command-line.ts'
import {
  createTemporaryFolder,
  insertRun,
  openTestStore,
  RESOURCES_FOLDER,
} from '../../support/engine-core.ts'

describe('scalenas runs', { timeout: 30_000 }, () => {
  let folder: ReturnType<typeof createTemporaryFolder>
  beforeEach(() => {
    folder = createTemporaryFolder()
  })
  afterEach(() => {
    folder.remove()
  })

  async function listRuns() {
    const out: string[] = []
    const err: string[] = []
    const context: CommandContext = {
      parts: {
        workerEntry: new URL('../../support/fake-worker.ts', import.meta.url),
        resourcesFolder: RESOURCES_FOLDER,
        rendererFolder: new URL('file:///nowhere/'),
        projectRoot: new URL('../../../', import.meta.url),
        codeVersion: 'test',
      },
      terminal: { out: (text) => out.push(text), err: (text) => err.push(text), isInteractive: false },
      interrupted: new AbortController().signal,
    }
    const args = ['runs', '--json', '--data', folder.folder]
    expect(await runCommandLine({ runs: runsCommand }, args, context)).toBe(0)
    return { runs: JSON.parse(out.join('\n')) as unknown[], err: err.join('\n') }
  }

  it('tells of run folders that the database does not name, on stderr and only of those', async () => {
    const store = await openTestStore(folder.folder)
    await insertRun(store, 'r-named01')
    store.close()
    const makeFolder = (id: string) => mkdirSync(join(folder.folder, 'runs', id, 'logs'), { recursive: true })
    makeFolder('r-named01')
    expect(await listRuns()).toMatchObject({ runs: [{ id: 'r-named01' }], err: '' })
    makeFolder('r-lost001')
    const { err } = await listRuns()
    expect(err).toMatch(/does not name 1 run \(r-lost001\).*"scalenas restore --folders"/)
  })
})
