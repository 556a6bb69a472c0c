import { randomUUID } from 'node:crypto'
import { EngineError, toErrorInfo } from '../../contract/index.ts'
import type { Protocol } from '../../contract/index.ts'
import type { CandidateRecord } from '../../store/candidate-queries.ts'
import type { JobEvent } from '../executors/executor.ts'
import { coresOfSearchWorker, jobBase, runPhaseJob } from '../pipeline/run-context.ts'
import type { RunContext } from '../pipeline/run-context.ts'
import { chooseLease } from './choose-lease.ts'
import { describeDifference, protocolKey } from './protocol.ts'

/** For executors that cannot see a death; a local one returns the lease at once. */
const LEASE_MS = 30 * 60_000
/**
 * A candidate that a worker died with so often is final. Kills from outside meet different candidates; only one that kills its worker
 * by itself comes here, and it would stop the search for ever. A kill must not change the front, so the number is generous.
 */
const CRASH_LIMIT = 5

export interface Lease {
  readonly id: string
  readonly candidates: readonly CandidateRecord[]
}

/** The next rows of a generation, neighbours of the order in which they share most. Null when none is proposed. */
export function leaseCandidates(
  { store, runId, config, plan, now }: RunContext,
  generation: number,
): Lease | null {
  const id = randomUUID()
  return store.transaction(() => {
    const chosen = chooseLease(store.candidates.proposed(runId, generation), {
      workers: plan.searchWorkers,
      millisecondsEach: store.candidates.meanEvaluationMs(runId),
      shares: config.search.sharedMemory !== 0,
    })
    if (chosen.length === 0) {
      return null
    }
    const ids = chosen.map((row) => row.id)
    const request = { runId, generation, limit: ids.length, ids, leaseId: id, expiresAt: now() + LEASE_MS }
    return { id, candidates: store.candidates.lease(request) }
  })
}

export interface LeaseWork {
  readonly lane: string
  readonly lease: Lease
  readonly signal: AbortSignal
  /** After each row that became final or went back. */
  readonly onFinal: () => void
}

/** Scores the rows of a lease. Whatever is not final at the end goes back to `proposed`. */
export async function evaluateLease(context: RunContext, work: LeaseWork): Promise<void> {
  const { lease, lane } = work
  const open = new Set(lease.candidates.map((candidate) => candidate.id))
  const mismatch = new AbortController()
  const job = {
    ...jobBase(context),
    kind: 'evaluate' as const,
    split: 'search' as const,
    candidates: lease.candidates.map(({ id, genotypeId, genotype }) => ({
      candidateId: id,
      genotypeId,
      genotype,
    })),
  }
  try {
    await runPhaseJob(context, job, {
      lane,
      threads: context.plan.searchThreads,
      cores: coresOfSearchWorker(context.plan),
      signal: AbortSignal.any([work.signal, mismatch.signal]),
      onEvent: (event) => {
        recordVerdict(context, work, open, mismatch, event)
      },
    })
    requireVerdicts(open)
  } catch (thrown) {
    returnLease(context, lease, open, thrown)
    // A refused score outranks the stop that it caused.
    throw mismatch.signal.aborted ? mismatch.signal.reason : thrown
  }
}

function recordVerdict(
  context: RunContext,
  { lease, onFinal }: LeaseWork,
  open: Set<string>,
  mismatch: AbortController,
  event: JobEvent,
): void {
  const { store, hub, runId } = context
  if (event.kind !== 'candidate-evaluated' && event.kind !== 'candidate-failed') {
    return
  }
  const candidate = lease.candidates.find(({ id }) => id === event.candidateId)
  if (candidate === undefined || !open.has(candidate.id)) {
    return
  }
  if (event.kind === 'candidate-evaluated') {
    const refusal = refuseProtocol(context, event.protocol)
    if (refusal !== null) {
      mismatch.abort(refusal)
      return
    }
    store.transaction(() => {
      const isHeld = store.candidates.recordEvaluation(candidate.id, lease.id, event)
      if (isHeld && event.pictures !== undefined) {
        store.pictureResults.insert({ runId, candidateId: candidate.id, split: 'search' }, event.pictures)
      }
    })
  } else {
    store.candidates.recordFailure(candidate.id, lease.id, event.error)
    hub.addLog(runId, 'warn', `candidate #${String(candidate.number)}: ${event.error.message}`)
  }
  open.delete(candidate.id)
  hub.addCandidates(runId, [candidate.number])
  onFinal()
}

/** Points of different protocols never share a front (architecture 4.4), so a run has one. */
function refuseProtocol({ store, runId }: RunContext, protocol: Protocol): EngineError | null {
  const first = store.candidates.firstProtocol(runId)
  if (first === null || protocolKey(first) === protocolKey(protocol)) {
    return null
  }
  return new EngineError(
    'CONFLICT',
    `This run's scores and new ones would not be comparable (${describeDifference(first, protocol)}). Restore the earlier surroundings, or start a new run.`,
  )
}

function requireVerdicts(open: ReadonlySet<string>): void {
  if (open.size > 0) {
    throw new EngineError(
      'INTERNAL',
      `The worker ended its job without a verdict on ${[...open].join(', ')}.`,
    )
  }
}

/** Candidates of a lease are scored side by side, so all open ones were in hand when the worker died; each is then tried alone. */
function returnLease(
  { store, hub, runId }: RunContext,
  lease: Lease,
  open: ReadonlySet<string>,
  thrown: unknown,
): void {
  const error = toErrorInfo(thrown)
  const hasDied = error.code === 'WORKER_DIED' || error.code === 'OUT_OF_MEMORY'
  const inHand = hasDied ? [...open] : []
  store.transaction(() => {
    store.candidates.returnLease(lease.id, inHand, CRASH_LIMIT, hasDied ? error : null)
  })
  hub.addCandidates(
    runId,
    lease.candidates.filter(({ id }) => open.has(id)).map(({ number }) => number),
  )
}
