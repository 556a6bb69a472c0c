import { describe, expect, it } from 'vitest'
import { decodeText, parseForeignJson } from '../../../src-main/files/foreign-text.ts'
import { showValue } from '../../../src-main/files/show-value.ts'

const TEXT = '{"name": "Größe ✓"}'
const utf16 = Buffer.from(`\ufeff${TEXT}`, 'utf16le')

describe('texts of other programs', () => {
  it.each([
    ['UTF-8', Buffer.from(TEXT)],
    ['UTF-8 with the mark of Windows editors', Buffer.from(`\ufeff${TEXT}`)],
    ['UTF-16, little end first', utf16],
    ['UTF-16, big end first', Buffer.from(utf16).swap16()],
  ])('are read in %s', (_, bytes) => {
    expect(decodeText(bytes)).toBe(TEXT)
  })

  it.each([
    ['{"a": [1,\n NaN]}', 'gt.json is not JSON: it holds NaN, which is no number of JSON (line 2, column 2)'],
    ['[-Infinity]', 'gt.json is not JSON: it holds -Infinity, which is no number of JSON (line 1, column 2)'],
    ['{"NaN": "\\"NaN", "b": Infinity}', 'it holds Infinity, which is no number of JSON (line 1, column 23)'],
    ['{"a": 1,\n}', 'line 2, column 1'],
  ])('say where %j is no JSON', (text, message) => {
    expect(() => parseForeignJson(text, { name: 'gt.json' })).toThrow(message)
  })
})

describe('values in messages', () => {
  it('are short and flat, however deep and long they are', () => {
    const deep = '['.repeat(200_000) + ']'.repeat(200_000)
    expect(showValue(JSON.parse(deep))).toBe('[[…]]')
    expect(showValue('x'.repeat(1_000_000)).length).toBeLessThan(100)
    expect(showValue(Array.from({ length: 1_000_000 }, () => 1))).toBe('[1,1,1,1,1,1,1,1,…]')
    expect(showValue({ a: 1 })).toBe('an object')
  })
})
