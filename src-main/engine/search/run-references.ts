import { EngineError } from '../../contract/index.ts'
import type { ReferenceScore } from '../../contract/index.ts'
import { genotypeId, toGenotypeJson } from '../../nas/genotype.ts'
import { largestGenotype } from '../../nas/named-genotypes.ts'
import type { SearchSetup } from '../configure/search-setup.ts'
import type { JobEvent } from '../executors/executor.ts'
import { coresOfSearchWorker, jobBase, runPhaseJob } from '../pipeline/run-context.ts'
import type { RunContext } from '../pipeline/run-context.ts'

type Split = ReferenceScore['split']
type Subject = Pick<ReferenceScore, 'name' | 'genotypeId' | 'macs' | 'params' | 'iterations' | 'split'>

/** What the report still has to score of the teacher: both splits, unless a resume finds them scored. */
export function waitingReferences({ store, runId }: RunContext, setup: SearchSetup): readonly Subject[] {
  const iterations = store.checkpoints.newestIteration(runId, 'teacher')
  const scored = store.references.list(runId)
  const { macs, params } = setup.largest
  const identity = { name: 'teacher', genotypeId: genotypeId(largestGenotype(setup.space)) } as const
  const splits: readonly Split[] = iterations === 0 ? [] : ['search', 'report']
  return splits
    .filter((split) => !scored.some((score) => score.split === split))
    .map((split) => ({ ...identity, macs, params, iterations, split }))
}

/** Scores the teacher by the job that scores candidates: recalibrated alike, on the same images. */
export async function scoreReference(
  context: RunContext,
  setup: SearchSetup,
  {
    subject,
    lane,
    signal,
  }: { readonly subject: Subject; readonly lane: string; readonly signal: AbortSignal },
): Promise<void> {
  const { store, hub, runId, config, plan } = context
  const genotype = toGenotypeJson(setup.space, config.network.baseWidth, largestGenotype(setup.space))
  const candidateId = `${runId}:${subject.name}`
  const candidates = [{ candidateId, genotypeId: subject.genotypeId, genotype }]
  const job = { ...jobBase(context), kind: 'evaluate', weights: 'teacher' } as const
  const verdicts: JobEvent['kind'][] = []
  await runPhaseJob(
    context,
    { ...job, split: subject.split, candidates },
    {
      ...{ lane, signal, threads: plan.searchThreads, cores: coresOfSearchWorker(plan) },
      onEvent: (event) => {
        if (event.kind === 'candidate-evaluated') {
          verdicts.push(event.kind)
          const metrics = { ...event.metrics, accuracy: event.accuracy }
          store.references.insert(runId, { ...subject, metrics, protocol: event.protocol })
        }
        if (event.kind === 'candidate-failed') {
          verdicts.push(event.kind)
          hub.addLog(runId, 'error', `${subject.name}, ${subject.split} split: ${event.error.message}`)
        }
      },
    },
  )
  if (verdicts.length === 0) {
    throw new EngineError('INTERNAL', `The worker ended its job without a verdict on the ${subject.name}.`)
  }
}
