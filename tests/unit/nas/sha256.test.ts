import { createHash } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sha256Hex } from '../../../src-main/nas/sha256.ts'

describe('sha256Hex', () => {
  it('equals the platform digest for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        expect(sha256Hex(text)).toBe(createHash('sha256').update(text, 'utf8').digest('hex'))
      }),
    )
  })

  it('equals the platform digest at every length around the block boundaries', () => {
    for (let length = 0; length <= 130; length += 1) {
      const text = 'x'.repeat(length)
      expect(sha256Hex(text)).toBe(createHash('sha256').update(text).digest('hex'))
    }
  })
})
