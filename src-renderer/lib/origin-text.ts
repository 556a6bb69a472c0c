import type { CandidateOrigin } from '../../src-main/contract/index.ts'
import { candidateLabel } from './candidate-front.ts'

/** Where a candidate comes from, in a few words: '#0012 × #0034', 'random, depths 2–3, fusions 50 %', 'reference, hrnet'. */
export function originText(origin: CandidateOrigin): string {
  switch (origin.operator) {
    case 'stratum':
      return origin.label === '' ? 'random start' : `random, ${stratumText(origin.label)}`
    case 'reference':
      return `reference, ${origin.label}`
    case 'imported':
      return `imported, ${origin.label}`
    case 'offspring':
      return origin.parents.length === 0 ? 'offspring' : origin.parents.map(parentLabel).join(' × ')
  }
}

/** 'p=0.5 depths 2-3', the name of a stratum, in words; a label of another form stays as it is. */
function stratumText(label: string): string {
  const [, probability, depths] = /^p=([\d.]+) depths ([\d-]+)$/.exec(label) ?? []
  return probability === undefined || depths === undefined
    ? label
    : `depths ${depths.replace('-', '–')}, fusions ${String(Math.round(Number(probability) * 100))} %`
}

/** '#0012' of the id 'r-abcdef:12'; an id of another form stays as it is. */
export function parentLabel(id: string): string {
  const number = Number(id.split(':')[1])
  return Number.isInteger(number) ? candidateLabel(number) : id
}
