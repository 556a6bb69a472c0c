import { decodeMaskNpy, encodeMaskNpy } from '../../src-main/formats/mask-npy.ts'
import { decodeFloatNpy, encodeFloatNpy } from '../../src-main/formats/npy.ts'
import { readStateDict } from '../../src-main/formats/read-state-dict.ts'
import { normalizeNames } from '../../src-main/formats/state-names.ts'
import { hrnetGenotype, largestGenotype } from '../../src-main/nas/named-genotypes.ts'
import { fromOfficialMask, toOfficialMask } from '../../src-main/nas/official-mask.ts'
import type { Random } from '../../src-main/nas/random.ts'
import { officialSpace } from '../../src-main/nas/search-space.ts'
import { decodeSafetensors, encodeSafetensors } from '../../src-main/supernet/safetensors.ts'
import {
  decodeOptimizer,
  decodeWeights,
  encodeOptimizer,
  encodeWeights,
} from '../../src-main/training/checkpoint.ts'
import { makeLegacyPth, makeZipPth } from '../support/make-pth.ts'
import { makeZip } from '../support/make-zip.ts'
import { readMatArray } from '../../src-main/datasets/mpii/read-mat.ts'
import { makeMat } from '../support/make-mat.ts'
import { digest, digestTensors, isPlain } from './fuzz-reader.ts'
import type { FuzzInput, FuzzReader } from './fuzz-reader.ts'
import { mutateMembers } from './mutate-chunks.ts'
import { mutateValue, toText } from './mutate-json.ts'
import { mutateBytes, pick } from './mutate.ts'

const space = officialSpace('pose')
const tensors = new Map(
  ['module.conv1.weight', 'module.bn1.weight', 'module.bn1.running_mean'].map((name, index) => [
    name,
    { shape: [2, 3 + index], values: Float32Array.from({ length: 2 * (3 + index) }, (_, i) => i / 7) },
  ]),
)
const array = Buffer.from(
  encodeFloatNpy({ shape: [2, 3, 4], values: Float32Array.from({ length: 24 }, (_, i) => i) }),
)
const facts = { phase: 'teacher', iteration: 3, totalIterations: 9 } as const
const states = new Map([
  ['conv1.weight', { slots: [Float32Array.of(1, 2), Float32Array.of(3, 4)], updates: 3 }],
])

const plain =
  (damage: (random: Random) => Buffer) =>
  (random: Random): FuzzInput => ({
    ...{ bytes: damage(random), isSealed: false },
  })
const damageAny = (sound: readonly Buffer[]) =>
  plain((random) => mutateBytes(pick(sound, random), random, pick(sound, random)))
/** Parsers whose callers turn any RangeError of theirs into a refusal; those of the language are none. */
const isOwnRange = (error: Error): boolean =>
  error.name === 'RangeError' && /^(safetensors:|this (safetensors|optimizer) file)/.test(error.message)

const npyReader: FuzzReader = {
  name: 'npy',
  weight: 4,
  prepare: () => ({
    sound: [array],
    damage: damageAny([array]),
    read: (bytes) => digestTensors(new Map([['', decodeFloatNpy(bytes)]])),
  }),
}

const maskReader: FuzzReader = {
  name: 'genotype npy',
  weight: 6,
  prepare: () => {
    const sound = [largestGenotype(space), hrnetGenotype(space)].map((genotype) =>
      Buffer.from(encodeMaskNpy(toOfficialMask(space, genotype))),
    )
    return {
      sound,
      damage: damageAny(sound),
      read: (bytes) => [
        JSON.stringify(fromOfficialMask(space, decodeMaskNpy(bytes), { clearLate: true }).ok),
      ],
    }
  },
}

const readWeights = (bytes: Buffer): readonly string[] =>
  digestTensors(normalizeNames(readStateDict(bytes).tensors))

