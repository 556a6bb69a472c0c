import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createBatcher } from '../../../../src-renderer/lib/batcher.ts'

describe('createBatcher', () => {
  beforeEach(() => vi.useFakeTimers())
  afterEach(() => vi.useRealTimers())

  it('hands the first on at once and what follows together, losing nothing', () => {
    const batches: (readonly number[])[] = []
    const batcher = createBatcher<number>({ everyMs: 500, flush: (items) => batches.push(items) })
    batcher.add([1])
    batcher.add([2])
    batcher.add([3, 4])
    expect(batches).toEqual([[1]])
    vi.advanceTimersByTime(500)
    expect(batches).toEqual([[1], [2, 3, 4]])
  })

  it('is quick again after a pause', () => {
    const batches: (readonly number[])[] = []
    const batcher = createBatcher<number>({ everyMs: 500, flush: (items) => batches.push(items) })
    batcher.add([1])
    vi.advanceTimersByTime(1200)
    batcher.add([2])
    expect(batches).toEqual([[1], [2]])
  })

  it('forgets what waits when it is cleared', () => {
    const batches: (readonly number[])[] = []
    const batcher = createBatcher<number>({ everyMs: 500, flush: (items) => batches.push(items) })
    batcher.add([1])
    batcher.add([2])
    batcher.clear()
    vi.advanceTimersByTime(2000)
    expect(batches).toEqual([[1]])
  })
})
