import { performance } from 'node:perf_hooks'
import { describe, expect, it } from 'vitest'
import { EngineError } from '../../../src-main/contract/index.ts'
import { decodeMaskNpy, encodeMaskNpy } from '../../../src-main/formats/mask-npy.ts'
import { decodeFloatNpy, encodeFloatNpy } from '../../../src-main/formats/npy.ts'
import { readStateDict } from '../../../src-main/formats/read-state-dict.ts'
import { largestGenotype } from '../../../src-main/nas/named-genotypes.ts'
import { fromOfficialMask, toOfficialMask } from '../../../src-main/nas/official-mask.ts'
import { createRandom } from '../../../src-main/nas/random.ts'
import type { Random } from '../../../src-main/nas/random.ts'
import { officialSpace } from '../../../src-main/nas/search-space.ts'
import { decodeSafetensors, encodeSafetensors } from '../../../src-main/supernet/safetensors.ts'
import { makeLegacyPth, makeZipPth } from '../../support/make-pth.ts'
import { makeZip } from '../../support/make-zip.ts'

/** Issue 4: 10,000 damaged files end in a clear error; no crash, no hang, no unbounded memory. */
const FILES_PER_FORMAT = 1_700
const SLOWEST_MS = 2_000
/** Values that a small file may turn into: what is allowed whatever its size is 1 MiB of tensors. */
const MOST_VALUES = 2 ** 18

const space = officialSpace('pose')
const tensors = new Map(
  ['module.conv1.weight', 'module.bn1.weight', 'module.bn1.running_mean'].map((name, index) => [
    name,
    { shape: [2, 3 + index], values: Float32Array.from({ length: 2 * (3 + index) }, (_, i) => i / 7) },
  ]),
)
const array = encodeFloatNpy({ shape: [2, 3, 4], values: Float32Array.from({ length: 24 }, (_, i) => i) })
const countValues = (dict: ReadonlyMap<string, { readonly values: Float32Array }>): number =>
  [...dict.values()].reduce((sum, { values }) => sum + values.length, 0)
const readValues = (file: Uint8Array): number => countValues(readStateDict(file).tensors)

/** A sound file of every format, and its reader, which says how many values came out. */
const FORMATS: Readonly<Record<string, { file: Uint8Array; read: (file: Uint8Array) => number }>> = {
  'genotype .npy': {
    file: encodeMaskNpy(toOfficialMask(space, largestGenotype(space))),
    read: (file) => {
      const modules = decodeMaskNpy(file)
      fromOfficialMask(space, modules)
      return JSON.stringify(modules).length
    },
  },
  'array .npy': { file: array, read: (file) => decodeFloatNpy(file).values.length },
  '.npz': {
    file: makeZip(
      new Map([
        ['a.npy', array],
        ['b.npy', array],
      ]),
      { deflated: true },
    ),
    read: readValues,
  },
  '.pth, zip form': { file: makeZipPth(tensors), read: readValues },
  '.pth, old form': { file: makeLegacyPth(tensors), read: readValues },
  '.safetensors': {
    file: encodeSafetensors(tensors),
    read: (file) => countValues(decodeSafetensors(file).tensors),
  },
}

const HUGE = [
  'ff',
  'ffff',
  'ffffff7f',
  'ffffffff',
  'ffffffffffffff7f',
  'ffffffffffffffff',
  '00000080',
  '0000000001000000',
]

/** One to four damages of a sound file: cut off, a bit flipped, a byte or a run replaced, a size made huge, a piece repeated. */
function damage(sound: Uint8Array, random: Random): Buffer {
  let file = Buffer.from(sound)
  for (let count = 1 + random.int(4); count > 0; count--) {
    const at = random.int(Math.max(1, file.length))
    switch (random.int(6)) {
      case 0:
        file = file.subarray(0, at)
        break
      case 1:
        file[at] = (file[at] ?? 0) ^ (1 << random.int(8))
        break
      case 2:
        file[at] = random.int(256)
        break
      case 3:
        Buffer.from(HUGE[random.int(HUGE.length)] ?? '', 'hex').copy(file, at)
        break
      case 4: {
        const piece = file.subarray(at, at + 1 + random.int(200))
        file = Buffer.concat([file.subarray(0, at), piece, piece, file.subarray(at)])
        break
      }
      default:
        file = Buffer.concat([file.subarray(0, at), file.subarray(at + 1 + random.int(16))])
    }
  }
  return file
}

/** What happened to one file: its number of values, or the kind of its refusal. Anything but a refusal of ours fails the test. */
function tryToRead(name: string, file: Buffer, read: (file: Uint8Array) => number): 'read' | 'refused' {
  const started = performance.now()
  try {
    expect(read(file)).toBeLessThanOrEqual(MOST_VALUES)
    return 'read'
  } catch (thrown) {
    const isRefusal =
      thrown instanceof EngineError || (thrown instanceof RangeError && /^safetensors: /.test(thrown.message))
    if (!isRefusal || thrown.message.length > 4000) {
      throw new Error(`${name} ${file.toString('base64').slice(0, 4000)}`, { cause: thrown })
    }
    return 'refused'
  } finally {
    expect(performance.now() - started, name).toBeLessThan(SLOWEST_MS)
  }
}

describe('damaged files', () => {
  it.each(Object.entries(FORMATS))('%s: sound as it is, else read or refused', (name, { file, read }) => {
    expect(tryToRead(name, Buffer.from(file), read)).toBe('read')
    const outcomes = { read: 0, refused: 0 }
    for (let seed = 0; seed < FILES_PER_FORMAT; seed++) {
      outcomes[tryToRead(`${name}, seed ${String(seed)}`, damage(file, createRandom(seed, name)), read)] += 1
    }
    // Damage in values passes, damage in structure does not: both must have happened.
    expect(outcomes.refused).toBeGreaterThan(FILES_PER_FORMAT / 3)
  })

  it('of allowed opcodes in any order are read or refused', () => {
    // What fuzzing of sound files seldom makes: programs that use stack, marks and memo freely.
    const opcodes = Buffer.from(
      '(]}()tuaeRbqh.NKJMXQs\x85\x86\x87\x88\x89\x8a\x8c\x93\x94\x95BCGjr',
      'latin1',
    )
    const globals = [
      'numpy.core.multiarray\n_reconstruct\n',
      'numpy\nndarray\n',
      'numpy\ndtype\n',
      '_codecs\nencode\n',
    ]
    const head = Buffer.from(encodeFloatNpy({ shape: [8], values: new Float32Array(0) }).subarray(0))
    const objectHead = Buffer.from(head.toString('latin1').replace("'<f4'", "'|O' "), 'latin1')
    for (let seed = 0; seed < FILES_PER_FORMAT; seed++) {
      const random = createRandom(seed, 'programs')
      const parts = Array.from({ length: 1 + random.int(60) }, () =>
        random.int(5) === 0
          ? Buffer.from(`c${globals[random.int(globals.length)] ?? ''}`)
          : Buffer.of(
              opcodes[random.int(opcodes.length)] ?? 0,
              ...(random.int(2) === 0 ? [random.int(4)] : []),
            ),
      )
      const program = Buffer.concat([objectHead, Buffer.of(0x80, 2), ...parts, Buffer.from('.')])
      tryToRead(`program, seed ${String(seed)}`, program, (file) => decodeMaskNpy(file).length)
    }
  })
})
