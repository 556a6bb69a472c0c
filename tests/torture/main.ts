import { parseArgs } from 'node:util'
import { describeFullDisk, describeKills, describePart } from './describe-table.ts'
import { floodEngine } from './flood-engine.ts'
import { tortureFullDisk } from './full-disk.ts'
import { runFuzz } from './fuzz.ts'
import { formatRows } from './fuzz-report.ts'
import { tortureRuns } from './kills.ts'

const HELP = `Tries to break the program: kills, damaged checkpoints, a full disk, a flood of requests, fuzzed files.

  npm run torture -- [--minutes 10] [--seed N] [--only PART,...] [--kills N] [--files N]

  --minutes N   about how long; the parts share it (default 10)
  --seed N      the same seed tries the same things (default: by the clock; printed)
  --only PART   of kills, disk, flood, fuzz
  --kills N     at most so many kills (default: what the time allows)
  --files N     at most so many fuzzed files (default: what the time allows)

  Exit code 0 only if everything is as promised. Needs Linux; the full disk needs root.`

const PARTS = ['kills', 'disk', 'flood', 'fuzz'] as const
type Part = (typeof PARTS)[number]

/** Share of the time for kills; the fuzzer takes the other half, disk and flood take what they need. */
const KILLS_SHARE = 0.5
const UNBOUNDED = 1_000_000_000
const DAMAGES = 40
const MINUTE_MS = 60_000
const WRONG_REQUEST = 2

interface Plan {
  readonly minutes: number
  readonly seed: number
  readonly kills: number
  readonly files: number
  readonly parts: readonly Part[]
}

const report = (line: string): void => {
  console.error(line)
}

async function main(plan: Plan): Promise<number> {
  const { minutes, seed, kills, files, parts } = plan
  report(`seed ${String(seed)}, about ${String(minutes)} minutes`)
  const finds: string[] = []
  if (parts.includes('disk')) {
    const table = await tortureFullDisk({ rounds: 2, seed, report })
    console.log(describeFullDisk(table))
    finds.push(...table.finds)
  }
  if (parts.includes('flood')) {
    const table = await floodEngine({ seed })
    console.log(describePart('flood', table.rows))
    finds.push(...table.finds)
  }
  if (parts.includes('kills')) {
    const share = parts.includes('fuzz') ? KILLS_SHARE : 1
    const deadlineMs = performance.now() + minutes * share * MINUTE_MS
    const table = await tortureRuns({ seed, kills, damages: DAMAGES, deadlineMs, report })
    console.log(describeKills(table))
    finds.push(...table.finds)
  }
  if (parts.includes('fuzz')) {
    const share = parts.includes('kills') ? 1 - KILLS_SHARE : 1
    const { rows, finds: found } = await runFuzz({ files, seed, minutes: minutes * share, report })
    console.log(formatRows(rows))
    finds.push(...found.map(({ reader, number, detail }) => `${reader} ${String(number)}: ${detail}`))
  }
  console.log(finds.length === 0 ? 'everything as promised' : ['not as promised:', ...finds].join('\n  '))
  return finds.length === 0 ? 0 : 1
}

function readPlan(): Plan | string {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '10' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      kills: { type: 'string', default: String(UNBOUNDED) },
      files: { type: 'string', default: String(UNBOUNDED) },
      only: { type: 'string', default: PARTS.join(',') },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    return HELP
  }
  const numbers = [values.minutes, values.seed, values.kills, values.files].map(Number)
  const [minutes = 0, seed = 0, kills = 0, files = 0] = numbers
  const names = values.only.split(',')
  if (!numbers.every((value) => Number.isFinite(value) && value >= 0)) {
    return `--minutes, --seed, --kills and --files take numbers of 0 and more.\n\n${HELP}`
  }
  const parts = PARTS.filter((part) => names.includes(part))
  const unknown = names.find((name) => !PARTS.some((part) => part === name))
  return unknown === undefined
    ? { minutes, seed, kills, files, parts }
    : `There is no part "${unknown}".\n\n${HELP}`
}

const plan = readPlan()
if (typeof plan === 'string') {
  console.log(plan)
  process.exitCode = plan === HELP ? 0 : WRONG_REQUEST
} else {
  process.exitCode = await main(plan)
}
