import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EngineError } from '../../../src-main/contract/index.ts'
import { decodeMaskNpy, encodeMaskNpy } from '../../../src-main/formats/mask-npy.ts'
import { encodeNpyHeader } from '../../../src-main/formats/npy.ts'
import { genotypeId, genotypeKey } from '../../../src-main/nas/genotype.ts'
import type { GenotypeJson } from '../../../src-main/nas/genotype.ts'
import { largestGenotype } from '../../../src-main/nas/named-genotypes.ts'
import { fromOfficialMask, toOfficialMask } from '../../../src-main/nas/official-mask.ts'
import { officialSpace } from '../../../src-main/nas/search-space.ts'
import { validateGenotype } from '../../../src-main/nas/validate-genotype.ts'
import { createTemporaryFolder } from '../../support/engine-core.ts'
import { pickle } from '../../support/make-pth.ts'
import { TORCH_PYTHON } from '../../support/torch-python.ts'
import { goldenPath, hasShared, readGoldenJson } from '../../support/read-npz.ts'
import { arbitraryGenotype } from '../nas/spaces.ts'

const space = officialSpace('pose')
const hasNumpy = spawnSync(TORCH_PYTHON, ['-c', 'import numpy']).status === 0

/** A genotype file whose payload is anything. */
function maskFile(...payload: readonly Buffer[]): Buffer {
  return Buffer.concat([encodeNpyHeader('|O', [8]), pickle.file(...payload)])
}

/** One-dimensional, as NumPy pickles it. */
function objectArray(...elements: readonly Buffer[]): Buffer {
  const dtype = pickle.build(
    pickle.call(pickle.global('numpy', 'dtype'), pickle.tuple(pickle.text('O8'))),
    pickle.tuple(pickle.integer(3), pickle.text('|')),
  )
  const empty = pickle.call(
    pickle.global('numpy.core.multiarray', '_reconstruct'),
    pickle.tuple(pickle.global('numpy', 'ndarray'), pickle.tuple(), pickle.none),
  )
  const shape = pickle.tuple(pickle.integer(elements.length))
  return pickle.build(
    empty,
    pickle.tuple(pickle.integer(1), shape, dtype, pickle.no, pickle.list(...elements)),
  )
}

/** The opcodes of a pickle, as Python's pickletools documents them: a second reading of the bytes, for this test only. */
function opcodesOf(bytes: Buffer): readonly string[] {
  const names = new Set<string>()
  let at = 0
  while (at < bytes.length) {
    const opcode = String.fromCharCode(bytes[at] ?? 0)
    names.add(opcode)
    at += 1
    if (opcode === 'c') {
      at = bytes.indexOf('\n', bytes.indexOf('\n', at) + 1) + 1
    } else if (opcode === 'X') {
      at += 4 + bytes.readUInt32LE(at)
    } else {
      at += opcode === 'J' ? 4 : opcode === 'K' || opcode === '\x80' ? 1 : 0
    }
  }
  return [...names]
}

