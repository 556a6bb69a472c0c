import { readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { describe, expect, it } from 'vitest'
import { benchmarkLoader } from '../../../src-main/datasets/bench-loader.ts'

const madeFolders = async () => (await readdir(tmpdir())).filter((name) => name.startsWith('scalenas-bench-'))

describe('benchmarkLoader', () => {
  it(
    'measures both paces at the published input and leaves no picture behind',
    { timeout: 60_000 },
    async () => {
      const before = await madeFolders()
      const result = await benchmarkLoader({ seconds: 0.1 })
      expect(result).toMatchObject({
        inputHeight: 256,
        inputWidth: 192,
        source: 'made JPEG pictures of 640 x 480',
      })
      for (const pace of [result.decoding, result.cached]) {
        expect(pace.images).toBeGreaterThanOrEqual(16)
        expect(pace.images % 16).toBe(0)
        expect(pace.imagesPerSecond).toBeCloseTo(pace.images / pace.seconds, 6)
        expect(pace.imagesPerSecondPerCore).toBeCloseTo(pace.images / pace.cpuSeconds, 6)
      }
      expect(await madeFolders()).toEqual(before)
    },
  )

  it('refuses a folder that is no COCO folder', async () => {
    await expect(benchmarkLoader({ path: '/nowhere/at/all', seconds: 0.1 })).rejects.toMatchObject({
      code: 'DATASET',
    })
  })
})
