import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EngineError } from '../../../src-main/contract/index.ts'
import { readStateDict } from '../../../src-main/formats/read-state-dict.ts'
import type { StateTensor } from '../../../src-main/formats/state-dict.types.ts'
import { compareNames, normalizeName, normalizeNames } from '../../../src-main/formats/state-names.ts'
import {
  makeLegacyContainer,
  makeLegacyPth,
  makeZipPth,
  pickle,
  pickleStateDict,
  pickleTensor,
} from '../../support/make-pth.ts'
import type { PickledView } from '../../support/make-pth.ts'
import { makeZip } from '../../support/make-zip.ts'
import { symmetric } from '../../support/formula-weights.ts'
import { goldenPath, hasShared, readGoldenJson } from '../../support/read-npz.ts'

interface GoldenState {
  readonly tensors: Readonly<
    Record<string, { shape: number[]; dtype: string; sum: number; first: number; last: number }>
  >
  readonly checkpoint: { readonly names: readonly string[] }
}

describe.skipIf(!hasShared)('files of PyTorch (needs ../shared)', () => {
  const golden = hasShared ? readGoldenJson<GoldenState>('formats/state.json') : null
  const zip = hasShared ? readStateDict(readFileSync(goldenPath('formats/state.pth'))) : null
  const legacy = hasShared
    ? readStateDict(readFileSync(goldenPath('formats/checkpoint_legacy.pth.tar')))
    : null

  it('in the zip form: shapes, sums, first and last values, also of half floats and of a strided view', () => {
    const floats = Object.entries(golden?.tensors ?? {}).filter(([, { dtype }]) => dtype.startsWith('float'))
    expect([...(zip?.tensors.keys() ?? [])]).toEqual(floats.map(([name]) => name))
    for (const [name, { shape, sum, first, last }] of floats) {
      const tensor = zip?.tensors.get(name)
      expect(tensor?.shape, name).toEqual(shape)
      // The sums were taken in float64 in another order; 1e-9 is far below one float32 step of any value.
      expect(sumOf(tensor), name).toBeCloseTo(sum, 9)
      expect([tensor?.values[0], tensor?.values.at(-1)], name).toEqual([first, last])
    }
    expect(zip?.counters).toEqual(['bn1.num_batches_tracked', 'bn2.num_batches_tracked'])
  })

  it('hold the values of the formula, and the strided view every second input channel', () => {
    const conv = zip?.tensors.get('conv1.weight')
    expect(conv?.values).toEqual(symmetric(101, 'conv1.weight', 64 * 27, Math.sqrt(3 / 27)))
    const whole = symmetric(101, 'transition1.0.0.weight', 8 * 256 * 9, Math.sqrt(3 / (256 * 9)))
    const every = Array.from({ length: 8 * 128 * 9 }, (_, i) => {
      const [o, c, k] = [Math.floor(i / (128 * 9)), Math.floor(i / 9) % 128, i % 9]
      return whole[(o * 256 + 2 * c) * 9 + k] ?? Number.NaN
    })
    expect(zip?.tensors.get('transition1.0.0.weight.slice')?.values).toEqual(Float32Array.from(every))
  })

  it('in the old form: the state dict of a checkpoint, names as written', () => {
    const names = golden?.checkpoint.names ?? []
    expect([...(legacy?.tensors.keys() ?? []), ...(legacy?.counters ?? [])].toSorted()).toEqual(
      names.toSorted(),
    )
    for (const [name, tensor] of normalizeNames(legacy?.tensors ?? new Map())) {
      expect(tensor, name).toEqual(zip?.tensors.get(name))
    }
  })
})

