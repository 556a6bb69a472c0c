import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { evaluateCommand } from '../../../src-main/cli/commands/evaluate.ts'
import { importCommand } from '../../../src-main/cli/commands/import.ts'
import { inspectCommand } from '../../../src-main/cli/commands/inspect.ts'
import { datasetsCommand, describeFacts } from '../../../src-main/cli/commands/listings.ts'
import { runCommand } from '../../../src-main/cli/commands/run.ts'
import { readBoxesFile } from '../../../src-main/cli/read-boxes.ts'
import { runCommandLine } from '../../../src-main/cli/run-command-line.ts'
import { formatTable } from '../../../src-main/cli/run-result.ts'
import { readWeightsFile } from '../../../src-main/worker/read-weights-file.ts'
import { openPicture } from '../../../src-main/worker/answer-picture.ts'
import { createTemporaryFolder, RESOURCES_FOLDER } from '../../support/engine-core.ts'
import { makePipe } from '../../support/make-pipe.ts'

const COMMANDS = {
  ...{ evaluate: evaluateCommand, import: importCommand, inspect: inspectCommand },
  ...{ run: runCommand, datasets: datasetsCommand },
}

describe('what a stranger hands to the command line', { timeout: 60_000 }, () => {
  let folder: ReturnType<typeof createTemporaryFolder>
  let err: string[] = []
  beforeEach(() => {
    folder = createTemporaryFolder()
  })
  afterEach(() => {
    folder.remove()
  })
  const at = (name: string): string => join(folder.folder, name)
  const write = (name: string, content: string | Buffer): string => {
    writeFileSync(at(name), content)
    return at(name)
  }
  const run = (...args: string[]): Promise<number> => {
    err = []
    return runCommandLine(COMMANDS, args, {
      parts: {
        workerEntry: new URL('../../support/fake-worker.ts', import.meta.url),
        resourcesFolder: RESOURCES_FOLDER,
        rendererFolder: new URL('file:///nowhere/'),
        projectRoot: new URL('../../../', import.meta.url),
        codeVersion: '1.2.3',
      },
      terminal: { out: () => undefined, err: (text) => err.push(text), isInteractive: false },
      interrupted: new AbortController().signal,
    })
  }

  it.runIf(process.platform !== 'win32')('may be a named pipe: each reader refuses it by name', async () => {
    const json = makePipe(at('pipe.json'))
    const npy = makePipe(at('pipe.npy'))
    const told = /pipe\.\w+ .*it is a named pipe; only regular files are read/
    const data = ['--data', at('data')]
    for (const args of [
      ['inspect', json, '--task', 'pose'],
      ['inspect', npy, '--task', 'pose'],
      ['import', json, '--task', 'pose', '--dry-run'],
      ['evaluate', 'keypoints', '--gt', json, '--dt', json],
      ['run', json, ...data],
    ]) {
      expect(await run(...args), args.join(' ')).toBe(2)
      expect(err.at(-1)).toMatch(told)
    }
    await expect(readBoxesFile(json)).rejects.toThrow(told)
    await expect(readWeightsFile(npy)).rejects.toThrow(told)
    await expect(openPicture(json)).rejects.toThrow('it is a named pipe')
  })

  it.each([
    [{ stages: [{ modules: [{ branches: 2 }] }], maxDepth: 1e8 }, /maxDepth: Too big.*got 100000000/],
    [{ stages: [{ modules: [{ branches: 2 }] }], maxDepth: 1e10 }, /maxDepth: Too big/],
    [{ stages: [{ modules: [{ branches: 2 }] }], maxDepth: 2.5 }, /maxDepth/],
    [{ stages: [null] }, /stages\.0: .*got null/],
    [{ stages: [{ modules: null }] }, /stages\.0\.modules: .*got null/],
    [{ stages: [{ modules: [null] }] }, /stages\.0\.modules\.0/],
    [{ stages: Array.from({ length: 1000 }, () => ({ modules: [] })) }, /stages: Too big/],
    [{ stages: 7 }, /stages: .*got 7/],
    [null, /the whole/],
  ])('may be the genotype %j', async (genotype, message) => {
    const file = write('odd.json', JSON.stringify(genotype))
    expect(await run('inspect', file, '--task', 'pose')).toBe(2)
    expect(err).toHaveLength(1)
    expect(err[0]).toMatch(message)
    expect(err[0]?.length).toBeLessThan(folder.folder.length + 300)
  })

  it('may be a request that is no JSON, or whose numbers are none', async () => {
    for (const [content, told] of [
      ['{"preset": ', 'is not JSON'],
      ['{"preset": "micro-pose", "overrides": {"search.initial": NaN}}', 'it holds NaN'],
      ['[1]', 'must hold a JSON object'],
    ] as const) {
      expect(await run('run', write('request.json', content), '--data', at('data'))).toBe(2)
      expect(err.join('\n')).toContain(told)
    }
    const marked = Buffer.from('\ufeff{"preset": "nano", "overrides": {}}', 'utf16le')
    expect(await run('run', write('request.json', marked), '--data', at('data'))).toBe(2)
    expect(err.join('\n')).toContain('There is no preset "nano"')
  })

  it('may be names that a terminal would obey: they are refused', async () => {
    for (const name of ['a\u001b[2Jb', 'a\nb', 'bell\u0007', 'c1\u009b2J', 'turned\u202etxt']) {
      const named = ['--name', name, '--data', at('data')]
      expect(await run('run', 'micro-pose', ...named)).toBe(2)
      expect(err.join('')).toContain('--name: must have no control characters')
      expect(await run('datasets', 'add', folder.folder, ...named)).toBe(2)
      expect(err.join('')).toContain('--name: must have no control characters')
    }
  })
})

describe('names of foreign files on a terminal', () => {
  it('are written out by the command line itself', { timeout: 60_000 }, () => {
    const entry = new URL('../../../src-main/cli/main.ts', import.meta.url).pathname
    const { status, stderr } = spawnSync(process.execPath, [entry, 'fly\u001b[2J\u009b'])
    expect(status).toBe(2)
    expect(stderr.toString()).toContain('There is no command "fly\\u001b[2J\\u009b".')
  })

  it('forge no row of a table and no line of a report', () => {
    const rows = formatTable([
      ['run', 'name'],
      ['r-1', 'x\nr-2  completed\u001b[2J'],
    ])
    expect(rows).toHaveLength(2)
    expect(rows[1]).toBe('r-1  x\\u000ar-2  completed\\u001b[2J')
    const facts = describeFacts({
      ...{ name: 'a\rb', task: 'pose', format: 'coco', path: null, fingerprint: '' },
      ...{ splits: { train: 1, search: 1, report: 1 }, skeleton: null, classes: null },
      ...{ found: ['joint \u001b]0;title\u0007'], leftOut: [], warnings: ['line\nfeed'] },
    })
    expect(facts.split('\n')).toHaveLength(4)
    expect(facts).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/)
  })
})