describe('genotype files of the reference release', () => {
  it('round-trip any genotype of any space', () => {
    fc.assert(
      fc.property(arbitraryGenotype(), ({ space: anySpace, genotype }) => {
        const back = fromOfficialMask(
          anySpace,
          decodeMaskNpy(encodeMaskNpy(toOfficialMask(anySpace, genotype))),
        )
        expect(back).toEqual({ ok: true, genotype, warnings: [] })
      }),
      { numRuns: 50 },
    )
  })

  it('are written in format 1.0 with protocol 2 and only the opcodes of the published files', () => {
    const file = Buffer.from(encodeMaskNpy(toOfficialMask(space, largestGenotype(space))))
    const dataStart = 10 + file.readUInt16LE(8)
    expect(dataStart % 64).toBe(0)
    expect(file.toString('latin1', 10, dataStart)).toMatch(
      /^\{'descr': '\|O', 'fortran_order': False, 'shape': \(8,\), \} *\n$/,
    )
    expect(file.subarray(dataStart, dataStart + 2)).toEqual(Buffer.of(0x80, 2))
    // method.md 3.2: PROTO GLOBAL BININT BININT1 BINUNICODE NONE NEWFALSE MARK EMPTY_LIST APPENDS EMPTY_DICT SETITEMS TUPLE* REDUCE BUILD STOP.
    const published = '\x80cJKXN\x89(]e}ut\x85\x86\x87Rb.'
    expect(opcodesOf(file.subarray(dataStart)).filter((opcode) => !published.includes(opcode))).toEqual([])
  })

  it('may hold nested lists and Python’s True and False', () => {
    const row = (...bits: readonly boolean[]): Buffer =>
      pickle.list(...bits.map((bit) => (bit ? pickle.yes : pickle.no)))
    const module = pickle.dict(
      ...[pickle.text('d'), pickle.list(pickle.integer(2), pickle.integer(2))],
      ...[pickle.text('f'), pickle.list(pickle.list(row(true, false)), pickle.list(row(true, true)))],
    )
    const file = Buffer.concat([encodeNpyHeader('|O', [1]), pickle.file(objectArray(module))])
    expect(decodeMaskNpy(file)).toEqual([{ d: [2, 2], f: [[[1, 0]], [[1, 1]]] }])
  })

  it.skipIf(!hasNumpy)(
    'are loaded by NumPy with the shapes and dtypes of the release (needs python3 with numpy)',
    () => {
      const { folder, remove } = createTemporaryFolder()
      try {
        const mask = toOfficialMask(space, largestGenotype(space))
        const file = join(folder, 'mask.npy')
        writeFileSync(file, encodeMaskNpy(mask))
        const script = `
import json, sys, numpy as np
a = np.load(sys.argv[1], allow_pickle=True)
m = a[5]
print(json.dumps({'shape': a.shape, 'dtype': str(a.dtype), 'd': [str(m['d'].dtype), m['d'].shape], 'f': [str(m['f'].dtype), m['f'].shape],
  'row': type(m['f'][0][0]).__name__, 'mask': [{'d': x['d'][:, 0].tolist(), 'f': x['f'].tolist()} for x in a]}))
np.save(sys.argv[2], a, allow_pickle=True)`
        const again = join(folder, 'again.npy')
        const report = JSON.parse(
          execFileSync(TORCH_PYTHON, ['-c', script, file, again], { encoding: 'utf8' }),
        ) as unknown
        expect(report).toEqual({
          ...{ shape: [8], dtype: 'object', d: ['int64', [4, 1]], f: ['object', [4, 5]], row: 'list' },
          mask,
        })
        // And back: what this NumPy saves, in whichever protocol.
        expect(fromOfficialMask(space, decodeMaskNpy(readFileSync(again)))).toEqual({
          ...{ ok: true, genotype: largestGenotype(space), warnings: [] },
        })
      } finally {
        remove()
      }
    },
  )

  describe.skipIf(!hasShared)('of the reference (needs ../shared)', () => {
    const sample = goldenPath('evolution/official_mask_sample.npy')

    it('hold the genotype of the readable twin', () => {
      const twin = readGoldenJson<{
        genome: GenotypeJson
        officialMask: readonly { d: number[]; f: unknown }[]
      }>('evolution/official_mask_sample.json')
      const modules = decodeMaskNpy(readFileSync(sample))
      expect(modules).toEqual(twin.officialMask.map(({ d, f }) => ({ d: d.map((depth) => [depth]), f })))
      const read = fromOfficialMask(space, modules)
      const want = validateGenotype(space, twin.genome)
      if (!read.ok || !want.ok) {
        throw new Error('one of the two forms was refused')
      }
      expect(genotypeKey(read.genotype)).toBe(genotypeKey(want.genotype))
      expect(genotypeId(read.genotype)).toBe(genotypeId(want.genotype))
    })

    it('are refused when cut off, at every length', () => {
      const file = readFileSync(sample)
      for (let length = 0; length < file.length; length++) {
        expect(() => decodeMaskNpy(file.subarray(0, length)), `${String(length)} bytes`).toThrow(EngineError)
      }
    })
  })
})

