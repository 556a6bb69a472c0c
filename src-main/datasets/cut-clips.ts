import { sampleRandom, shuffledIndices } from './sample-random.ts'

export interface Frame {
  readonly id: string
  /** The wider group of frames that look alike: a drive, a city. */
  readonly clip: string
  /** Part of the clip that is one recording; default the clip itself. */
  readonly sequence?: string
}

export interface ClipCut<Item extends Frame> {
  readonly train: readonly Item[]
  readonly search: readonly Item[]
  /** Frames next to the search frames, used for neither, since they look alike. */
  readonly gap: readonly Item[]
  /** How the cut was made, for a person. */
  readonly note: string
  /** True if a recording had to be cut apart. */
  readonly isInsideClip: boolean
}

/** Whole groups are taken at once if they come to between these shares of what was asked for. */
const LEAST_OF_WANTED = 0.5
const MOST_OF_WANTED = 2
/** Frames on either side of a block cut out of a clip; at CamVid's rate of one a second about four seconds. */
const GAP_FRAMES = 4

/**
 * Cuts the search split from the training frames: whole clips whose frames come nearest to the wanted share, else whole
 * sequences of clips, else the single clip or sequence that comes nearest. A recording is cut apart only where it is the only
 * one: then one block of neighbouring frames with a gap on either side.
 *
 * @param frames - In the order they were filmed within each clip.
 * @param reportClips - Clips that the report split continues. They stay in training where another clip can serve: else nothing
 *   like the report split would ever be seen in training (CamVid's dusk drive is one clip of train and the whole test).
 * @throws RangeError for fewer than three frames.
 */
export function cutClips<Item extends Frame>(
  frames: readonly Item[],
  fraction: number,
  seed: number,
  reportClips: ReadonlySet<string> = new Set(),
): ClipCut<Item> {
  if (frames.length < 3) {
    throw new RangeError(`cutClips: needs three frames at least, got ${String(frames.length)}`)
  }
  const wanted = Math.max(1, Math.round(frames.length * fraction))
  const isFree = (frame: Frame): boolean => !reportClips.has(frame.clip)
  const byClip = { name: 'clip', of: (frame: Frame) => frame.clip }
  const bySequence = { name: 'sequence', of: sequenceOf }
  const groupings = frames.some((frame) => frame.sequence !== undefined) ? [byClip, bySequence] : [byClip]
  for (const choose of [chooseNear, chooseSingle]) {
    for (const grouping of groupings) {
      const groups =
        choose(frames, grouping.of, isFree, wanted, seed) ??
        choose(frames, grouping.of, () => true, wanted, seed)
      if (groups !== null) {
        return takeWhole(frames, grouping, groups)
      }
    }
  }
  return cutBlock(frames, wanted, seed)
}

function sequenceOf({ clip, sequence }: Frame): string {
  return sequence ?? clip
}

type GroupOf = (frame: Frame) => string

function takeWhole<Item extends Frame>(
  frames: readonly Item[],
  { name, of }: { readonly name: string; readonly of: GroupOf },
  groups: ReadonlySet<string>,
): ClipCut<Item> {
  const search = frames.filter((frame) => groups.has(of(frame)))
  const names = [...groups].toSorted()
  const listed = names.length <= 6 ? names.join(', ') : `${names.slice(0, 6).join(', ')}, …`
  return {
    train: frames.filter((frame) => !groups.has(of(frame))),
    search,
    gap: [],
    note: `search split: ${String(groups.size)} whole ${name}(s), ${listed} (${String(search.length)} frames)`,
    isInsideClip: false,
  }
}

/** Groups in seeded order are added while that brings the total nearer to what is wanted. Null if none comes near. */
function chooseNear(
  frames: readonly Frame[],
  of: GroupOf,
  isAllowed: (frame: Frame) => boolean,
  wanted: number,
  seed: number,
): Set<string> | null {
  const most = new Set(frames.map(of)).size - 1
  const sizes = countGroups(frames.filter(isAllowed), of)
  const chosen = new Set<string>()
  let total = 0
  for (const name of shuffledNames(sizes, seed)) {
    const grown = total + (sizes.get(name) ?? 0)
    if (chosen.size < most && Math.abs(grown - wanted) < Math.abs(total - wanted)) {
      chosen.add(name)
      total = grown
    }
  }
  const isNear = total >= wanted * LEAST_OF_WANTED && total <= wanted * MOST_OF_WANTED
  return isNear ? chosen : null
}

/** The one group whose size comes nearest to what is wanted and that leaves at least half of the frames for training. */
function chooseSingle(
  frames: readonly Frame[],
  of: GroupOf,
  isAllowed: (frame: Frame) => boolean,
  wanted: number,
  seed: number,
): Set<string> | null {
  const sizes = countGroups(frames.filter(isAllowed), of)
  const [nearest] = shuffledNames(sizes, seed)
    .map((name) => ({ name, size: sizes.get(name) ?? 0 }))
    .filter(({ size }) => size * 2 <= frames.length)
    .toSorted((a, b) => Math.abs(a.size - wanted) - Math.abs(b.size - wanted))
  return nearest === undefined ? null : new Set([nearest.name])
}

function countGroups(frames: readonly Frame[], of: GroupOf): Map<string, number> {
  const sizes = new Map<string, number>()
  for (const frame of frames) {
    sizes.set(of(frame), (sizes.get(of(frame)) ?? 0) + 1)
  }
  return sizes
}

function shuffledNames(sizes: ReadonlyMap<string, number>, seed: number): string[] {
  const names = [...sizes.keys()].toSorted()
  return shuffledIndices(names.length, sampleRandom('search clips', seed)).map((index) => names[index] ?? '')
}

/** A block of the largest clip, its place decided by the seed. */
function cutBlock<Item extends Frame>(frames: readonly Item[], wanted: number, seed: number): ClipCut<Item> {
  const byClip = Map.groupBy(frames, sequenceOf)
  const [clip = '', members = []] = [...byClip].toSorted((a, b) => b[1].length - a[1].length)[0] ?? []
  const length = Math.min(wanted, Math.max(1, Math.floor(members.length / 2)))
  const start = sampleRandom('search block', seed).int(members.length - length + 1)
  const gap = Math.min(GAP_FRAMES, Math.floor((members.length - length) / 4))
  const search = members.slice(start, start + length)
  const left = members.slice(Math.max(0, start - gap), start)
  const right = members.slice(start + length, start + length + gap)
  const taken = new Set([...search, ...left, ...right].map((frame) => frame.id))
  return {
    train: frames.filter((frame) => !taken.has(frame.id)),
    search,
    gap: [...left, ...right],
    note:
      `search split: ${String(search.length)} neighbouring frames of clip ${clip}, ` +
      `${String(left.length + right.length)} frames beside them used for neither`,
    isInsideClip: true,
  }
}
