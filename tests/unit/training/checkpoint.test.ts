import { describe, expect, it } from 'vitest'
import { encodeSafetensors } from '../../../src-main/supernet/safetensors.ts'
import { decodeOptimizer } from '../../../src-main/training/checkpoint.ts'

describe('decodeOptimizer', () => {
  it.each(['null', '7', '{"a":"x"}', '{"a":1.5}', '{'])(
    'refuses the updates %s with a sentence',
    (updates) => {
      const facts = { phase: 'teacher', iteration: '1', totalIterations: '2', updates }
      expect(() => decodeOptimizer(encodeSafetensors(new Map(), facts))).toThrow(
        'this optimizer file does not say how many updates each parameter had',
      )
    },
  )
})
