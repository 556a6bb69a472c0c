import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Job } from '../../../src-main/contract/index.ts'
import type { Store } from '../../../src-main/store/store.ts'
import {
  createCore,
  createTemporaryFolder,
  insertRun,
  openTestStore,
  waitForEnd,
} from '../../support/engine-core.ts'
import { FakeExecutor } from '../../support/fake-executor.ts'

const RUN = 'r-beside1'
const isOfTeacher = (job: Job): boolean => job.kind === 'evaluate' && job.weights === 'teacher'

describe('the teacher beside the front', { timeout: 30_000 }, () => {
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

  it('is scored on both splits and is no candidate', async () => {
    const executor = new FakeExecutor()
    createCore(store, executor).scheduler.enqueue(RUN)
    expect(await waitForEnd(store, RUN)).toBe('completed')
    const largest = store.candidates.records(RUN).find(({ origin }) => origin.label === 'largest')
    const { genotypeId, macs, params } = largest ?? {}
    expect(store.references.list(RUN)).toMatchObject([
      { name: 'teacher', split: 'search', genotypeId, macs, params, iterations: 3 },
      { name: 'teacher', split: 'report', genotypeId, macs, params, iterations: 3 },
    ])
    expect(executor.jobs.filter(isOfTeacher)).toHaveLength(2)
    expect(executor.jobs.findIndex(isOfTeacher)).toBeGreaterThan(
      executor.jobs.findLastIndex((job) => job.kind === 'evaluate' && !isOfTeacher(job)),
    )
    const rows = store.candidates.records(RUN)
    expect(rows.filter(({ id, origin }) => id.includes('teacher') || origin.label === 'teacher')).toEqual([])
  })

  it('is not scored again by a resume, and goes with its run', async () => {
    const dying = new FakeExecutor((_step, job) => {
      if (job.kind === 'evaluate' && job.weights === 'teacher' && job.split === 'report') {
        throw new Error('the worker died')
      }
    })
    createCore(store, dying).scheduler.enqueue(RUN)
    expect(await waitForEnd(store, RUN)).toBe('failed')
    store.runs.update(RUN, { status: 'queued' })
    const second = new FakeExecutor()
    createCore(store, second).scheduler.enqueue(RUN)
    expect(await waitForEnd(store, RUN)).toBe('completed')
    expect(store.references.list(RUN).map(({ split }) => split)).toEqual(['search', 'report'])
    expect(second.jobs.map((job) => (job.kind === 'evaluate' ? job.split : job.kind))).toContain('report')
    store.runs.delete(RUN)
    expect(store.references.list(RUN)).toEqual([])
  })
})
