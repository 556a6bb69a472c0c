import { describe, expect, it } from 'vitest'
import { ByteBudgetCache } from '../../../src-main/datasets/byte-budget-cache.ts'

function countingCache(budget: number) {
  const loads: string[] = []
  const cache = new ByteBudgetCache<string>(budget, (value) => value.length)
  const get = (key: string) =>
    cache.get(key, () => {
      loads.push(key)
      return Promise.resolve(key.repeat(4))
    })
  return { cache, loads, get }
}

describe('ByteBudgetCache', () => {
  it('drops what was not asked for longest and never keeps more than its budget', async () => {
    const { cache, loads, get } = countingCache(8)
    await get('a')
    await get('b')
    await get('a')
    await get('c')
    expect(cache.bytes).toBe(8)
    await get('a')
    await get('b')
    expect(loads).toEqual(['a', 'b', 'c', 'b'])
  })

  it('loads once for two askers, and again after a failure', async () => {
    const { loads, get } = countingCache(8)
    await Promise.all([get('a'), get('a')])
    expect(loads).toEqual(['a'])
    const cache = new ByteBudgetCache<string>(8, () => 1)
    await expect(cache.get('x', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    await expect(cache.get('x', () => Promise.resolve('yes'))).resolves.toBe('yes')
  })

  it('gives but does not keep a value larger than the budget', async () => {
    const { cache, get } = countingCache(3)
    await expect(get('a')).resolves.toBe('aaaa')
    expect(cache.bytes).toBe(0)
  })
})
