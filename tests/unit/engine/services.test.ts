import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { EngineError } from '../../../src-main/contract/index.ts'
import type { RunRequest } from '../../../src-main/contract/index.ts'
import { startEngine } from '../../../src-main/engine/start-engine.ts'
import type { Engine } from '../../../src-main/engine/start-engine.ts'
import { createTemporaryFolder, RESOURCES_FOLDER, SMALL_SEARCH } from '../../support/engine-core.ts'
import { FakeExecutor } from '../../support/fake-executor.ts'

function request(overrides: RunRequest['overrides'] = {}): RunRequest {
  return {
    id: 'r-service1',
    name: 'service',
    preset: 'micro-pose',
    overrides: { ...SMALL_SEARCH, ...overrides },
  }
}

describe('the services', { timeout: 30_000 }, () => {
  let folder: ReturnType<typeof createTemporaryFolder>
  let engine: Engine
  beforeEach(() => {
    folder = createTemporaryFolder()
  })
  afterEach(async () => {
    await engine.close()
    folder.remove()
  })
  const start = async (executor = new FakeExecutor()): Promise<Engine['services']> => {
    engine = await startEngine({
      dataFolder: join(folder.folder, 'data'),
      workerEntry: new URL('file:///unused'),
      resourcesFolder: RESOURCES_FOLDER,
      rendererFolder: null,
      codeVersion: 'test',
      executor,
    })
    return engine.services
  }

  it('preflight: checks of engine and worker, times from the calibration, and nothing left behind', async () => {
    const { runs } = await start()
    const { ok, checks, cost, dataset } = await runs.preflight(request())
    expect(ok).toBe(true)
    expect(checks.map((check) => [check.name, check.status])).toEqual([
      ['Search space', 'passed'],
      ['Data folder', 'passed'],
      ['Disk', 'passed'],
      ['Read one batch', 'passed'],
    ])
    expect(cost.secondsTeacher).toBe(2)
    expect(dataset?.name).toBe('Fake people')
    expect(await runs.list()).toEqual([])
    expect(readdirSync(join(folder.folder, 'data/tmp'))).toEqual([])
  })

  it('preflight: a bound that no network meets marks its field, and no worker is bothered', async () => {
    const executor = new FakeExecutor()
    const { runs } = await start(executor)
    const { ok, checks } = await runs.preflight(request({ 'search.maxMacs': 5 }))
    expect(ok).toBe(false)
    expect(checks[0]).toMatchObject({ name: 'Search space', status: 'failed', field: 'search.maxMacs' })
    expect(executor.jobs).toEqual([])
  })

  it('preflight: a dead worker is a failed check with the field to change', async () => {
    const { runs } = await start(
      new FakeExecutor(() => {
        throw new EngineError('OUT_OF_MEMORY', 'The worker ran out of memory.', ['bad_alloc'])
      }),
    )
    const { ok, checks } = await runs.preflight(request())
    expect(ok).toBe(false)
    expect(checks.at(-1)).toMatchObject({ status: 'failed', field: 'supernet.batch' })
    expect(checks.at(-1)?.detail).toContain('bad_alloc')
  })

  it('preflight: a layout that gives no network is refused with its field', async () => {
    const { runs } = await start()
    await expect(runs.preflight(request({ 'network.inputWidth': 30 }))).rejects.toMatchObject({
      code: 'BAD_REQUEST',
      message: expect.stringContaining('network.inputHeight: ') as string,
    })
  })

  it('datasets: a folder is added once, under its real path, and forgotten without touching it', async () => {
    const { datasets } = await start()
    const people = join(folder.folder, 'people')
    mkdirSync(people)
    const added = await datasets.add({ path: people, format: null, name: 'My people' })
    const again = await datasets.add({ path: `${people}/../people/`, format: null, name: 'Renamed' })
    expect(again.id).toBe(added.id)
    expect(await datasets.list()).toMatchObject([{ id: added.id, name: 'Renamed', path: people }])
    await datasets.remove(added.id)
    expect(await datasets.list()).toEqual([])
    expect(existsSync(people)).toBe(true)
    await expect(datasets.remove(added.id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(datasets.inspect({ path: 'people', format: null })).rejects.toMatchObject({
      code: 'BAD_REQUEST',
    })
    await expect(datasets.inspect({ path: '/nowhere', format: null })).rejects.toMatchObject({
      code: 'DATASET',
    })
    await expect(datasets.add({ path: people, format: 'camvid' })).rejects.toMatchObject({ code: 'DATASET' })
  })

  it('system: the doctor looks at everything and writes a text for a bug report', async () => {
    const { system } = await start()
    const { checks, text } = await system.doctor()
    const names = checks.map((check) => check.name)
    for (const name of [
      'Runtime',
      'Database',
      'Data folder',
      'Disk',
      'Backend',
      'GPU',
      'WebGPU',
      'TensorFlow',
      'WebAssembly',
      'Electron',
      'Display',
    ]) {
      expect(names).toContain(name)
    }
    expect(checks.filter((check) => check.status === 'failed')).toEqual([])
    expect(text).toMatch(/ScaleNAS Studio test\n.*Runtime: Node/)
  })

  it('runs: a run that cannot be is refused before it is stored', async () => {
    const { runs } = await start()
    await expect(runs.start(request({ 'search.maxMacs': 5 }))).rejects.toMatchObject({ code: 'BAD_REQUEST' })
    await expect(runs.start(request({ 'space.evolveLastModule': false }))).rejects.toMatchObject({
      code: 'BAD_REQUEST',
    })
    expect(await runs.list()).toEqual([])
  })

  it('runs: deleting one that is at work is refused', async () => {
    const { runs } = await start(new FakeExecutor(() => new Promise((resolve) => setTimeout(resolve, 20))))
    await runs.start(request())
    await expect(runs.delete('r-service1')).rejects.toMatchObject({ code: 'CONFLICT' })
    await expect(runs.resume('r-service1')).rejects.toMatchObject({ code: 'CONFLICT' })
    expect(await runs.stop('r-service1')).toMatchObject({ status: 'stopped' })
    await runs.delete('r-service1')
    expect(await runs.list()).toEqual([])
  })

  it('candidates: no prediction before there are weights', async () => {
    const { runs, candidates } = await start()
    await runs.start(request())
    const stop = new AbortController()
    for await (const event of runs.events({ runId: 'r-service1', afterSeq: 0, signal: stop.signal })) {
      if (event.kind === 'status-changed' && event.status === 'completed') {
        stop.abort()
      }
    }
    await expect(candidates.predict('r-service1:999', [])).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect((await candidates.predict('r-service1:1', ['s1'])).predictions).toHaveLength(1)
  })

  it('candidates: an export is one job that writes below the run, however often it is asked for', async () => {
    const executor = new FakeExecutor()
    const { runs, candidates } = await start(executor)
    await runs.start(request())
    const stop = new AbortController()
    for await (const event of runs.events({ runId: 'r-service1', afterSeq: 0, signal: stop.signal })) {
      if (event.kind === 'status-changed' && event.status === 'completed') {
        stop.abort()
      }
    }
    const asked = { id: 'r-service1:1', format: 'safetensors', dropsDeadLayers: true } as const
    await expect(candidates.export({ ...asked, id: 'r-service1:999' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    })
    const both = await Promise.allSettled([candidates.export(asked), candidates.export(asked)])
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    const jobs = executor.jobs.filter((job) => job.kind === 'export')
    const [row] = (await candidates.list('r-service1')).rows
    expect(jobs).toHaveLength(1)
    expect(jobs[0]).toMatchObject({
      ...{ runName: 'service', codeVersion: 'test', dropsDeadLayers: true },
      candidate: { id: 'r-service1:1', accuracy: row?.accuracy, genotypeId: row?.genotypeId },
      outputFolder: join(
        ...[folder.folder, 'data', 'runs', 'r-service1', 'exports'],
        `${row?.genotypeId ?? ''}-safetensors-live`,
      ),
    })
  })

  it('published: the reference points of the program', async () => {
    const { published } = await start()
    expect((await published.list()).points.length).toBeGreaterThan(30)
  })
})

describe('the engine', () => {
  it('names the reason when its folder cannot be used', async () => {
    const options = {
      ...{ workerEntry: new URL('file:///unused'), resourcesFolder: RESOURCES_FOLDER },
      ...{ rendererFolder: null, codeVersion: 'test', executor: new FakeExecutor() },
    }
    await expect(startEngine({ ...options, dataFolder: '/proc/nothing' })).rejects.toMatchObject({
      code: 'STORAGE',
    })
  })
})
