import { malformed, quoted } from './malformed.ts'

/** The reference's queue file (method.md 7.6): `mask_17` free, `mask_17 Evaluating...` taken, `mask_17 PARAMS_M GFLOPS SCORE` done. */

const FORMAT = 'evolution log'
/** The published search has 2,000 lines; this is a hundred times as much. */
const MOST_LINES = 200_000
const LONGEST_LINE = 1000
const NAMED_LINES = 20
const TAKEN = 'Evaluating...'
/** Names become file names beside the log, so they must not lead elsewhere. */
const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/

export interface EvolutionRecord {
  /** Of the genotype file beside the log, without `.npy`. */
  readonly name: string
  /** From 1. */
  readonly line: number
  /** Parameters in millions, as printed. */
  readonly paramsMillions: number
  /** Multiply-adds / 2^30, as printed. */
  readonly gigaMacs: number
  /** As printed; see `scoreScale`. */
  readonly score: number
}

export interface EvolutionLog {
  readonly records: readonly EvolutionRecord[]
  /** Names that were waiting, or taken by an evaluator that never came back. */
  readonly unscored: readonly string[]
  /** Lines that are none of the three forms, each with its number, and names with more than one score. */
  readonly problems: readonly string[]
  /** What a score is divided by to lie in [0, 1]: 100 as soon as one is above 1. */
  readonly scoreScale: 1 | 100
}

/**
 * Reads the text of a log. A name that was scored twice is left out: the reference overwrites its file when it is started twice, so
 * nobody can tell which architecture a score belongs to.
 *
 * @throws EngineError if the text has more or longer lines than such a log can have.
 */
export function parseEvolutionLog(text: string): EvolutionLog {
  const lines = text.split(/\r?\n/)
  if (lines.length > MOST_LINES) {
    throw malformed(FORMAT, `${lines.length} lines, at most ${MOST_LINES} are read`)
  }
  const records = new Map<string, EvolutionRecord[]>()
  const unscored: string[] = []
  const problems: string[] = []
  for (const [index, line] of lines.entries()) {
    const parsed = parseLine(line, index + 1)
    if (typeof parsed === 'string') {
      problems.push(parsed)
    } else if (parsed !== null && 'score' in parsed) {
      const found = records.get(parsed.name)
      if (found === undefined) {
        records.set(parsed.name, [parsed])
      } else {
        found.push(parsed)
      }
    } else if (parsed !== null) {
      unscored.push(parsed.name)
    }
  }
  for (const [name, found] of records) {
    if (found.length > 1) {
      const few = found.slice(0, NAMED_LINES).map(({ line }) => line)
      const at = [...few, ...(found.length > NAMED_LINES ? ['…'] : [])].join(', ')
      problems.push(
        `${name} has ${found.length} scores (lines ${at}); which one its file belongs to is unknown, so it is left out`,
      )
    }
  }
  const single = [...records.values()].filter((found) => found.length === 1).flat()
  return { records: single, unscored, problems, scoreScale: single.some(({ score }) => score > 1) ? 100 : 1 }
}

/** A record, an unscored name, a sentence that says what is wrong, or null for an empty line. */
function parseLine(
  line: string,
  number: number,
): EvolutionRecord | { readonly name: string } | string | null {
  if (line.length > LONGEST_LINE) {
    throw malformed(FORMAT, `line ${number} has ${line.length} characters, at most ${LONGEST_LINE} are read`)
  }
  const [name, ...rest] = line.split(/\s+/).filter((token) => token !== '')
  if (name === undefined) {
    return null
  }
  if (!NAME.test(name)) {
    return `line ${number}: ${quoted(name)} is no name of a genotype file`
  }
  if (rest.length === 0 || (rest.length === 1 && rest[0] === TAKEN)) {
    return { name }
  }
  const [paramsMillions = Number.NaN, gigaMacs = Number.NaN, score = Number.NaN] = rest.map(Number)
  const isDone = rest.length === 3 && paramsMillions > 0 && gigaMacs > 0 && score >= 0 && score <= 100
  return isDone && Number.isFinite(paramsMillions) && Number.isFinite(gigaMacs)
    ? { name, line: number, paramsMillions, gigaMacs, score }
    : `line ${number}: ${quoted(line)} is neither "name", "name ${TAKEN}" nor "name params GFLOPs score"`
}
