import { sampleRandom, shuffledIndices } from '../sample-random.ts'

export interface Frame {
  readonly id: string
  readonly clip: string
}

export interface ClipCut<Item extends Frame> {
  readonly train: readonly Item[]
  readonly search: readonly Item[]
  /** Frames next to the search frames, used for neither, since they look alike. */
  readonly gap: readonly Item[]
  /** How the cut was made, for a person. */
  readonly note: string
  /** True if a clip had to be cut apart. */
  readonly isInsideClip: boolean
}

/** Whole clips are taken if they come to between these shares of what was asked for. */
const LEAST_OF_WANTED = 0.5
const MOST_OF_WANTED = 2
/** Frames on either side of a block cut out of a clip; at CamVid's rate of one a second about four seconds. */
const GAP_FRAMES = 4

/**
 * Cuts the search split from the training frames: whole clips whose frames come nearest to the wanted share; where no clip
 * is small enough, one block of neighbouring frames with a gap on either side.
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
  const others = frames.filter((frame) => !reportClips.has(frame.clip))
  const clips = chooseClips(others, frames, wanted, seed) ?? chooseClips(frames, frames, wanted, seed)
  if (clips !== null) {
    const search = frames.filter((frame) => clips.has(frame.clip))
    const train = frames.filter((frame) => !clips.has(frame.clip))
    const names = [...clips].toSorted().join(', ')
    return {
      train,
      search,
      gap: [],
      note: `search split: ${String(clips.size)} whole clip(s), ${names} (${String(search.length)} frames)`,
      isInsideClip: false,
    }
  }
  return cutBlock(frames, wanted, seed)
}

/** Clips in seeded order are added while that brings the total nearer to what is wanted. */
function chooseClips(
  frames: readonly Frame[],
  all: readonly Frame[],
  wanted: number,
  seed: number,
): Set<string> | null {
  const most = new Set(all.map((frame) => frame.clip)).size - 1
  const sizes = new Map<string, number>()
  for (const { clip } of frames) {
    sizes.set(clip, (sizes.get(clip) ?? 0) + 1)
  }
  const names = [...sizes.keys()].toSorted()
  const order = shuffledIndices(names.length, sampleRandom('search clips', seed)).map(
    (index) => names[index] ?? '',
  )
  const chosen = new Set<string>()
  let total = 0
  for (const name of order) {
    const grown = total + (sizes.get(name) ?? 0)
    if (chosen.size < most && Math.abs(grown - wanted) < Math.abs(total - wanted)) {
      chosen.add(name)
      total = grown
    }
  }
  const isNear = total >= wanted * LEAST_OF_WANTED && total <= wanted * MOST_OF_WANTED
  return isNear ? chosen : null
}

/** A block of the largest clip, its place decided by the seed. */
function cutBlock<Item extends Frame>(frames: readonly Item[], wanted: number, seed: number): ClipCut<Item> {
  const byClip = Map.groupBy(frames, (frame) => frame.clip)
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
