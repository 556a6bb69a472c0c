import { describe, expect, it } from 'vitest'
import { BufferPool } from '../../../../src-main/compute/webgpu/buffer-pool.ts'

function recordingPool() {
  const live = new Map<number, number>()
  const pool = new BufferPool({
    create: (id, bytes) => live.set(id, bytes),
    destroy: (id) => {
      expect(live.delete(id)).toBe(true)
    },
  })
  return { pool, live }
}

const MIB = 2 ** 20

describe('the buffer pool', () => {
  it('hands a buffer out again only when its last owner has let go', () => {
    const { pool, live } = recordingPool()
    const buffer = pool.take(1000)
    pool.share(buffer)
    pool.giveBack(buffer)
    const other = pool.take(1000)
    expect(other.id).not.toBe(buffer.id)
    pool.giveBack(buffer)
    expect(pool.take(1000).id).toBe(buffer.id)
    expect(live.size).toBe(2)
  })

  it('wastes at most an eighth beyond the first 256 bytes, and holds what is asked for', () => {
    const { pool } = recordingPool()
    for (let bytes = 1; bytes < 10 * MIB; bytes = Math.ceil(bytes * 1.37)) {
      const taken = pool.take(bytes)
      expect(taken.bytes).toBeGreaterThanOrEqual(bytes)
      expect(taken.bytes).toBeLessThanOrEqual(Math.max(bytes + 256, bytes * 1.125 + 1))
      expect(taken.bytes % 256).toBe(0)
    }
  })

  it('lets no more wait than was ever in use: the oldest end', () => {
    const { pool, live } = recordingPool()
    // Ever new sizes, one at a time: nothing fits again.
    for (let mib = 10; mib < 40; mib++) {
      pool.giveBack(pool.take(mib * MIB))
    }
    const bytes = [...live.values()].reduce((a, b) => a + b, 0)
    expect(bytes).toBe(pool.bytes())
    expect(bytes).toBeLessThanOrEqual(64 * MIB)
    expect(live.size).toBeGreaterThanOrEqual(1)
  })

  it('after memory ran out drops what waits, and broken buffers with their tensors', () => {
    const { pool, live } = recordingPool()
    const [waiting, broken, good] = [pool.take(1000), pool.take(2000), pool.take(3000)]
    pool.giveBack(waiting)
    pool.forget([broken.id])
    expect([...live.keys()]).toEqual([broken.id, good.id])
    pool.giveBack(broken)
    pool.giveBack(good)
    expect([...live.keys()]).toEqual([good.id])
    expect(pool.take(2000).id).not.toBe(broken.id)
  })
})
