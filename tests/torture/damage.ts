import {
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Random } from '../../src-main/nas/random.ts'

/** What disks, copies and hands do to the files of a checkpoint. */
export const DAMAGES = [
  'bit of weights',
  'bit of optimizer',
  'header of weights',
  'half weights',
  'half optimizer',
  'zeroed weights',
  'empty optimizer',
  'no optimizer',
  'no weights',
  'no checksums and a bit',
  'weights of the checkpoint before',
  'optimizer of the checkpoint before',
] as const
export type Damage = (typeof DAMAGES)[number]

/**
 * Damages the newest checkpoint of a run.
 * @returns its name, or null where the run has none yet (or none before it, where one is needed).
 */
export function damageNewest(folder: string, damage: Damage, random: Random): string | null {
  const [newest, before] = listBases(folder)
  if (newest === undefined) {
    return null
  }
  const weights = `${newest}.safetensors`
  const optimizer = `${newest}.optimizer.safetensors`
  switch (damage) {
    case 'bit of weights':
      flipBit(weights, random, 0.2)
      break
    case 'bit of optimizer':
      flipBit(optimizer, random, 0.2)
      break
    case 'header of weights':
      flipBit(weights, random, 0)
      break
    case 'half weights':
      truncateSync(weights, Math.floor(readFileSync(weights).length / 2))
      break
    case 'half optimizer':
      truncateSync(optimizer, Math.floor(readFileSync(optimizer).length / 2))
      break
    case 'zeroed weights':
      writeFileSync(weights, new Uint8Array(readFileSync(weights).length))
      break
    case 'empty optimizer':
      truncateSync(optimizer, 0)
      break
    case 'no optimizer':
      rmSync(optimizer, { force: true })
      break
    case 'no weights':
      rmSync(weights)
      break
    case 'no checksums and a bit':
      rmSync(`${newest}.sha256`, { force: true })
      flipBit(weights, random, 0.2)
      break
    case 'weights of the checkpoint before':
    case 'optimizer of the checkpoint before': {
      if (before === undefined) {
        return null
      }
      const end = damage.startsWith('weights') ? '.safetensors' : '.optimizer.safetensors'
      writeFileSync(`${newest}${end}.new`, readFileSync(`${before}${end}`))
      renameSync(`${newest}${end}.new`, `${newest}${end}`)
      break
    }
    default:
      damage satisfies never
  }
  return newest
}

/** Paths without their ends; the newest of the later phase first, then the one before it of the same phase. */
function listBases(folder: string): readonly string[] {
  if (!existsSync(folder)) {
    return []
  }
  const bases = readdirSync(folder)
    .filter((name) => /^(teacher|supernet)-\d{8}\.safetensors$/.test(name))
    .map((name) => name.slice(0, -'.safetensors'.length))
    .filter((base) => existsSync(join(folder, `${base}.optimizer.safetensors`)))
  const phase = bases.some((base) => base.startsWith('supernet')) ? 'supernet' : 'teacher'
  return bases
    .filter((base) => base.startsWith(phase))
    .toSorted()
    .reverse()
    .map((base) => join(folder, base))
}

/** @param from - Share of the file after which the bit lies; 0: in its first bytes. */
function flipBit(path: string, random: Random, from: number): void {
  const bytes = readFileSync(path)
  const first = Math.floor(bytes.length * from)
  const span = from === 0 ? Math.min(64, bytes.length) : bytes.length - first
  const position = first + Math.floor(random.next() * span)
  bytes[position] = (bytes[position] ?? 0) ^ (1 << Math.floor(random.next() * 8))
  writeFileSync(path, bytes)
}
