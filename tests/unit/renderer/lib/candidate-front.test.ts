import { describe, expect, it } from 'vitest'
import type { Protocol } from '../../../../src-main/contract/index.ts'
import { bestUnder, candidateFront, candidateLabel } from '../../../../src-renderer/lib/candidate-front.ts'
import { candidatesCsv } from '../../../../src-renderer/lib/candidates-csv.ts'
import { hypervolumeHint } from '../../../../src-renderer/lib/hypervolume-hint.ts'
import { originText } from '../../../../src-renderer/lib/origin-text.ts'
import { PROTOCOL, sampleCandidate } from '../support/sample-run.ts'

const rows = [
  sampleCandidate(1, { macs: 10, accuracy: 0.5 }),
  sampleCandidate(2, { macs: 20, accuracy: 0.4 }),
  sampleCandidate(3, { macs: 30, accuracy: 0.7, generation: 1 }),
  sampleCandidate(4, { macs: 5, accuracy: null, protocol: null, state: 'leased' }),
]
const numbers = (front: readonly { readonly number: number }[]): number[] => front.map((row) => row.number)

describe('candidateFront', () => {
  it('keeps what nothing dominates, cheapest first, and leaves out what is not evaluated', () => {
    expect(numbers(candidateFront(rows))).toEqual([1, 3])
  })

  it('looks back to an earlier generation', () => {
    expect(numbers(candidateFront(rows, 0))).toEqual([1])
  })

  it('never mixes protocols: the rarer one takes no part', () => {
    const other = sampleCandidate(9, { macs: 1, accuracy: 0.99, protocol: { ...PROTOCOL, split: 'report' } })
    expect(numbers(candidateFront([...rows, other]))).toEqual([1, 3])
  })

  it('the best within a budget is the most accurate that fits', () => {
    const front = candidateFront(rows)
    expect(bestUnder(front, 29)?.number).toBe(1)
    expect(bestUnder(front, 30)?.number).toBe(3)
    expect(bestUnder(front, 9)).toBeNull()
  })
})

describe('words about candidates', () => {
  it('numbers have four digits', () => {
    expect([12, 940, 12_345].map(candidateLabel)).toEqual(['#0012', '#0940', '#12345'])
  })

  it('says where a candidate comes from', () => {
    const origin = { label: '', parents: [], modulesTaken: [], edgesFlipped: 0 }
    expect(originText({ ...origin, operator: 'offspring', parents: ['r-abcdef:12', 'r-abcdef:3'] })).toBe(
      '#0012 × #0003',
    )
    expect(originText({ ...origin, operator: 'stratum', label: 'p=0.5 depths 2-3' })).toBe(
      'random, depths 2–3, fusions 50 %',
    )
    expect(originText({ ...origin, operator: 'reference', label: 'hrnet' })).toBe('reference, hrnet')
  })

  it('exports full numbers and quotes text', () => {
    const csv = candidatesCsv([sampleCandidate(7, { accuracy: 0.123456789 })], new Set(['r-sample01:7']))
    const [head = '', row = ''] = csv.split('\n')
    expect(head).toMatch(
      /^number,genotype_id,generation,state,macs,params,accuracy,on_front,origin,metric,split,samples,boxes,input,/,
    )
    expect(row).toMatch(
      /^7,genotype7,0,evaluated,7000000,50000,0\.123456789,true,"random start","PCK@0\.2",search,100,,64x64,false,128,/,
    )
  })

  it('exports of each score how it was measured, detections and scales included', () => {
    const scored = sampleCandidate(7)
    if (scored.protocol === null) {
      throw new Error('the sample is scored')
    }
    const protocol: Protocol = {
      ...{ ...scored.protocol, boxes: 'detected', detectionFile: 'boxes "a", b.json', pictures: 50 },
      ...{ detectionFingerprint: 'abc123', detectionThreshold: 0.05, scales: '0.5, 1, 2' },
    }
    const rows = [{ ...scored, protocol }, sampleCandidate(8, { protocol: null })]
    const [head = '', detected = '', unscored = ''] = candidatesCsv(rows, new Set()).split('\n')
    const names = head.split(',')
    // Cells that may hold commas are quoted; the others are split as they are.
    const cells = detected.match(/"(?:[^"]|"")*"|[^,]+|(?<=,)(?=,|$)/g) ?? []
    expect(cells).toHaveLength(names.length)
    const cell = (name: string): string | undefined => cells[names.indexOf(name)]
    expect(cell('boxes')).toBe('detected')
    expect(cell('detection_file')).toBe('"boxes ""a"", b.json"')
    expect([cell('detection_fingerprint'), cell('detection_threshold')]).toEqual(['abc123', '0.05'])
    expect([cell('pictures'), cell('scales'), cell('grouping')]).toEqual(['50', '"0.5, 1, 2"', ''])
    expect(unscored.split(',')).toHaveLength(names.length)
    expect(unscored).toMatch(/,{16}$/)
  })
})

describe('hypervolumeHint', () => {
  const generation = (number: number, hypervolume: number | null) => ({
    generation: number,
    proposed: 10,
    evaluated: 10,
    failed: 0,
    closed: true,
    hypervolume,
    bestAccuracy: null,
  })

  it('speaks below 0.1 % in two generations, and not before', () => {
    const rows = [generation(0, 0.5), generation(1, 0.6), generation(2, 0.6002), generation(3, 0.6003)]
    expect(hypervolumeHint(rows, 2)).toBeNull()
    expect(hypervolumeHint(rows, 3)).toBe('little gain lately: +0.05 % in 2 gen.')
    expect(hypervolumeHint(rows, 1)).toBeNull()
  })

  it('says nothing of an open generation', () => {
    expect(hypervolumeHint([generation(0, 0.5), generation(2, null)], 2)).toBeNull()
  })
})