function archiveReader(
  name: string,
  sound: readonly Buffer[],
  members: ReadonlyMap<string, Buffer>,
): FuzzReader {
  return {
    name,
    weight: 6,
    prepare: () => ({
      sound,
      hasChecksums: true,
      damage: (random) =>
        random.bernoulli(0.5)
          ? damageAny(sound)(random)
          : { bytes: mutateMembers(members, random, random.bernoulli(0.5)), isSealed: true },
      read: readWeights,
    }),
  }
}

const npzMembers = new Map([
  ['a.npy', array],
  ['b.npy', array],
])
const pth = makeZipPth(tensors)

const legacyReader: FuzzReader = {
  name: 'pth, old form',
  weight: 6,
  prepare: () => ({
    sound: [makeLegacyPth(tensors)],
    damage: damageAny([makeLegacyPth(tensors)]),
    read: readWeights,
  }),
}

const safetensorsReader: FuzzReader = {
  name: 'safetensors',
  weight: 6,
  prepare: () => {
    const sound = [
      Buffer.from(encodeSafetensors(tensors, { format: 'pt' }, ['n'])),
      Buffer.from(encodeSafetensors(new Map())),
    ]
    return {
      sound,
      damage: (random) =>
        random.bernoulli(0.5)
          ? damageAny(sound)(random)
          : { bytes: mutateHeader(pick(sound, random), random), isSealed: true },
      read: (bytes) => digestTensors(decodeSafetensors(bytes).tensors),
      isRefusal: isOwnRange,
    }
  },
}

const checkpointReader: FuzzReader = {
  name: 'checkpoint',
  weight: 4,
  prepare: () => {
    const sound = [Buffer.from(encodeWeights(tensors, facts)), Buffer.from(encodeOptimizer(states, facts))]
    return {
      sound,
      damage: (random) =>
        random.bernoulli(0.3)
          ? damageAny(sound)(random)
          : { bytes: mutateHeader(pick(sound, random), random), isSealed: true },
      read: (bytes) => [
        String(decodeWeights(bytes).facts.iteration),
        String(decodeOptimizer(bytes).states.size),
      ],
      isRefusal: isOwnRange,
    }
  },
}

/** Damages the JSON of the header and writes its length anew. */
function mutateHeader(file: Buffer, random: Random): Buffer {
  const end = 8 + Number(file.readBigUInt64LE(0))
  const header: unknown = JSON.parse(file.toString('utf8', 8, end))
  const text = Buffer.from(toText(mutateValue(header, random)))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(text.length))
  return Buffer.concat([length, text, file.subarray(end)])
}

const VARIABLE = 'headboxes_src'
const matReader = (name: string, isCompressed: boolean): FuzzReader => ({
  name,
  weight: 3,
  prepare: () => {
    const sound = [makeMat(VARIABLE, [2, 2, 5], isCompressed)]
    return {
      sound,
      hasChecksums: isCompressed,
      damage: damageAny(sound),
      read: (bytes) => {
        const found = readMatArray(bytes, VARIABLE)
        return found === null ? [] : [digest(found.shape.join(), found.values.join())]
      },
      isRefusal: isPlain,
    }
  },
})

export const WEIGHT_READERS: readonly FuzzReader[] = [
  npyReader,
  maskReader,
  archiveReader(
    'npz',
    [makeZip(npzMembers, { deflated: true }), makeZip(npzMembers), makeZip(npzMembers, { zip64: true })],
    npzMembers,
  ),
  archiveReader(
    'pth',
    [pth],
    new Map([
      ['archive/data.pkl', readMember(pth, 'archive/data.pkl')],
      ['archive/byteorder', Buffer.from('little')],
      ...['0', '1', '2'].map(
        (key) => [`archive/data/${key}`, readMember(pth, `archive/data/${key}`)] as const,
      ),
    ]),
  ),
  legacyReader,
  safetensorsReader,
  checkpointReader,
  matReader('mat', false),
  matReader('mat, compressed', true),
]

/** A stored member: its content follows the first place where its name stands. */
function readMember(archive: Buffer, name: string): Buffer {
  const at = archive.indexOf(name) + name.length
  const bytes = archive.readUInt32LE(at - name.length - 30 + 18)
  return archive.subarray(at, at + bytes)
}