describe('.pth files', () => {
  const tensorsOf = (entries: readonly (readonly [string, number[]])[]): Map<string, StateTensor> =>
    new Map(
      entries.map(([name, values]) => [name, { shape: [values.length], values: Float32Array.from(values) }]),
    )

  it.each([
    ['zip', makeZipPth],
    ['old', makeLegacyPth],
  ])('round-trip in the %s form, any names and values', (_form, make) => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(fc.string(), fc.array(fc.float(), { minLength: 1, maxLength: 5 })), {
          ...{ minLength: 1, maxLength: 5, selector: ([name]) => name },
        }),
        (entries) => {
          const want = tensorsOf(entries)
          expect([...readStateDict(make(want)).tensors]).toEqual([...want])
        },
      ),
      { numRuns: 50 },
    )
  })

  const storage = { count: 6, bytes: new Uint8Array(Float32Array.of(0, 1, 2, 3, 4, 5).buffer) }
  const view: PickledView = {
    storageType: 'FloatStorage',
    key: 'k',
    count: 6,
    offset: 0,
    shape: [2],
    strides: [1],
  }
  const readView = (changed: Partial<PickledView>, stored = storage) =>
    readStateDict(
      makeLegacyContainer(
        pickleStateDict(new Map([['w', pickleTensor({ ...view, ...changed })]])),
        new Map([['k', stored]]),
      ),
    ).tensors.get('w')

  it('hold views of storages: offset, transposed, repeated, empty', () => {
    expect(readView({ offset: 4 })?.values).toEqual(Float32Array.of(4, 5))
    expect(readView({ shape: [3, 2], strides: [1, 3] })?.values).toEqual(Float32Array.of(0, 3, 1, 4, 2, 5))
    expect(readView({ shape: [2, 2], strides: [0, 1] })?.values).toEqual(Float32Array.of(0, 1, 0, 1))
    expect(readView({ shape: [0, 3], strides: [3, 1] })).toEqual({
      shape: [0, 3],
      values: new Float32Array(0),
    })
    expect(readView({ shape: [], strides: [], offset: 5 })?.values).toEqual(Float32Array.of(5))
  })

  it('may hold brain floats and doubles, which become float32', () => {
    const brain = { count: 6, bytes: Uint8Array.of(0x80, 0x3f, 0x40, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0) }
    expect(readView({ storageType: 'BFloat16Storage' }, brain)?.values).toEqual(Float32Array.of(1, -3))
    const double = { count: 6, bytes: new Uint8Array(Float64Array.of(0.1, 2, 0, 0, 0, 0).buffer) }
    expect(readView({ storageType: 'DoubleStorage' }, double)?.values).toEqual(
      Float32Array.of(Math.fround(0.1), 2),
    )
  })

  it.each([
    ['reaches past its storage', { offset: 5 }, /reaches to element 7, its storage has 6/],
    ['repeats one value a billion times', { shape: [1_000_000_000], strides: [0] }, /claim more than/],
    [
      'has as many axes as nothing',
      { shape: new Array<number>(20).fill(1), strides: new Array<number>(20).fill(1) },
      /20 axes/,
    ],
    ['has a shape and strides that differ', { strides: [1, 1] }, /as many axes/],
    ['has a negative offset', { offset: 2 ** 32 - 1 }, /a tensor needs/],
    [
      'has a storage of an unknown kind',
      { storageType: 'ComplexFloatStorage' },
      /refuses "torch\.ComplexFloatStorage"/,
    ],
    ['has a storage whose counts differ', { count: 7 }, /has 6 elements, its tensor says 7/],
    ['has a storage that is not in the file', { key: 'other' }, /storage that no tensor has/],
    ['is a view in the oldest way', { view: pickle.tuple() }, /is a view of another one/],
  ])('are refused when a tensor %s', (_what, changed, message) => {
    expect(() => readView(changed)).toThrow(message)
  })

  it('are refused when they call anything else, which is named', () => {
    const attack = pickle.call(pickle.global('posix', 'system'), pickle.tuple(pickle.text('true')))
    const object = pickle.dict(pickle.text('state_dict'), attack)
    expect(() => readStateDict(makeLegacyContainer(object, new Map()))).toThrow(/refuses "posix\.system"/)
    const zip = makeZip(new Map([['a/data.pkl', pickle.file(object)]]))
    expect(() => readStateDict(zip)).toThrow(/refuses "posix\.system"/)
  })

  it('say what they hold when it is no state dict', () => {
    const object = pickle.dict(pickle.text('epoch'), pickle.integer(3), pickle.text('arch'), pickle.text('x'))
    expect(() => readStateDict(makeLegacyContainer(object, new Map()))).toThrow(/its keys: "epoch", "arch"/)
    const mixed = pickleStateDict(
      new Map([
        ['w', pickleTensor(view)],
        ['note', pickle.text('hi')],
      ]),
    )
    expect(() => readStateDict(makeLegacyContainer(mixed, new Map([['k', storage]])))).toThrow(
      /entry "note".*no tensor/,
    )
  })

  it('are refused as what they are when they are something else', () => {
    expect(() => readStateDict(Buffer.from('hello'))).toThrow(/neither \.npz nor \.pth/)
    expect(() => readStateDict(Buffer.alloc(0))).toThrow(EngineError)
    expect(() => readStateDict(pickle.file(pickle.integer(5)))).toThrow(/not a file of PyTorch/)
  })
})

describe('names', () => {
  it('lose a leading module. and then a leading model., once each', () => {
    expect(normalizeName('module.model.conv1.weight')).toBe('conv1.weight')
    expect(normalizeName('module.conv1.weight')).toBe('conv1.weight')
    expect(normalizeName('model.conv1.weight')).toBe('conv1.weight')
    expect(normalizeName('model.module.conv1.weight')).toBe('module.conv1.weight')
    expect(normalizeName('stage2.0.module.weight')).toBe('stage2.0.module.weight')
  })

  it('of HRNet become those of the fourth step only on request', () => {
    const name = 'stage3.1.fuse_layers.0.2.1.weight'
    expect(normalizeName(name)).toBe(name)
    expect(normalizeName(name, { hrnet: true })).toBe('stage3.1.fuse_layers_4.0.2.1.weight')
    expect(normalizeName('stage3.1.fuse_layers_2.0.2.1.weight', { hrnet: true })).toBe(
      'stage3.1.fuse_layers_2.0.2.1.weight',
    )
  })

  it('that collide are refused', () => {
    const tensor = { shape: [1], values: Float32Array.of(1) }
    expect(() =>
      normalizeNames(
        new Map([
          ['w', tensor],
          ['module.w', tensor],
        ]),
      ),
    ).toThrow(/two tensors would be called "w", one of them is "module\.w"/)
  })

  it('are compared both ways, counters aside', () => {
    const tensor = { shape: [1], values: Float32Array.of(1) }
    const tensors = new Map(['a', 'b', 'loss.weight', 'bn.num_batches_tracked'].map((name) => [name, tensor]))
    const wanted = ['a', 'c', 'other.num_batches_tracked']
    expect(compareNames(tensors, wanted, new Set(['a', 'b', 'c']))).toEqual({
      missing: ['c'],
      unknown: ['loss.weight'],
    })
  })
})

function sumOf(tensor: StateTensor | undefined): number {
  return tensor?.values.reduce((sum, value) => sum + value, 0) ?? Number.NaN
}
