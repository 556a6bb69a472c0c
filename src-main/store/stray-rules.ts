/** Something in a data folder; links and special files are none of ours and never appear here. */
export interface FolderEntry {
  /** From the data folder, with slashes. */
  readonly path: string
  readonly kind: 'file' | 'folder'
  /** Milliseconds since 1970. */
  readonly modifiedAt: number
}

interface StrayRule {
  readonly kind: FolderEntry['kind']
  readonly pattern: RegExp
  /** Others than the engine write there as well, without its lock; what they write now is young. */
  readonly isShared?: true
}

const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'
const RUN = 'runs/r-[a-z0-9]{6,24}'
/** A draft has the id of the process that writes it. */
const DRAFT = String.raw`\.tmp-(?<pid>\d+)`
const ENDINGS = '(?:safetensors|json|md|txt|py|png|labels)'

/** Names that this program and none else gives to what is not finished. Everything else is somebody's file. */
const RULES: readonly StrayRule[] = [
  { kind: 'file', pattern: /^\.probe-\d+$/ },
  { kind: 'file', pattern: new RegExp(`^engine\\.lock\\.(?:stale-)?${UUID}$`) },
  { kind: 'file', pattern: new RegExp(`^engine\\.lock${DRAFT}$`) },
  { kind: 'file', pattern: new RegExp(`^token\\.tmp-${UUID}$`) },
  { kind: 'file', pattern: new RegExp(`^studio\\.sqlite${DRAFT}(?:-journal|-wal|-shm)?$`) },
  { kind: 'file', pattern: new RegExp(`^backups/studio-[\\w-]+\\.sqlite${DRAFT}(?:-journal|-wal|-shm)?$`) },
  { kind: 'folder', pattern: /^tmp\/preflight-r-[a-z0-9]{6,24}$/ },
  { kind: 'folder', pattern: /^cache\/preflight-\w{6}$/ },
  { kind: 'file', pattern: /^cache\/pictures\/[\w.-]+\.\d+\.part$/, isShared: true },
  { kind: 'file', pattern: new RegExp(`^${RUN}/(?:run|results)\\.json${DRAFT}$`) },
  {
    kind: 'file',
    pattern: new RegExp(
      `^${RUN}/checkpoints/(?:teacher|supernet)-\\d{8}(?:(?:\\.optimizer)?\\.safetensors|\\.sha256)${DRAFT}$`,
    ),
  },
  { kind: 'file', pattern: new RegExp(`^${RUN}/(?:preview|detections)/[\\w-]+\\.${ENDINGS}${DRAFT}$`) },
  {
    kind: 'file',
    pattern: new RegExp(
      `^${RUN}/(?:predictions|exports|finetuned|pictures)/[\\w-]+/[\\w.-]+\\.${ENDINGS}${DRAFT}$`,
    ),
  },
  { kind: 'file', pattern: new RegExp(`^${RUN}/(?:predictions|pictures)/[\\w-]+/[\\w-]+\\.json\\.part$`) },
  { kind: 'folder', pattern: new RegExp(`^${RUN}/finetuned/[0-9a-f]{12}\\.part$`) },
]

const PAIR = `(${RUN}/checkpoints/(?:teacher|supernet)-\\d{8})`
const BESIDE_WEIGHTS = new RegExp(`^${PAIR}\\.(?:optimizer\\.safetensors|sha256)$`)
const WEIGHTS = new RegExp(`^${PAIR}\\.safetensors(|\\.damaged.*|\\.tmp-\\d+)$`)
const SHARED_AGE_MS = 24 * 3_600_000

/**
 * What an engine that has ended left unfinished, in the order given. The caller holds the lock of the folder, so no other engine is at
 * work; a worker may outlive its engine by a moment, so the drafts of living processes stay.
 */
export function chooseStrays(
  entries: readonly FolderEntry[],
  isAlive: (pid: number) => boolean,
  now: number,
): string[] {
  const isWhole = findWholeWeights(entries, isAlive)
  return entries
    .filter((entry) => isStray(entry, isAlive, now) || isHalf(entry, isWhole))
    .map(({ path }) => path)
}

function isStray(entry: FolderEntry, isAlive: (pid: number) => boolean, now: number): boolean {
  const rule = RULES.find(({ kind, pattern }) => kind === entry.kind && pattern.test(entry.path))
  if (rule === undefined) {
    return false
  }
  const pid = rule.pattern.exec(entry.path)?.groups?.['pid']
  const isYoung = rule.isShared === true && now - entry.modifiedAt < SHARED_AGE_MS
  return !isYoung && (pid === undefined || !isAlive(Number(pid)))
}

/** The state of an optimizer or checksums without weights are half a checkpoint and of no use. */
function isHalf({ path, kind }: FolderEntry, isWhole: (pair: string) => boolean): boolean {
  const pair = kind === 'file' ? BESIDE_WEIGHTS.exec(path)?.[1] : undefined
  return pair !== undefined && !isWhole(pair)
}

/** Weights that were judged damaged lie under a longer name, kept with their optimizer; others may be on their way. */
function findWholeWeights(
  entries: readonly FolderEntry[],
  isAlive: (pid: number) => boolean,
): (pair: string) => boolean {
  const pairs = entries.flatMap(({ path }) => {
    const [, pair, rest = ''] = WEIGHTS.exec(path) ?? []
    const pid = /^\.tmp-(\d+)$/.exec(rest)?.[1]
    return pair === undefined || (pid !== undefined && !isAlive(Number(pid))) ? [] : [pair]
  })
  const whole = new Set(pairs)
  return (pair) => whole.has(pair)
}
