import type {
  BackendName,
  BackendRefusal,
  ComputeConfig,
  RefusalCode,
  WorkerReady,
} from '../../contract/index.ts'
import type { Store } from '../../store/store.ts'
import { readLibraryStamp } from './library-stamp.ts'

/** What workers said of the backends of this machine. */
export interface BackendVersions {
  /** Empty: none is present. */
  readonly versions: Readonly<Partial<Record<BackendName, string>>>
  readonly refusals: readonly BackendRefusal[]
}

interface KeptVersions extends BackendVersions {
  readonly stamp: string
}

/** Remembers them as long as the files of the libraries are the same, so that a run need not start a worker for each to ask again. */
export interface KnownLibraries {
  /** @returns Null where something has changed, or nothing is known. */
  find(wish: ComputeConfig['backend']): BackendVersions | null
  /** Refusals that may pass by themselves (a process that crashed, a library that did not load) are not remembered. */
  keep(wish: ComputeConfig['backend'], found: BackendVersions): void
}

/** What is so as long as the files are the same. */
const LASTING: readonly RefusalCode[] = [
  ...(['not-installed', 'no-native-part', 'no-adapter', 'software-adapter', 'self-test-failed'] as const),
]

const SETTING = 'libraries'

/** @param readStamp - See {@link readLibraryStamp}. */
export function openKnownLibraries(
  settings: Store['settings'],
  readStamp: () => string = readLibraryStamp,
): KnownLibraries {
  const read = (): Readonly<Record<string, KeptVersions>> =>
    (settings.find(SETTING) ?? {}) as Readonly<Record<string, KeptVersions>>
  return {
    find(wish) {
      const kept = read()[wish]
      return kept?.stamp === readStamp() ? kept : null
    },
    keep(wish, { versions, refusals }) {
      if (refusals.every(({ code }) => LASTING.includes(code))) {
        settings.set(SETTING, { ...read(), [wish]: { stamp: readStamp(), versions, refusals } })
      }
    },
  }
}

/** The next run asks workers again. */
export function forgetLibraries(settings: Store['settings']): void {
  settings.set(SETTING, {})
}

/** What one worker said of itself, or why it could not compute. */
export type AnswerOfBackend =
  | { readonly backend: BackendName; readonly facts: Pick<WorkerReady, 'backendVersion' | 'device'> }
  | BackendRefusal

/**
 * Takes what workers of every backend said just now instead of what is remembered.
 *
 * @param answers - In the order of `BACKENDS`.
 */
export function relearnLibraries(
  settings: Store['settings'],
  answers: readonly AnswerOfBackend[],
  readStamp: () => string = readLibraryStamp,
): void {
  forgetLibraries(settings)
  const known = openKnownLibraries(settings, readStamp)
  for (const answer of answers) {
    known.keep(answer.backend, toVersions([answer]))
  }
  known.keep('auto', toVersions(answers))
}

function toVersions(answers: readonly AnswerOfBackend[]): BackendVersions {
  const versions: Partial<Record<BackendName, string>> = {}
  const refusals: BackendRefusal[] = []
  for (const answer of answers) {
    if ('facts' in answer) {
      versions[answer.backend] = versionText(answer.facts)
    } else {
      refusals.push(answer)
    }
  }
  return { versions, refusals }
}

/** "2.18.1", or "2.18.1 on gpu". */
export function versionText({
  backendVersion,
  device,
}: Pick<WorkerReady, 'backendVersion' | 'device'>): string {
  return device === 'cpu' ? backendVersion : `${backendVersion} on ${device}`
}

/**
 * Compares what a run's worker says with what its figures were taken with.
 *
 * @returns A sentence where they differ; null where they agree or nothing was measured.
 */
export function describeChange(
  measured: BackendVersions['versions'] | undefined,
  facts: Pick<WorkerReady, 'backend' | 'backendVersion' | 'device'>,
): string | null {
  const before = new Map(Object.entries(measured ?? {})).get(facts.backend)
  const now = versionText(facts)
  return before === undefined || before === now
    ? null
    : `${facts.backend} is ${now}; threads and workers of this run were chosen by figures of ${before}. New runs measure anew.`
}
