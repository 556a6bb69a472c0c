import { EngineError } from '../../contract/index.ts'
import { paretoFront } from '../../nas/pareto/pareto-front.ts'
import type { CandidateRecord } from '../../store/candidate-queries.ts'
import type { JobEvent } from '../executors/executor.ts'
import type { SearchSetup } from '../configure/search-setup.ts'
import { REPORT_MEMBERS } from '../pipeline/progress-model.ts'
import { coresOfSearchWorker, jobBase, runPhaseJob } from '../pipeline/run-context.ts'
import type { RunContext } from '../pipeline/run-context.ts'
import { scoreReference, waitingReferences } from './run-references.ts'
import { laneNames, releaseSearchLanes, runSideBySide } from './run-search.ts'

/**
 * Scores front members on the report split, which no choice of the run has seen. Members that have their score already
 * (a resume) are not scored again. Then the teacher is scored, so that what inheriting costs stands beside the front.
 */
export async function runReport(context: RunContext, setup: SearchSetup): Promise<void> {
  const { store, runId, plan, progress } = context
  const members = chooseReportMembers(store.candidates.records(runId))
  const scored = new Set(store.candidates.reportScores(runId).map((score) => score.candidateId))
  const waiting = members.filter(({ id }) => !scored.has(id))
  let done = members.length - waiting.length
  progress.report(done, members.length, 'report split')
  await runSideBySide(context, laneNames(plan.searchWorkers), async (lane, signal) => {
    for (let member = waiting.shift(); member !== undefined; member = waiting.shift()) {
      await scoreMember(context, member, lane, signal)
      done += 1
      progress.report(
        done,
        members.length,
        `report split, ${String(done)} of ${String(members.length)} networks`,
      )
    }
  })
  const references = [...waitingReferences(context, setup)]
  await runSideBySide(context, laneNames(plan.searchWorkers), async (lane, signal) => {
    for (let subject = references.shift(); subject !== undefined; subject = references.shift()) {
      await scoreReference(context, setup, { subject, lane, signal })
    }
  })
  await releaseSearchLanes(context)
}

/**
 * At most 12: the reference rows, and the front evenly from its cheapest to its best member.
 * @param records - The ledger of one run, any states.
 */
export function chooseReportMembers(records: readonly CandidateRecord[]): CandidateRecord[] {
  const scored = records.filter((record) => record.state === 'evaluated')
  const references = scored.filter((record) => record.origin.operator === 'reference')
  const front = paretoFront(scored)
  const others = front.filter((record) => record.origin.operator !== 'reference')
  const places = REPORT_MEMBERS - references.length
  const chosen = pickEvenly(others, places)
  return [...references, ...chosen].toSorted((a, b) => a.macs - b.macs || a.number - b.number)
}

/** Both ends and what lies evenly between. */
export function pickEvenly<T>(values: readonly T[], count: number): T[] {
  if (values.length <= count) {
    return [...values]
  }
  if (count <= 1) {
    return values.slice(values.length - count)
  }
  const step = (values.length - 1) / (count - 1)
  return Array.from({ length: count }, (_, index) => values[Math.round(index * step)]).filter(
    (value) => value !== undefined,
  )
}

async function scoreMember(
  context: RunContext,
  { id, genotypeId, genotype, number }: CandidateRecord,
  lane: string,
  signal: AbortSignal,
): Promise<void> {
  const { store, hub, runId } = context
  const candidates = [{ candidateId: id, genotypeId, genotype }]
  const job = { ...jobBase(context), kind: 'evaluate' as const, split: 'report' as const, candidates }
  const verdicts: JobEvent['kind'][] = []
  await runPhaseJob(context, job, {
    lane,
    signal,
    threads: context.plan.searchThreads,
    cores: coresOfSearchWorker(context.plan),
    onEvent: (event) => {
      if (event.kind === 'candidate-evaluated') {
        verdicts.push(event.kind)
        const metrics = { ...event.metrics, accuracy: event.accuracy }
        const { protocol } = event
        const score = { candidateId: id, genotypeId, split: 'report' as const, metrics, protocol }
        store.transaction(() => {
          store.candidates.insertReportScore(runId, score)
          if (event.pictures !== undefined) {
            store.pictureResults.insert({ runId, candidateId: id, split: 'report' }, event.pictures)
          }
        })
        hub.addCandidates(runId, [number])
      }
      if (event.kind === 'candidate-failed') {
        verdicts.push(event.kind)
        hub.addLog(runId, 'error', `report split, candidate #${String(number)}: ${event.error.message}`)
      }
    },
  })
  if (verdicts.length === 0) {
    throw new EngineError('INTERNAL', `The worker ended its job without a verdict on ${id}.`)
  }
}
