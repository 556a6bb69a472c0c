import { describe, expect, it } from 'vitest'
import { FIELDS } from '../../../../src-renderer/lib/run-form-fields.ts'
import { attemptStart, backendWord, choiceWord, outcomeWord } from '../../../../src-renderer/lib/words.ts'

describe('words for values of records', () => {
  it('say where an attempt went on and how it ended', () => {
    expect(attemptStart({ fromPhase: 'prepare', fromIteration: 0 })).toBe('from the start')
    expect(attemptStart({ fromPhase: 'supernet', fromIteration: 1200 })).toBe(
      'from the super-network, iteration 1,200',
    )
    expect([outcomeWord('completed'), outcomeWord('crashed'), outcomeWord(null)]).toEqual([
      'done',
      'interrupted',
      'ended',
    ])
  })

  it('leave no choice of the form in the spelling of the code', () => {
    const shown = FIELDS.flatMap((field) => field.options ?? []).map(choiceWord)
    expect(
      shown.filter((word) => /[a-z][A-Z]/.test(word.replace('TensorFlow', '').replace(/Web\w+/, ''))),
    ).toEqual([])
    expect(choiceWord('skipIdle')).toBe('left alone')
    expect([backendWord('wasm'), backendWord('other')]).toEqual(['WebAssembly', 'other'])
  })
})
