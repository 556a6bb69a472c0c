/** What evaluators call the metric that stands on the accuracy axis; scores stored before it had a name of its own lack `accuracy`. */
const MAIN_METRICS = ['accuracy', 'pck', 'meanIou', 'ap'] as const

/** The accuracy among the metrics of a score or a baseline, in [0, 1]; null if it is not there. */
export function mainMetric(metrics: Readonly<Record<string, number>>): number | null {
  const name = MAIN_METRICS.find((candidate) => candidate in metrics)
  return name === undefined ? null : (metrics[name] ?? null)
}
