import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { exitCodeOf } from '../../../src-main/cli/command-line.ts'
import type { Command, CommandContext } from '../../../src-main/cli/command-line.ts'
import { inspectCommand } from '../../../src-main/cli/commands/inspect.ts'
import { datasetsCommand, presetsCommand } from '../../../src-main/cli/commands/listings.ts'
import { runCommand } from '../../../src-main/cli/commands/run.ts'
import {
  deleteCommand,
  resumeCommand,
  runsCommand,
  showCommand,
} from '../../../src-main/cli/commands/runs.ts'
import { describeProgress, describeSeconds } from '../../../src-main/cli/progress-line.ts'
import { newRunId, readSetting } from '../../../src-main/cli/read-request.ts'
import { readArgs, runCommandLine } from '../../../src-main/cli/run-command-line.ts'
import { formatTable } from '../../../src-main/cli/run-result.ts'
import { EngineError, ERROR_CODES, runIdSchema } from '../../../src-main/contract/index.ts'
import {
  createTemporaryFolder,
  insertRun,
  openTestStore,
  RESOURCES_FOLDER,
} from '../../support/engine-core.ts'

const COMMANDS: Record<string, Command> = {
  ...{ run: runCommand, resume: resumeCommand, runs: runsCommand, show: showCommand, delete: deleteCommand },
  ...{ presets: presetsCommand, datasets: datasetsCommand, inspect: inspectCommand },
}

