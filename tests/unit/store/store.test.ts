import { openSync, writeFileSync, writeSync, closeSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { packPictureResults } from '../../../src-main/contract/index.ts'
import type { MetricPoint, PictureResults } from '../../../src-main/contract/index.ts'
import type { NewCandidate } from '../../../src-main/store/candidate-queries.ts'
import { listDataPaths, prepareDataFolder, resolveDataFolder } from '../../../src-main/store/data-folder.ts'
import { assertNodeApi } from '../../../src-main/store/load-sqlite.ts'
import { toEngineError } from '../../../src-main/store/storage-error.ts'
import type { Store } from '../../../src-main/store/store.ts'
import { createTemporaryFolder, insertRun, openTestStore } from '../../support/engine-core.ts'
import { fakeProtocol } from '../../support/fake-scores.ts'

const RUN = 'r-store1'

function metricPoint(iteration: number, turn: number): MetricPoint {
  return {
    ...{ phase: 'supernet', attempt: 1, iteration, epoch: iteration / 10, turn, loss: 1, taskLoss: 0.5 },
    ...{
      distillationLoss: 0.5,
      learningRate: 0.1,
      imagesPerSecond: 3,
      loaderWait: 0,
      residentBytes: 2 ** 33,
      backendBytes: iteration === 1 ? null : 2 ** 32,
    },
  }
}

function newCandidate(number: number): NewCandidate {
  const genotype = { task: 'pose' as const, width: 8, maxDepth: 3, stages: [] }
  const origin = { operator: 'stratum' as const, label: '', parents: [], modulesTaken: [], edgesFlipped: 0 }
  return {
    ...{ number, genotypeId: `g${String(number)}`, genotypeKey: `key ${String(number)}`, genotype, origin },
    ...{ macs: 2 ** 40 + number, params: 10 },
  }
}

describe('the store', { timeout: 30_000 }, () => {
  let folder: ReturnType<typeof createTemporaryFolder>
  let store: Store
  beforeEach(async () => {
    folder = createTemporaryFolder()
    store = await openTestStore(folder.folder)
    await insertRun(store, RUN)
  })
  afterEach(() => {
    store.close()
    folder.remove()
  })

  it('is in WAL mode with foreign keys on', () => {
    const { $client } = store.db
    expect($client.pragma('journal_mode', { simple: true })).toBe('wal')
    expect($client.pragma('foreign_keys', { simple: true })).toBe(1)
    expect($client.pragma('busy_timeout', { simple: true })).toBe(5000)
  })

  it('keeps the first run of an id', () => {
    const first = store.runs.find(RUN)
    const { config } = first ?? {}
    expect(config).toBeDefined()
    if (config !== undefined) {
      const again = { id: RUN, name: 'other', config, createdAt: 5, datasetName: 'x', metricName: 'y' }
      expect(store.runs.insert(again)).toBe(false)
    }
    expect(store.runs.find(RUN)).toEqual(first)
  })

  it('gives runs different colours until all eight are used', async () => {
    for (let index = 0; index < 8; index += 1) {
      await insertRun(store, `r-color${String(index)}`)
    }
    const colors = store.runs.summaries().map((run) => run.colorIndex)
    expect(new Set(colors).size).toBe(8)
    expect(colors.filter((color) => color === 0)).toHaveLength(2)
  })

  it('gives results by picture back as they were, once a split, and names damaged ones', () => {
    store.candidates.insertGeneration(RUN, 0, {}, [newCandidate(1)])
    const key = { runId: RUN, candidateId: `${RUN}:1`, split: 'report' } as const
    const results: PictureResults = {
      ...{ kind: 'ap', positives: Uint32Array.of(1, 0), counts: Uint32Array.of(2, 0) },
      ...{
        scores: Float64Array.of(1 / 3, 0.1),
        matched: Uint16Array.of(1023, 1),
        ignored: Uint16Array.of(0, 2),
      },
    }
    expect(store.pictureResults.find(key)).toBeNull()
    store.pictureResults.insert(key, packPictureResults({ ...results, scores: Float64Array.of(1, 0) }))
    store.pictureResults.insert(key, packPictureResults(results))
    expect(store.pictureResults.find(key)).toEqual(results)
    expect(store.pictureResults.find({ ...key, split: 'search' })).toBeNull()
    store.db.$client.exec("UPDATE picture_results SET data = x'0102'")
    expect(() => store.pictureResults.find(key)).toThrow(`results by picture of ${RUN}:1 on the report split`)
  })

  it('leases every row once, in order, and takes a verdict only from who holds the lease', () => {
    store.candidates.insertGeneration(RUN, 0, {}, [1, 2, 3].map(newCandidate))
    const lease = (leaseId: string, limit: number) =>
      store.candidates
        .lease({ runId: RUN, generation: 0, limit, leaseId, expiresAt: 9 })
        .map((row) => row.number)
    expect(lease('a', 2)).toEqual([1, 2])
    expect(lease('b', 2)).toEqual([3])
    expect(lease('c', 2)).toEqual([])
    const evaluation = { accuracy: 0.5, metrics: {}, protocol: fakeProtocol('search'), milliseconds: 3 }
    expect(store.candidates.recordEvaluation(`${RUN}:1`, 'b', evaluation)).toBe(false)
    expect(store.candidates.recordEvaluation(`${RUN}:1`, 'a', evaluation)).toBe(true)
    expect(store.candidates.recordEvaluation(`${RUN}:1`, 'a', evaluation)).toBe(false)
    expect(store.candidates.returnLease('a', [], 5, null)).toEqual([`${RUN}:2`])
    expect(store.candidates.countByState(RUN)).toEqual({ proposed: 1, leased: 1, evaluated: 1, failed: 0 })
    expect(store.candidates.details(`${RUN}:1`)?.macs).toBe(2 ** 40 + 1)
  })

  it('makes a row final after three reported failures, and after five deaths with it in hand', () => {
    store.candidates.insertGeneration(RUN, 0, {}, [1, 2].map(newCandidate))
    const error = { code: 'NUMERIC' as const, message: 'NaN', details: [] }
    const state = (number: number) => store.candidates.details(`${RUN}:${String(number)}`)?.state
    for (let failure = 1; failure <= 3; failure += 1) {
      expect(state(1)).toBe('proposed')
      store.candidates.lease({ runId: RUN, generation: 0, limit: 1, leaseId: 'a', expiresAt: 9 })
      store.candidates.recordFailure(`${RUN}:1`, 'a', error)
    }
    expect(state(1)).toBe('failed')
    for (let death = 1; death <= 5; death += 1) {
      expect(state(2)).toBe('proposed')
      store.candidates.lease({ runId: RUN, generation: 0, limit: 1, leaseId: 'b', expiresAt: 9 })
      store.candidates.returnLease('b', [`${RUN}:2`], 5, error)
    }
    expect(state(2)).toBe('failed')
    expect(store.candidates.details(`${RUN}:2`)?.error).toEqual(error)
  })

  it('counts a generation by state', () => {
    store.candidates.insertGeneration(RUN, 0, {}, [1, 2].map(newCandidate))
    store.candidates.closeGeneration(RUN, 0, 0.25, 0.5)
    expect(store.candidates.generations(RUN)).toEqual([
      {
        generation: 0,
        proposed: 2,
        evaluated: 0,
        failed: 0,
        closed: true,
        hypervolume: 0.25,
        bestAccuracy: 0.5,
      },
    ])
  })

  it('thins every curve evenly and keeps its last point', () => {
    const points = Array.from({ length: 1000 }, (_, index) => metricPoint(index + 1, index % 2))
    store.metrics.insert(RUN, points)
    store.metrics.insert(RUN, points.slice(0, 3))
    const sampled = store.metrics.sample(RUN, 0, 100)
    expect(sampled).toHaveLength(100)
    expect(sampled.filter((point) => point.turn === 0)).toHaveLength(50)
    expect(sampled.at(-1)).toEqual(points.at(-1))
    expect(store.metrics.sample(RUN, 991, 6000).map((point) => point.iteration)).toEqual([
      991, 992, 993, 994, 995, 996, 997, 998, 999, 1000,
    ])
    expect(store.metrics.range(RUN, { phase: 'supernet', attempt: 1, from: 5, to: 7 })).toEqual(
      points.slice(4, 7),
    )
  })

  it('uses an index for what is asked ten times a second', () => {
    const plan = (query: string): string =>
      store.db.$client
        .prepare(`EXPLAIN QUERY PLAN ${query}`)
        .all()
        .map((row) => JSON.stringify(row))
        .join('\n')
    expect(plan("SELECT * FROM events WHERE seq > 5 AND run_id = 'r' ORDER BY seq LIMIT 10")).toMatch(
      /events_by_run/,
    )
    expect(plan("DELETE FROM events WHERE run_id = 'r' AND kind = 'progressed'")).toMatch(/events_by_kind/)
    expect(plan("SELECT max(accuracy) FROM candidates WHERE run_id = 'r'")).toMatch(/candidates_by_accuracy/)
    expect(
      plan(
        "SELECT id FROM candidates WHERE run_id = 'r' AND generation = 1 AND state = 'proposed' ORDER BY number LIMIT 4",
      ),
    ).toMatch(/SEARCH candidates USING INDEX candidates_by_state/)
  })

  it('deletes a long run in steps, and nothing of another', async () => {
    await insertRun(store, 'r-store2')
    for (const id of [RUN, 'r-store2']) {
      store.metrics.insert(
        id,
        [1, 2, 3, 4, 5].map((iteration) => metricPoint(iteration, 0)),
      )
      store.events.insert(id, 1, 'logged', { level: 'info', message: 'kept' })
    }
    let steps = 0
    while (store.runs.deleteSome(RUN, 2)) {
      steps += 1
    }
    expect(steps).toBe(3)
    store.runs.delete(RUN)
    expect(store.metrics.sample(RUN, 0, 100)).toEqual([])
    expect(store.metrics.sample('r-store2', 0, 100)).toHaveLength(5)
    expect(store.events.log('r-store2', 10)).toHaveLength(1)
  })

  it('rolls back all of a transaction that throws', () => {
    expect(() =>
      store.transaction(() => {
        store.runs.update(RUN, { name: 'changed' })
        throw new Error('power cut')
      }),
    ).toThrow('power cut')
    expect(store.runs.find(RUN)?.name).toBe(RUN)
  })

  it('says that a damaged file is damaged, and changes nothing', async () => {
    store.close()
    const { database } = store.paths
    const file = openSync(database, 'r+')
    writeSync(file, Buffer.alloc(8192, 7), 0, 8192, 4096)
    closeSync(file)
    await expect(openTestStore(folder.folder)).rejects.toMatchObject({
      code: 'STORAGE',
      message: expect.stringContaining('damaged') as string,
    })
    writeFileSync(database, 'this was never a database, only some text that is long enough')
    await expect(openTestStore(folder.folder)).rejects.toMatchObject({ code: 'STORAGE' })
    folder.remove()
    folder = createTemporaryFolder()
    store = await openTestStore(folder.folder)
  })
})

describe('the runtime check', () => {
  it('refuses a Node that would crash in the driver, before loading it', () => {
    expect(() => {
      assertNodeApi({ node: '20.18.1', napi: '9' })
    }).toThrow(/Node-API 10.*Node 20.18.1/)
    expect(() => {
      assertNodeApi({ node: '24.0.0', napi: '10' })
    }).not.toThrow()
  })
})

describe('the data folder', () => {
  const facts = (env: Record<string, string>, platform: NodeJS.Platform) => ({
    env,
    platform,
    home: '/home/ada',
  })

  it.each([
    ['linux', {}, '/home/ada/.local/share/scalenas-studio'],
    ['linux', { XDG_DATA_HOME: '/data' }, '/data/scalenas-studio'],
    ['linux', { XDG_DATA_HOME: 'relative' }, '/home/ada/.local/share/scalenas-studio'],
    ['darwin', {}, '/home/ada/Library/Application Support/scalenas-studio'],
    ['linux', { SCALENAS_DATA: '/elsewhere' }, '/elsewhere'],
  ] as const)('on %s with %o is %s', (platform, env, expected) => {
    expect(resolveDataFolder(undefined, facts(env, platform))).toBe(expected)
    expect(resolveDataFolder('/asked', facts(env, platform))).toBe('/asked')
  })

  it('that cannot be written is refused by name', async () => {
    await expect(prepareDataFolder(listDataPaths('/proc/scalenas'))).rejects.toMatchObject({
      code: 'STORAGE',
      message: expect.stringContaining('/proc/scalenas') as string,
    })
  })
})

describe('storage errors', () => {
  it('name a full disk', () => {
    const full = Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' })
    expect(toEngineError(full)).toMatchObject({
      code: 'STORAGE',
      message: expect.stringContaining('full') as string,
    })
    expect(toEngineError(Object.assign(new Error('x'), { code: 'ENOSPC' })).code).toBe('STORAGE')
    expect(toEngineError(new Error('x')).code).toBe('INTERNAL')
  })
})