describe('hostile genotype files', () => {
  const attack = pickle.call(pickle.global('posix', 'system'), pickle.tuple(pickle.text('true')))

  it.each([
    ['os.system', attack, /refuses "posix\.system".*nothing of it was run/],
    ['builtins.eval', pickle.global('builtins', 'eval'), /refuses "builtins\.eval"/],
    ['a torch storage', pickle.global('torch', 'FloatStorage'), /refuses "torch\.FloatStorage"/],
    ['a property of an allowed module', pickle.global('numpy', 'load'), /refuses "numpy\.load"/],
    ['a name of every object', pickle.global('numpy', 'constructor'), /refuses "numpy\.constructor"/],
    [
      'a global named by the stack',
      Buffer.concat([pickle.text('os'), pickle.text('system'), Buffer.of(0x93)]),
      /refuses "os\.system"/,
    ],
    ['an instance (opcode i)', Buffer.from('(ios\nsystem\n'), /opcode 0x69/],
    [
      'an object (opcode o)',
      Buffer.concat([Buffer.from('('), pickle.global('os', 'system'), Buffer.from('o')]),
      /refuses/,
    ],
    [
      'a new object (NEWOBJ)',
      Buffer.concat([pickle.text('a'), pickle.tuple(), Buffer.of(0x81)]),
      /opcode 0x81/,
    ],
    ['an extension code (EXT1)', Buffer.of(0x82, 1), /opcode 0x82/],
    ['a persistent id', Buffer.concat([pickle.tuple(), Buffer.from('Q')]), /persistent ids belong to \.pth/],
    ['a call of text', pickle.call(pickle.text('eval'), pickle.tuple()), /calls what is no function/],
    [
      'a call of a class',
      pickle.call(pickle.global('numpy', 'ndarray'), pickle.tuple()),
      /calls numpy\.ndarray/,
    ],
    [
      'another encoding',
      pickle.call(pickle.global('_codecs', 'encode'), pickle.tuple(pickle.text('a'), pickle.text('rot13'))),
      /by latin1 only/,
    ],
    [
      'text of 4 GB',
      Buffer.concat([Buffer.from('X'), Buffer.from('ffffffff', 'hex'), Buffer.from('a')]),
      /announces 4294967295/,
    ],
    ['a pop of nothing', Buffer.from('R'), /takes a value where none is left/],
    ['a mark never set', Buffer.from('t'), /closes a mark/],
    ['a memo never set', Buffer.from('h\x07'), /reads memo 7/],
    ['a list', pickle.list(), /no array of the shape/],
    ['a name of a megabyte', pickle.global('a'.repeat(1_000_000), 'b'), /no end of line within 256/],
  ])('with %s are refused', (_what, payload, message) => {
    expect(() => decodeMaskNpy(maskFile(payload))).toThrow(message)
  })

  it('that encode one text again and again are stopped before they fill the memory', () => {
    const text = pickle.text('a'.repeat(100_000))
    const encode = pickle.call(
      pickle.global('_codecs', 'encode'),
      Buffer.concat([Buffer.from('h\x00'), pickle.text('latin1'), Buffer.of(0x86)]),
    )
    const payload = Buffer.concat([text, Buffer.from('q\x00'), ...Array<Buffer>(1000).fill(encode)])
    expect(() => decodeMaskNpy(maskFile(payload))).toThrow(/encode makes more than 16777216 bytes/)
  })

  it('whose lists hold themselves, or unfold to billions, end in a refusal', () => {
    const loop = Buffer.concat([Buffer.from(']q\x00h\x00a')])
    const dict = pickle.dict(pickle.text('d'), Buffer.from('h\x00'), pickle.text('f'), Buffer.from('h\x00'))
    const array = objectArray(...Array<Buffer>(8).fill(dict))
    const read = decodeMaskNpy(maskFile(loop, array))
    expect(fromOfficialMask(space, read).ok).toBe(false)
  })

  it('that claim more elements than they hold are refused', () => {
    const file = Buffer.from(encodeMaskNpy(toOfficialMask(space, largestGenotype(space))))
    const header = encodeNpyHeader('|O', [2 ** 40])
    expect(() => decodeMaskNpy(Buffer.concat([header, file.subarray(10 + file.readUInt16LE(8))]))).toThrow(
      /no array of the shape/,
    )
  })
})
