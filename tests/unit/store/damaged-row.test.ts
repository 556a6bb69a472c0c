import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CommandContext } from '../../../src-main/cli/command-line.ts'
import {
  deleteCommand,
  resumeCommand,
  runsCommand,
  showCommand,
} from '../../../src-main/cli/commands/runs.ts'
import { runCommandLine } from '../../../src-main/cli/run-command-line.ts'
import {
  createTemporaryFolder,
  insertRun,
  openTestStore,
  RESOURCES_FOLDER,
} from '../../support/engine-core.ts'

const COMMANDS = { runs: runsCommand, show: showCommand, resume: resumeCommand, delete: deleteCommand }

let folder: ReturnType<typeof createTemporaryFolder>
beforeEach(() => {
  folder = createTemporaryFolder()
})
afterEach(() => {
  folder.remove()
})

async function command(...args: string[]) {
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
  const all = args.includes('--data') ? args : [...args, '--data', folder.folder]
  const code = await runCommandLine(COMMANDS, all, context)
  return { code, out: out.join('\n'), err: err.join('\n') }
}

describe('a damaged row of a run', { timeout: 60_000 }, () => {
  async function damage(column: string, value: string): Promise<void> {
    const store = await openTestStore(folder.folder)
    await insertRun(store, 'r-whole1')
    await insertRun(store, 'r-broken')
    store.runs.update('r-whole1', { status: 'stopped' })
    store.runs.update('r-broken', { status: 'stopped' })
    store.db.$client.prepare(`UPDATE runs SET ${column} = ? WHERE id = 'r-broken'`).run(value)
    store.close()
  }

  it.each([
    ['config', '{"preset": "micro-po'],
    ['config', '[]'],
    ['config', '{}'],
    ['error', 'text'],
    ['prepared', '{'],
    ['compute_plan', ''],
  ])('(%s is %s) is named, and the others are listed as ever', async (column, value) => {
    await damage(column, value)
    const listed = await command('runs')
    expect(listed.code).toBe(0)
    expect(listed.out).toMatch(/r-whole1 +stopped/)
    expect(listed.out).toMatch(/r-broken +stopped/)
    expect(listed.err).toMatch(/^The row of run r-broken in the database is damaged\. Part of it is no JSON/)
    for (const verb of ['show', 'resume']) {
      const { code, err } = await command(verb, 'r-broken')
      expect(code).toBe(1)
      expect(err).toMatch(/The row of run r-broken in the database is damaged/)
      expect(err).not.toMatch(/SyntaxError|\n\s+at /)
    }
    expect((await command('show', 'r-whole1')).code).toBe(0)
    expect((await command('delete', 'r-broken')).code).toBe(0)
    const after = await command('runs')
    expect(after.out).not.toContain('r-broken')
    expect(after.err).toBe('')
  })
})

describe('a data folder that is none', { timeout: 60_000 }, () => {
  it.each([
    ['a file', () => join(folder.folder, 'file'), /file is no folder/],
    ['below a file', () => join(folder.folder, 'file', 'below'), /ENOTDIR|file is no folder/],
    ['below a device', () => '/dev/null/x', /ENOTDIR|null is no folder/],
  ])('(%s) is refused in one sentence', async (_what, data, words) => {
    writeFileSync(join(folder.folder, 'file'), 'a file')
    const { code, err } = await command('runs', '--data', data())
    expect(code).toBe(1)
    expect(err).toMatch(words)
    expect(err).toMatch(
      /^The data folder \S+ cannot be written \(.*\)\. Choose another with --data or SCALENAS_DATA\.$/,
    )
  })

  it.each(['engine.lock', 'engine-lock.sqlite', 'studio.sqlite', 'runs', 'tmp'])(
    'because %s in it is of another kind is refused in sentences, without a stack',
    async (name) => {
      if (name.includes('.')) {
        mkdirSync(join(folder.folder, name))
      } else {
        writeFileSync(join(folder.folder, name), 'a file')
      }
      const { code, err } = await command('runs')
      expect(code).toBe(1)
      expect(err).toContain(name)
      expect(err).not.toMatch(/\n\s+at /)
    },
  )
})
