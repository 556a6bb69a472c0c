import type { BenchEvaluationRow, BenchReport, BenchRow } from '../engine/bench/bench.types.ts'
import { formatTable } from './run-result.ts'

const MOST_OPERATIONS_LISTED = 12

/** The report as text: machine, one line for each measurement, profiles, what failed. */
export function describeBench(report: BenchReport): string {
  const { machine, rows, loader, evaluations, failures, seconds } = report
  const backends = machine.backends.map(({ name, version, device }) => `${name} ${version} on ${device}`)
  const blocks = [
    [
      `${machine.processor}, ${String(machine.cores)} cores, ${gibibytes(machine.memoryBytes)} GiB, load ${machine.load.toFixed(1)}`,
      `${machine.platform}, Node ${machine.node}, ScaleNAS Studio ${machine.codeVersion}; ${backends.join('; ')}`,
    ].join('\n'),
    rows.length === 0 ? '' : describeRows(rows),
    loader === null ? '' : describeLoader(loader),
    ...evaluations.map(describeEvaluation),
    ...rows.map(describeProfile),
    failures.map(({ what, error }) => `not measured: ${what}: ${error.message}`).join('\n'),
    `Medians with half the distance of the quartiles; GFLOP are those of the convolutions. ${seconds.toFixed(0)} s`,
  ]
  return blocks.filter((block) => block !== '').join('\n\n')
}

function describeRows(rows: readonly BenchRow[]): string {
  const head = [
    'network',
    'subnet',
    'work',
    'backend',
    'threads',
    'batch',
    'ms',
    '± %',
    'n',
    'GFLOP/s',
    'images/s',
    'peak MiB',
  ]
  const cells = rows.map((row) => [
    row.network,
    row.subnet,
    row.work,
    row.backend,
    String(row.threads),
    String(row.batch),
    milliseconds(row.time.medianMs),
    (row.time.spread * 100).toFixed(1),
    String(row.time.repetitions),
    row.gigaFlopsPerSecond.toFixed(1),
    row.imagesPerSecond.toFixed(1),
    (row.peakMemoryBytes / 2 ** 20).toFixed(0),
  ])
  return formatTable([head, ...cells]).join('\n')
}

function describeLoader({
  source,
  inputHeight,
  inputWidth,
  decoding,
  cached,
}: NonNullable<BenchReport['loader']>): string {
  const pace = ({ imagesPerSecond, imagesPerSecondPerCore }: typeof decoding): string =>
    `${imagesPerSecond.toFixed(0)} images/s, ${imagesPerSecondPerCore.toFixed(0)} per core`
  return [
    `loader, crops of ${String(inputHeight)} x ${String(inputWidth)} from ${source}`,
    `  decoded each time   ${pace(decoding)}`,
    `  pictures in memory  ${pace(cached)}`,
  ].join('\n')
}

function describeEvaluation(row: BenchEvaluationRow): string {
  const { network, backend, candidates, plainCandidates, images } = row
  const time = (spent: number): string => `${(spent / 1000).toFixed(1)} s`
  const sure = row.sameScores ? 'the same scores' : 'OTHER SCORES'
  return [
    `${network}, ${backend}, 1 thread: ${String(candidates)} candidates on ${String(images.recalibration)} + ${String(images.scoring)} images${images.flipTest ? ' and their mirror images' : ''}`,
    `  one by one         ${time(row.plainMs)} (${String(plainCandidates)} of ${String(candidates)} timed)`,
    `  equal parts once   ${time(row.sharedMs)}, ${row.factor.toFixed(2)} times less, ${row.countedFactor.toFixed(2)} by multiply-adds; ${sure}`,
    `  (at most ${row.countedBound.toFixed(2)} by what the generation has in common, ${row.countedBoundWithParents.toFixed(2)} with all that its parents had; the parents took ${time(row.parentsMs)})`,
    `  against images decoded for every candidate, as the reference does, ${row.factorWithDecoding.toFixed(2)} times less`,
    `  shared values take ${mebibytes(row.sharedPeakBytes)}, kept ones ${mebibytes(row.keptBytes)}`,
  ].join('\n')
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(0)} MiB`
}

function describeProfile({ network, subnet, work, backend, threads, profile }: BenchRow): string {
  if (profile === null) {
    return ''
  }
  const share = (spent: number): string => `${((spent * 100) / profile.milliseconds).toFixed(1)} %`
  const listed = profile.operations.slice(0, MOST_OPERATIONS_LISTED)
  const cells = listed.map(({ name, calls, milliseconds: spent }) => [
    `  ${name}`,
    String(calls),
    `${milliseconds(spent)} ms`,
    share(spent),
  ])
  const host = [
    '  outside the library',
    '',
    `${milliseconds(profile.hostMilliseconds)} ms`,
    share(profile.hostMilliseconds),
  ]
  return `${network} ${subnet}, ${work}, ${backend}, ${String(threads)} ${threads === 1 ? 'thread' : 'threads'}: one repetition of ${milliseconds(profile.milliseconds)} ms\n${formatTable([...cells, host]).join('\n')}`
}

function milliseconds(value: number): string {
  return value.toFixed(value < 100 ? 2 : 0)
}

function gibibytes(bytes: number): string {
  return (bytes / 2 ** 30).toFixed(0)
}
