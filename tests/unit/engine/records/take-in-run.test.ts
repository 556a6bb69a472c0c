import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { EngineError } from '../../../../src-main/contract/index.ts'
import { believablePhases } from '../../../../src-main/engine/records/take-in-run.ts'
import { restore } from '../../../../src-main/engine/restore/restore.ts'
import { listDataPaths } from '../../../../src-main/store/data-folder.ts'
import type { Store } from '../../../../src-main/store/store.ts'
import {
  createCore,
  createTemporaryFolder,
  insertRun,
  openTestStore,
  readLedger,
  waitForEnd,
} from '../../../support/engine-core.ts'
import { FakeExecutor } from '../../../support/fake-executor.ts'

const RUN = 'r-record1'

let folder: ReturnType<typeof createTemporaryFolder>
beforeEach(() => {
  folder = createTemporaryFolder()
})
afterEach(() => {
  folder.remove()
})
const paths = () => listDataPaths(folder.folder)
const record = (name: 'run' | 'results') => join(paths().runFolder(RUN), `${name}.json`)
const readJson = (name: 'run' | 'results') =>
  JSON.parse(readFileSync(record(name), 'utf8')) as Record<string, unknown>

async function runOnce(executor = new FakeExecutor()): Promise<Store> {
  const store = await openTestStore(folder.folder)
  await insertRun(store, RUN)
  createCore(store, executor).scheduler.enqueue(RUN)
  await waitForEnd(store, RUN)
  await new Promise((resolve) => setImmediate(resolve))
  return store
}

