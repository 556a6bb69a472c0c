import type { CandidateOrigin } from '../../src-main/contract/index.ts'
import { candidateLabel } from './candidate-front.ts'

/** Where a candidate comes from, in a few words: '#0012 × #0034', 'random, p=0.5 depths 2-3', 'reference, hrnet'. */
export function originText(origin: CandidateOrigin): string {
  switch (origin.operator) {
    case 'stratum':
      return origin.label === '' ? 'random start' : `random, ${origin.label}`
    case 'reference':
      return `reference, ${origin.label}`
    case 'imported':
      return `imported, ${origin.label}`
    case 'offspring':
      return origin.parents.length === 0 ? 'offspring' : origin.parents.map(parentLabel).join(' × ')
  }
}

/** '#0012' of the id 'r-abcdef:12'; an id of another form stays as it is. */
export function parentLabel(id: string): string {
  const number = Number(id.split(':')[1])
  return Number.isInteger(number) ? candidateLabel(number) : id
}
