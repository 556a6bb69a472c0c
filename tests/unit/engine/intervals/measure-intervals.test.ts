import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { packPictureResults } from '../../../../src-main/contract/index.ts'
import { keepIntervals } from '../../../../src-main/engine/intervals/kept-intervals.ts'
import { measureIntervals } from '../../../../src-main/engine/intervals/measure-intervals.ts'
import { createRandom } from '../../../../src-main/nas/random.ts'
import type { Store } from '../../../../src-main/store/store.ts'
import { createTemporaryFolder, insertRun, openTestStore } from '../../../support/engine-core.ts'
import { fakeProtocol } from '../../../support/fake-scores.ts'

const RUN = 'r-interval'
const PICTURES = 500

/** Joints found: each as hard for one network as for another, but for a share of them that is luck. */
function resultsOf(accuracy: number, seed: number): { accuracy: number; packed: Uint8Array } {
  const shared = createRandom('hardness')
  const own = createRandom(seed, 'luck')
  const hits = Uint32Array.from({ length: PICTURES }, () => {
    const [hardness, luck] = [shared.next(), own.next()]
    return (luck < 0.2 ? own.next() : hardness) < accuracy ? 1 : 0
  })
  const found = hits.reduce((sum, hit) => sum + hit, 0)
  const trials = hits.map(() => 1)
  return { accuracy: found / PICTURES, packed: packPictureResults({ kind: 'ratio', hits, trials }) }
}

describe('measureIntervals', () => {
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

  /** Scored candidates of rising cost; the first is a reference that the front passes by. */
  function insertScored(accuracies: readonly number[], keeps = true): number[] {
    const rows = accuracies.map((_, index) => ({
      ...{ number: index + 1, genotypeId: `g${String(index)}`, genotypeKey: `k${String(index)}`, params: 1 },
      genotype: { task: 'pose' as const, width: 8, maxDepth: 3, stages: [] },
      macs: 1000 + index,
      origin: {
        operator: index === 0 ? ('reference' as const) : ('stratum' as const),
        ...{ label: 'largest', parents: [], modulesTaken: [], edgesFlipped: 0 },
      },
    }))
    store.candidates.insertGeneration(RUN, 0, {}, rows)
    const lease = { runId: RUN, generation: 0, limit: 100, leaseId: 'l', expiresAt: 1 }
    return store.candidates.lease(lease).map(({ id: candidateId, genotypeId }, index) => {
      const { accuracy, packed } = resultsOf(accuracies[index] ?? 0, index)
      const verdict = { accuracy, metrics: {}, protocol: fakeProtocol('search'), milliseconds: 1 }
      store.candidates.recordEvaluation(candidateId, 'l', verdict)
      if (keeps) {
        store.pictureResults.insert({ runId: RUN, candidateId, split: 'search' }, packed)
      }
      const report = { ...fakeProtocol('report') }
      store.candidates.insertReportScore(RUN, {
        ...{
          candidateId,
          genotypeId,
          split: 'report',
          metrics: { accuracy: accuracy + 0.01 },
          protocol: report,
        },
      })
      return accuracy
    })
  }

  it('gives front members and references their interval and names neighbours that are not told apart', async () => {
    const accuracies = insertScored([0.2, 0.4, 0.41, 0.6])
    const { members, levels, reportAgrees, pictures } = await measureIntervals(store, {
      ...{ runId: RUN, split: 'search' },
    })
    expect(pictures).toBe(PICTURES)
    expect(members.map(({ number, isFront, notApartFrom }) => [number, isFront, notApartFrom])).toEqual([
      [1, true, []],
      [2, true, [3]],
      [3, true, [2]],
      [4, true, []],
    ])
    for (const [index, { accuracy, low, high }] of members.entries()) {
      expect(accuracy).toBe(accuracies[index])
      // A mean of 500 coins: 1.96 deviations to either side.
      const expected = 1.96 * Math.sqrt((accuracy * (1 - accuracy)) / PICTURES)
      expect(Math.abs((high - low) / 2 / expected - 1)).toBeLessThan(0.12)
      expect(low < accuracy && accuracy < high).toBe(true)
    }
    expect([levels, reportAgrees]).toEqual([[1, 2, 4], true])
  })

  it('measures a reference that is not on the front, and none of the others that are not', async () => {
    insertScored([0.5, 0.6, 0.4])
    store.db.$client.exec(`UPDATE candidates SET macs = 5000 WHERE number = 1`)
    const { members } = await measureIntervals(store, { runId: RUN, split: 'search' })
    expect(members.map(({ number, isFront }) => [number, isFront])).toEqual([
      [2, true],
      [1, false],
    ])
  })

  it('is empty where no results by picture were kept, as of older scores and of the report split', async () => {
    insertScored([0.2, 0.4], false)
    for (const split of ['search', 'report'] as const) {
      expect(await measureIntervals(store, { runId: RUN, split })).toMatchObject({
        ...{ split, pictures: 0, members: [], levels: [], reportAgrees: null },
      })
    }
  })

  it('lets others have their turn while it computes', async () => {
    insertScored([0.2, 0.4])
    let turns = 0
    let isDone = false
    const count = (): void => {
      turns += 1
      if (!isDone) {
        setImmediate(count)
      }
    }
    setImmediate(count)
    await measureIntervals(store, { runId: RUN, split: 'search' })
    isDone = true
    // One for each of the 1,000 resamples.
    expect(turns).toBeGreaterThan(900)
  })

  it('is computed once for all who ask, and again after another score', async () => {
    const accuracies = insertScored([0.2, 0.4])
    const intervals = keepIntervals(store)
    const question = { runId: RUN, split: 'search' } as const
    const first = intervals(question)
    expect(intervals(question)).toBe(first)
    const before = await first
    const packed = resultsOf(0.9, 5).packed
    store.candidates.insertGeneration(RUN, 1, {}, [])
    store.db.$client.exec(
      `INSERT INTO candidates (id, run_id, number, generation, state, genotype_id, genotype_key, genotype, macs, params, origin, accuracy)
       SELECT run_id || ':3', run_id, 3, 1, state, 'g9', 'k9', genotype, 9000, 1, origin, 0.9 FROM candidates WHERE number = 2`,
    )
    store.pictureResults.insert({ ...question, candidateId: `${RUN}:3` }, packed)
    const after = await intervals(question)
    expect([before.members.length, after.members.length]).toEqual([accuracies.length, 3])
    expect(after.members[0]?.low).toBe(before.members[0]?.low)
  })
})