describe('the command line', { timeout: 30_000 }, () => {
  let folder: ReturnType<typeof createTemporaryFolder>
  let out: string[]
  let err: string[]
  beforeEach(() => {
    folder = createTemporaryFolder()
    out = []
    err = []
  })
  afterEach(() => {
    folder.remove()
  })

  function run(...args: string[]): Promise<number> {
    const context: CommandContext = {
      parts: {
        workerEntry: new URL('../../support/fake-worker.ts', import.meta.url),
        resourcesFolder: RESOURCES_FOLDER,
        rendererFolder: new URL('file:///nowhere/'),
        projectRoot: new URL('../../../', import.meta.url),
        codeVersion: '1.2.3',
      },
      terminal: { out: (text) => out.push(text), err: (text) => err.push(text), isInteractive: false },
      interrupted: new AbortController().signal,
    }
    return runCommandLine(COMMANDS, args, context)
  }
  const data = () => ['--data', join(folder.folder, 'data')]
  const json = (): unknown => {
    expect(out).toHaveLength(1)
    return JSON.parse(out[0] ?? '')
  }
  const SMALL = [
    '--set',
    'search.initial=15',
    '--set',
    'search.generations=1',
    '--set=search.perGeneration=4',
  ]

  it('says its version, its commands, and an example of each', async () => {
    expect(await run('--version')).toBe(0)
    expect(out).toEqual(['1.2.3'])
    expect(await run('--help')).toBe(0)
    expect(out[1]).toMatch(/scalenas COMMAND/)
    for (const name of Object.keys(COMMANDS)) {
      expect(await run(name, '--help')).toBe(0)
      expect(out.at(-1)).toContain(`Example: scalenas ${name}`)
    }
  })

  it.each([
    [['fly'], /no command "fly".*run, resume/],
    [['runs', '--speed', '3'], /no option --speed.*--data, --json/],
    [['run', 'micro-pose', 'twice'], /does not know what to do with "twice"/],
    [['run'], /preset/i],
    [['show'], /run/i],
    [['run', 'micro-pose', '--seed'], /--seed needs a value/],
    [['run', 'micro-pose', '--seed', '-1'], /whole number from 0/],
    [['run', 'micro-pose', '--set', 'search.initial'], /KEY=VALUE/],
    [['run', 'micro-pose', '--set', 'search.initial=2'], /search\.initial.*15.*got 2/],
    [['run', 'nano'], /no preset "nano".*micro-pose/],
    [['run', 'gone.json'], /gone\.json cannot be read/],
    [['show', 'r-nobody1'], /no run r-nobody1/],
    [['resume', 'r-nobody1'], /no run r-nobody1/],
    [['datasets', 'burn'], /knows "add", got "burn"/],
    [['datasets', 'add', '/nowhere'], /\/nowhere does not exist/],
    [
      ['datasets', 'add', '/tmp', '--format', 'voc'],
      /one of coco, crowdpose, mpii, cityscapes, camvid, folder, got "voc"/,
    ],
    [['inspect', 'largest'], /--task must be one of pose, segmentation, bottom-up-pose/],
    [['inspect', 'largest', '--task', 'pose', '--input', '100x100'], /multiple|divisible|32/],
    [['inspect', 'gone.npy', '--task', 'pose'], /gone\.npy is no genotype.*no such file/],
  ])('answers %j with exit code 2 and what is allowed', async (args, message) => {
    // Whatever opens an engine opens it on this test's folder: the one of the user may be held, or newer than this code.
    const takesData = COMMANDS[args[0] ?? '']?.args['data'] !== undefined && args.at(-1) !== '--seed'
    expect(await run(...args, ...(takesData ? data() : [])), err.join('\n')).toBe(2)
    expect(err.join('\n')).toMatch(message)
    expect(out).toEqual([])
  })

  it('runs a whole pipeline and prints one JSON document with the front', async () => {
    expect(
      await run('run', 'micro-pose', ...SMALL, '--seed', '5', '--name', 'mine', '--json', ...data()),
    ).toBe(0)
    const result = json() as Record<string, unknown>
    expect(result).toMatchObject({ status: 'completed', backend: 'fake', error: null })
    const front = result['front'] as { macs: number; accuracy: number; report: object | null }[]
    expect(front.length).toBeGreaterThan(1)
    expect(front.map((member) => member.macs)).toEqual(
      front.map((member) => member.macs).toSorted((a, b) => a - b),
    )
    expect(front.every((member) => member.report !== null)).toBe(true)
    expect(result['front']).toContainEqual(
      expect.objectContaining({
        interval: { low: expect.any(Number) as number, high: expect.any(Number) as number, neighbours: [] },
      }),
    )
    const { levels } = result['order'] as { levels: number[] }
    expect(levels.length).toBeGreaterThan(1)
    expect(Object.keys(result['secondsPerPart'] as object)).toEqual([
      'prepare',
      'teacher',
      'supernet',
      'search',
      'report',
    ])
    expect(result['hypervolume']).toBeGreaterThan(0)
    expect(err.join('\n')).toMatch(/run r-\w+ started/)

    out = []
    expect(await run('runs', '--json', ...data())).toBe(0)
    expect(json()).toMatchObject([{ id: result['runId'], name: 'mine', status: 'completed' }])
    out = []
    expect(await run('show', String(result['runId']), '--json', ...data())).toBe(0)
    expect(json()).toMatchObject({
      runId: result['runId'],
      run: { config: { seed: 5, search: { perGeneration: 4 } } },
    })
    out = []
    expect(await run('show', String(result['runId']), ...data())).toBe(0)
    expect(out.join('\n')).toMatch(/#\d{4} .* \d\d\.\d ± \d\.\d +\d\d\.\d ± \d\.\d\n/)
    expect(out.join('\n')).toContain(`\norder certain: ${String(levels.length)} levels (#`)
    out = []
    expect(await run('inspect', `${String(result['runId'])}:1`, '--json', ...data())).toBe(0)
    const inspected = json() as { id: string; macs: number }
    expect(inspected.macs).toBe(3_883_008)
    out = []
    expect(await run('inspect', inspected.id, '--json', ...data())).toBe(0)
    expect(json()).toMatchObject({ id: inspected.id, macs: 3_883_008 })
    expect(await run('resume', String(result['runId']), ...data())).toBe(2)
    expect(await run('delete', String(result['runId']), ...data())).toBe(0)
    out = []
    expect(await run('runs', ...data())).toBe(0)
    expect(out[0]).toMatch(/no run yet/)
  })

  it('resumes an interrupted run to its end', async () => {
    mkdirSync(join(folder.folder, 'data'))
    const store = await openTestStore(join(folder.folder, 'data'))
    await insertRun(store, 'r-left001')
    store.runs.update('r-left001', { status: 'interrupted', attempt: 1 })
    store.close()
    expect(await run('resume', 'r-left001', '--json', ...data())).toBe(0)
    expect(json()).toMatchObject({ runId: 'r-left001', status: 'completed' })
    expect(err.join('\n')).toMatch(/goes on, attempt/)
  })

  it('leaves a run alone that waits in the folder and was not asked for', async () => {
    mkdirSync(join(folder.folder, 'data'))
    const store = await openTestStore(join(folder.folder, 'data'))
    await insertRun(store, 'r-waits01')
    store.close()
    expect(await run('runs', '--json', ...data())).toBe(0)
    expect(json()).toMatchObject([{ id: 'r-waits01', status: 'queued' }])
  })

  it('reads a file with a request, a preset, or a bare configuration', async () => {
    const file = (name: string, value: unknown): string => {
      const path = join(folder.folder, name)
      writeFileSync(path, JSON.stringify(value))
      return path
    }
    const overrides = { 'search.initial': 15, 'search.generations': 0, 'search.workers': 1 }
    expect(
      await run('run', file('request.json', { preset: 'micro-pose', overrides }), '--json', ...data()),
    ).toBe(0)
    const { runId } = json() as { runId: string }
    out = []
    await run('show', runId, '--json', ...data())
    const { config } = (json() as { run: { config: object } }).run
    out = []
    expect(await run('run', file('bare.json', config), '--json', ...data())).toBe(0)
    out = []
    expect(
      await run(
        'run',
        file('preset.json', { name: 'own', config: { ...config, preset: 'own' } }),
        '--json',
        ...data(),
      ),
    ).toBe(0)
    expect(await run('run', file('other.json', { hello: 1 }), ...data())).toBe(2)
    expect(await run('run', file('list.json', [1]), ...data())).toBe(2)
  })

  it('keeps stdout one JSON document also when it fails', async () => {
    expect(await run('show', 'r-nobody1', '--json', ...data())).toBe(2)
    expect(json()).toMatchObject({ error: { code: 'NOT_FOUND' } })
  })

  it('inspects the published networks to the last multiply-add', async () => {
    // Source: self-test table of method.md 4.2.
    expect(await run('inspect', 'largest', '--task', 'pose', '--json')).toBe(0)
    expect(json()).toMatchObject({
      valid: true,
      id: '4af39aa11816',
      params: 46_839_857,
      macs: 11_000_709_120,
    })
    out = []
    await run('inspect', 'hrnet', '--task', 'pose', '--width', '48', '--input', '384x288', '--json')
    expect(json()).toMatchObject({ params: 63_595_745, macs: 35_306_606_592 })
    out = []
    await run('inspect', 'smallest', '--task', 'segmentation', '--json')
    expect(json()).toMatchObject({ id: '87f317adf70f', params: 13_857_491, macs: 215_507_533_824 })
    out = []
    await run('inspect', 'largest', '--task', 'pose')
    expect(out[0]).toMatch(/stage3 +60 +120 +10,830,080/)
  })

  it('counts a pose body with the HigherHRNet head, and says how large its space is', async () => {
    // Source: self-test table of method.md 4.2, and 3.6.
    await run('inspect', 'hrnet', '--task', 'pose', '--input', '512x512', '--head', 'higherhrnet', '--json')
    expect(json()).toMatchObject({
      params: 28_536_113,
      higherHrnet: { params: 28_645_331, macs: 47_864_348_672, gigaMacsDecimal: 47.864348672 },
      space: { size: expect.stringMatching(/^\d{93}$/) as string },
    })
    expect((json() as { space: { log10: number } }).space.log10).toBeCloseTo(92.426, 3)
    expect(await run('inspect', 'hrnet', '--task', 'segmentation', '--head', 'higherhrnet')).toBe(2)
    expect(await run('inspect', 'hrnet', '--task', 'pose', '--head', 'other')).toBe(2)
  })

  it('names every problem of a broken genotype', async () => {
    const file = join(folder.folder, 'broken.json')
    writeFileSync(file, JSON.stringify({ task: 'pose', width: 32, maxDepth: 5, stages: [] }))
    expect(await run('inspect', file, '--task', 'pose', '--json')).toBe(2)
    expect(json()).toMatchObject({ valid: false, problems: [{ code: 'LAYOUT' }] })
  })
})

describe('arguments', () => {
  it('collect an option that may be repeated, in both spellings', () => {
    const args = readArgs('run', runCommand, ['p', '--set', 'a=1', '--json', '--set=b=c=d', '--name=x y'])
    expect(args).toMatchObject({ preset: 'p', set: ['a=1', 'b=c=d'], json: true, name: 'x y' })
  })

  it('of --set are JSON where they parse as such, else text', () => {
    expect(readSetting('a.b=3')).toEqual(['a.b', 3])
    expect(readSetting('a=[1,2]')).toEqual(['a', [1, 2]])
    expect(readSetting('a=null')).toEqual(['a', null])
    expect(readSetting('a=adam')).toEqual(['a', 'adam'])
    expect(readSetting('a=x=y')).toEqual(['a', 'x=y'])
    expect(() => readSetting('=3')).toThrow(EngineError)
  })

  it('make run ids that the engine accepts, and never the same twice', () => {
    const ids = Array.from({ length: 200 }, newRunId)
    expect(ids.every((id) => runIdSchema.safeParse(id).success)).toBe(true)
    expect(new Set(ids).size).toBe(200)
  })
})

describe('exit codes', () => {
  it('are 2 for a wrong request, 3 for a missing part, 130 for a stop, else 1', () => {
    const codes = Object.fromEntries(ERROR_CODES.map((code) => [code, exitCodeOf({ code })]))
    expect(codes).toEqual({
      BAD_REQUEST: 2,
      NOT_FOUND: 2,
      CONFLICT: 2,
      DATASET: 2,
      STORAGE: 1,
      CHECKPOINT: 1,
      MISSING_PART: 3,
      NUMERIC: 1,
      OUT_OF_MEMORY: 1,
      WORKER_DIED: 1,
      STOPPED: 130,
      UNAUTHORIZED: 1,
      INTERNAL: 1,
    })
  })
})

describe('progress', () => {
  const summary = { progress: 0.42, phase: 'supernet', secondsLeft: 190, status: 'running' } as Parameters<
    typeof describeProgress
  >[0]

  it('shows share, part, time left and note', () => {
    expect(describeProgress(summary, 'iteration 5', false)).toBe(
      ' 42% supernet, 3 min 10 s left, iteration 5',
    )
    expect(describeProgress({ ...summary, secondsLeft: null }, '', true)).toBe(
      '[##########--------------]  42% supernet',
    )
  })

  it.each([
    [0.4, '0 s'],
    [59.6, '1 min 0 s'],
    [3661, '1 h 1 min'],
  ])('writes %d seconds as "%s"', (seconds, expected) => {
    expect(describeSeconds(seconds)).toBe(expected)
  })

  it('aligns tables: text to the left, numbers to the right', () => {
    expect(
      formatTable([
        ['id', 'n'],
        ['abc', '5'],
        ['d', '1000'],
      ]),
    ).toEqual(['id      n', 'abc     5', 'd    1000'])
  })
})

describe('the entry', { timeout: 60_000 }, () => {
  it('runs from the sources, with results on stdout only', () => {
    const entry = join(import.meta.dirname, '../../../src-main/cli/main.ts')
    const call = spawnSync(process.execPath, [entry, 'inspect', 'smallest', '--task', 'pose', '--json'])
    expect(call.status).toBe(0)
    expect(JSON.parse(call.stdout.toString())).toMatchObject({ id: 'c8eed25f5065' })
    const wrong = spawnSync(process.execPath, [entry, 'inspect', 'smallest'])
    expect(wrong.status).toBe(2)
    expect(wrong.stdout.toString()).toBe('')
  })
})
