/**
 * Flags of Node for worker processes.
 *
 * A worker's numbers live outside V8's heap, which holds some 30 MB; what a step leaves there is small and dies at once. V8 still lets
 * its young generation grow to three times 32 MiB and waits with its old one until garbage doubled it, minutes into a run, and gives the
 * memory of neither back. Bounded, both have their size before the first 200 steps: docs/evaluation-speed.md, "Memory".
 */
export const WORKER_FLAGS: readonly string[] = ['--max-semi-space-size=8', '--heap-growing-percent=20']
