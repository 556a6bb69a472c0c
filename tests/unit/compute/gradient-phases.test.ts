import { describe, expect, it } from 'vitest'
import { phasesOfInputGradient } from '../../../src-main/compute/gradient-phases.ts'

/** (pixel, output, tap) triples of one axis as the forward convolution reads them. */
function forwardTriples(size: number, k: number, stride: number): Set<string> {
  const pad = (k - 1) / 2
  const outputs = Math.floor((size - 1) / stride) + 1
  const triples = new Set<string>()
  for (let o = 0; o < outputs; o++) {
    for (let t = 0; t < k; t++) {
      const pixel = stride * o + t - pad
      if (pixel >= 0 && pixel < size) {
        triples.add([pixel, o, t].join())
      }
    }
  }
  return triples
}

function gradientTriples(size: number, k: number, stride: number): string[] {
  const outputs = Math.floor((size - 1) / stride) + 1
  const axes = new Map(phasesOfInputGradient(k, stride).map(({ x }) => [x.phase, x]))
  return [...axes.values()].flatMap(({ phase, first, taps }) =>
    Array.from({ length: Math.ceil((size - phase) / stride) }, (_, u) =>
      taps.flatMap((t, a) => {
        const o = u + first + a
        // Outside of dy lie the zeros of its padding.
        return o >= 0 && o < outputs ? [[phase + stride * u, o, t].join()] : []
      }),
    ).flat(),
  )
}

describe('phasesOfInputGradient', () => {
  for (const [k, stride] of [
    [3, 1],
    [3, 2],
    [1, 1],
    [1, 2],
    [5, 2],
    [3, 3],
  ] as const) {
    it(`visits what a ${k}x${k} convolution of stride ${stride} reads, each once`, () => {
      for (let size = 1; size <= 9; size++) {
        const got = gradientTriples(size, k, stride)
        expect(new Set(got)).toEqual(forwardTriples(size, k, stride))
        expect(got).toHaveLength(new Set(got).size)
      }
    })
  }

  it('leaves out the phases that a 1x1 kernel of stride 2 never reads', () => {
    expect(phasesOfInputGradient(1, 2)).toHaveLength(1)
  })
})
