import { describe, expect, it } from 'vitest'
import {
  displayNameSchema,
  procedureInputs,
  runRequestSchema,
  showField,
  showLines,
} from '../../../src-main/contract/index.ts'

const CLEARS = 'x\u001b[2J\u0007\u009b\u202e'

describe('text for a terminal', () => {
  it('has its control characters written out; lines stay where lines are meant', () => {
    expect(showField(`${CLEARS}\n`)).toBe('x\\u001b[2J\\u0007\\u009b\\u202e\\u000a')
    expect(showLines('a\n\tb\r\u0085')).toBe('a\n\tb\\u000d\\u0085')
    expect(showField('Größe 大 👩‍👩‍👧 "x"')).toBe('Größe 大 👩‍👩‍👧 "x"')
  })

  it('that is JSON keeps its meaning', () => {
    const value = { name: `x\u009b\u202e\u2028`, lines: 'a\nb' }
    expect(JSON.parse(showLines(JSON.stringify(value, null, 2)))).toEqual(value)
  })
})

describe('names that somebody gives', () => {
  it.each(['\u001b[2J', 'a\nb', '\u0007', 'a\u0085b', '\u202eabc', 'a\u2028b'])('refuse %j', (name) => {
    expect(displayNameSchema.safeParse(`n${name}n`).success).toBe(false)
    const request = { id: 'r-abcdef', preset: 'micro-pose', name: `n${name}n` }
    expect(runRequestSchema.safeParse(request).success).toBe(false)
    expect(procedureInputs['runs.rename'].safeParse({ id: 'r-abcdef', name: `n${name}n` }).success).toBe(
      false,
    )
    expect(procedureInputs['datasets.add'].safeParse({ path: '/d', name: `n${name}n` }).success).toBe(false)
  })

  it('may be of any script', () => {
    expect(displayNameSchema.parse('  Läufer 大 👩‍👩‍👧 ')).toBe('Läufer 大 👩‍👩‍👧')
  })
})