/** Everything that the tables say of the run, but curves and events. Keys of JSON may come in another order; numbers keep their bits. */
function readRows(store: Store) {
  const client = store.db.$client
  const parse = (row: unknown) =>
    Object.fromEntries(
      Object.entries(row as Record<string, unknown>).map(([column, value]) => [
        column,
        typeof value === 'string' && /^[[{]/.test(value) ? (JSON.parse(value) as unknown) : value,
      ]),
    )
  const rows = (table: string, order: string) =>
    client.prepare(`SELECT * FROM ${table} WHERE run_id = ? ORDER BY ${order}`).all(RUN).map(parse)
  return {
    run: parse(client.prepare('SELECT * FROM runs WHERE id = ?').get(RUN)),
    candidates: rows('candidates', 'number'),
    generations: rows('generations', 'generation'),
    report: rows('report_scores', 'candidate_id'),
    attempts: rows('attempts', 'attempt'),
    phases: rows('phases', 'phase'),
  }
}

/** The fake worker writes no files; a worker leaves these. */
function plantCheckpoints(phases: readonly string[]): void {
  const checkpoints = join(paths().runFolder(RUN), 'checkpoints')
  mkdirSync(checkpoints, { recursive: true })
  for (const phase of phases) {
    writeFileSync(join(checkpoints, `${phase}-00000008.safetensors`), 'weights')
    writeFileSync(join(checkpoints, `${phase}-00000008.optimizer.safetensors`), 'state')
  }
}

const takeIn = () => restore({ dataFolder: folder.folder, from: null, folders: true, now: () => 1_000_000 })

async function takeInAfterLoss() {
  rmSync(paths().database)
  return (await takeIn()).folders
}

describe('a run taken in from its folder', { timeout: 60_000 }, () => {
  it('is as it was in every row when it was complete', async () => {
    const store = await runOnce()
    const before = readRows(store)
    const front = store.candidates.generations(RUN)
    store.close()
    expect(await takeInAfterLoss()).toEqual([{ id: RUN, outcome: 'completed', reason: null }])
    const restored = await openTestStore(folder.folder)
    expect(readRows(restored)).toEqual(before)
    expect(restored.candidates.generations(RUN)).toEqual(front)
    expect(before.candidates.length).toBeGreaterThan(20)
    restored.close()
  })

  it('goes on to the undisturbed result when it was cut off, in every phase', async () => {
    const undisturbed = new FakeExecutor()
    const first = await runOnce(undisturbed)
    const ledger = readLedger(first, RUN)
    const report = first.candidates.reportScores(RUN)
    first.close()
    for (let deathAt = 2; deathAt <= undisturbed.steps; deathAt += 9) {
      rmSync(folder.folder, { recursive: true })
      mkdirSync(folder.folder)
      const dying = new FakeExecutor((step) => {
        if (step === deathAt) {
          throw new EngineError('WORKER_DIED', 'The worker died: signal SIGKILL.')
        }
      })
      const store = await runOnce(dying)
      const trained = store.phases.list(RUN).filter(({ completedAt }) => completedAt !== null)
      store.close()
      plantCheckpoints(trained.map(({ phase }) => phase).filter((phase) => /teacher|supernet/.test(phase)))
      expect(await takeInAfterLoss()).toEqual([{ id: RUN, outcome: 'interrupted', reason: null }])
      const restored = await openTestStore(folder.folder)
      const done = restored.phases.list(RUN).filter(({ completedAt }) => completedAt !== null)
      expect(done.map(({ phase }) => phase).toSorted()).toEqual(trained.map(({ phase }) => phase).toSorted())
      expect(restored.attempts.list(RUN).at(-1)).toMatchObject({ outcome: 'crashed' })
      restored.runs.update(RUN, { status: 'queued' })
      createCore(restored, new FakeExecutor()).scheduler.enqueue(RUN)
      expect(await waitForEnd(restored, RUN)).toBe('completed')
      expect(readLedger(restored, RUN), `death at step ${String(deathAt)}`).toEqual(ledger)
      expect(restored.candidates.reportScores(RUN)).toEqual(report)
      await new Promise((resolve) => setImmediate(resolve))
      restored.close()
    }
  })

  it('is never written over one that the database has, and comes in beside others', async () => {
    const store = await runOnce()
    await insertRun(store, 'r-other01')
    store.close()
    expect((await takeIn()).folders).toEqual([])
    const again = await openTestStore(folder.folder)
    again.runs.delete(RUN)
    again.close()
    expect((await takeIn()).folders).toMatchObject([{ id: RUN, outcome: 'completed' }])
    const both = await openTestStore(folder.folder)
    expect(both.runs.ids()).toEqual(expect.arrayContaining([RUN, 'r-other01']))
    both.close()
  })

  it('takes the place of a damaged database, which is kept', async () => {
    const store = await runOnce()
    store.close()
    writeFileSync(paths().database, 'text '.repeat(2000))
    const report = await takeIn()
    expect(report.folders).toMatchObject([{ outcome: 'completed' }])
    expect(readFileSync(report.aside ?? '', 'utf8')).toMatch(/^text/)
  })
})

describe('records that a stranger hands in', { timeout: 60_000 }, () => {
  let pristine: string
  beforeEach(async () => {
    const store = await runOnce()
    store.close()
    pristine = `${folder.folder}-pristine`
    cpSync(paths().runFolder(RUN), pristine, { recursive: true })
    rmSync(paths().database)
  })
  afterEach(() => {
    rmSync(pristine, { recursive: true, force: true })
  })

  async function refuse(name: 'run' | 'results', change: (json: never) => unknown): Promise<string> {
    rmSync(paths().runFolder(RUN), { recursive: true })
    cpSync(pristine, paths().runFolder(RUN), { recursive: true })
    const json = readJson(name)
    const changed = change(json as never)
    writeFileSync(record(name), typeof changed === 'string' ? changed : JSON.stringify(changed ?? json))
    const [report] = (await takeIn()).folders
    expect(report?.outcome).toBe('refused')
    return report?.reason ?? ''
  }

  interface Results {
    candidates: {
      number: number
      macs: number
      accuracy: number | null
      genotypeKey: string
      genotypeId: string
      generation: number
      genotype: { width: number }
      protocol: unknown
    }[]
    generations: { randomState: { words: number[] } }[]
    report: { number: number }[]
    status: string
  }
  const first = (results: Results) => results.candidates[0] ?? ({} as Results['candidates'][0])

  it.each<[string, (results: Results) => unknown, RegExp]>([
    ['text', () => 'no JSON', /results\.json cannot be used: Unexpected token/],
    ['another schema', (json) => ({ ...json, schema: 2 }), /schema/],
    ['a key that nobody knows', (json) => ({ ...json, extra: 1 }), /extra/],
    ['a score above one', (json) => void (first(json).accuracy = 1.5), /candidates\.0\.accuracy/],
    [
      'a number that is infinite',
      (json) => JSON.stringify(json).replace(/"macs":\d+/, '"macs":1e999'),
      /macs/,
    ],
    ['costs that are not counted so', (json) => void (first(json).macs += 1), /candidate 1: its costs/],
    ['another id', (json) => void (first(json).genotypeId = '000000000000'), /not of one architecture/],
    ['another width', (json) => void (first(json).genotype.width = 7), /not of one architecture/],
    ['a key that the space lacks', (json) => void (first(json).genotypeKey = 'v1;9:9:9'), /candidate 1: /],
    ['a number twice', (json) => void (first(json).number = 2), /a number twice/],
    ['a generation that is not there', (json) => void (first(json).generation = 99), /generation 99/],
    ['a score without a protocol', (json) => void (first(json).protocol = null), /a score and its protocol/],
    [
      'a report on nobody',
      (json) => void (json.report[0] = { ...json.report[0], number: 9999 }),
      /reports candidate 9999/,
    ],
    [
      'no chance at all',
      (json) =>
        void (json.generations[0] = {
          ...json.generations[0],
          randomState: { ...json.generations[0]?.randomState, words: [0, 0, 0, 0] },
        }),
      /must not be all zero/,
    ],
  ])('are refused for results with %s', async (_what, change, words) => {
    expect(await refuse('results', change as never)).toMatch(words)
  })

  it.each<[string, (run: Record<string, unknown>) => unknown, RegExp]>([
    ['half a file', (json) => JSON.stringify(json).slice(0, 500), /run\.json cannot be used/],
    ['another id than its folder', (json) => ({ ...json, id: 'r-stranger' }), /of run r-stranger/],
    ['an id that is a path', (json) => ({ ...json, id: '../../etc' }), /a run id looks like/],
    ['a broken configuration', (json) => ({ ...json, config: { preset: 'x' } }), /config\.task/],
    [
      'a picture that is fetched from elsewhere',
      (json) => JSON.stringify(json).replace('/api/runs/', 'http://evil/'),
      /imagePath/,
    ],
    [
      'a million threads',
      (json) => JSON.stringify(json).replace(/"trainThreads":\d+/g, '"trainThreads":1000000'),
      /trainThreads/,
    ],
    ['a colour that there is not', (json) => ({ ...json, colorIndex: 8 }), /colorIndex/],
  ])('are refused for a run with %s', async (_what, change, words) => {
    expect(await refuse('run', change as never)).toMatch(words)
  })

  it('are refused when they are links or pipes, which would be read where they lead', async () => {
    rmSync(record('run'))
    symlinkSync(join(pristine, 'run.json'), record('run'))
    expect((await takeIn()).folders[0]?.reason).toMatch(/no regular file/)
    rmSync(record('run'))
    execFileSync('mkfifo', [record('run')])
    expect((await takeIn()).folders[0]?.reason).toMatch(/no regular file/)
    rmSync(record('run'))
    expect((await takeIn()).folders[0]?.reason).toMatch(/has no run\.json/)
  })

  it('leave no row behind when they are refused', async () => {
    await refuse('results', (json: Results) => void (first(json).macs += 1))
    const store = await openTestStore(folder.folder)
    expect(store.runs.ids()).toEqual([])
    store.close()
    expect(existsSync(record('run'))).toBe(true)
  })
})

describe('believable phases', () => {
  const prepared = {} as never
  const phases = (['prepare', 'teacher', 'supernet', 'search'] as const).map((phase) => ({
    ...{ phase, seconds: 1, completedAt: 5 },
  }))
  const done = (rows: readonly { phase: string; completedAt: number | null }[]) =>
    rows.filter(({ completedAt }) => completedAt !== null).map(({ phase }) => phase)

  it('end where the files of a phase are gone', () => {
    const both = [{ phase: 'teacher' as const }, { phase: 'supernet' as const }]
    expect(done(believablePhases({ phases, prepared }, true, both))).toEqual([
      ...['prepare', 'teacher', 'supernet', 'search'],
    ])
    expect(done(believablePhases({ phases, prepared }, false, both))).toEqual([
      'prepare',
      'teacher',
      'supernet',
    ])
    expect(done(believablePhases({ phases, prepared }, true, both.slice(1)))).toEqual(['prepare'])
    expect(done(believablePhases({ phases, prepared: null }, true, both))).toEqual([])
  })
})
