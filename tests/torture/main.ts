import { parseArgs } from 'node:util'
import { tortureFullDisk } from './full-disk.ts'
import { tortureRuns } from './kills.ts'
import { describeKills } from './describe-table.ts'

const HELP = `Tries to break the program: kills, damaged checkpoints, a full disk, fuzzed files, a flood of requests.

  npm run torture -- [--minutes 10] [--seed N] [--only kills,disk,fuzz,flood] [--kills N] [--files N]

  --minutes N   about how long, shared by the parts (default 10)
  --seed N      the same seed tries the same things (default: by the clock, printed)
  --kills N     so many kills, however long they take; --files N: so many fuzzed files
  Exit code 0 only if everything is as promised. Needs Linux; a full disk needs root.`
