import { findMean, findTau } from './findings.ts'
import { drawStratified } from './study-members.ts'
import type { Finding, StudyContext, StudyResult, StudyScore } from './study.types.ts'

/** Row 5 of method.md 11.3: the same members of the same super-network, scored with and without recalibration. */
export async function studyRecalibration({ bench, counts, seeds }: StudyContext): Promise<StudyResult> {
  const members = drawStratified(bench.setup, counts.recalibration)
  const findings: Finding[] = []
  const scores: StudyScore[] = []
  for (const seed of seeds) {
    const supernet = await bench.trainSupernet(seed, 'grouped')
    const recalibrated = await bench.score(supernet, members, { name: 'recalibrated' })
    const running = await bench.score(supernet, members, {
      name: 'running statistics',
      recalibrates: false,
    })
    scores.push(...recalibrated, ...running)
    findings.push(...compare(recalibrated, running, seed))
  }
  return {
    findings,
    scores,
    notes: ['Without recalibration, the running statistics of the training serve every member alike.'],
  }
}

function compare(
  recalibrated: readonly StudyScore[],
  running: readonly StudyScore[],
  seed: number,
): readonly Finding[] {
  const pairs = recalibrated.map(({ accuracy }, index) => ({
    first: accuracy,
    second: running[index]?.accuracy ?? Number.NaN,
  }))
  return [
    findMean(
      { measure: 'mean accuracy, recalibrated', seed },
      pairs.map(({ first }) => first),
    ),
    findMean(
      { measure: 'mean accuracy, running statistics', seed },
      pairs.map(({ second }) => second),
    ),
    findMean(
      { measure: 'mean accuracy, recalibrated - running', seed },
      pairs.map(({ first, second }) => first - second),
    ),
    findTau({ measure: 'tau, recalibrated and running', seed }, pairs),
  ]
}
