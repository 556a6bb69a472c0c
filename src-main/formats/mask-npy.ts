import type { OfficialMask } from '../nas/official-mask.ts'
import { malformed } from './malformed.ts'
import { encodeNpyHeader, readNpyHeader } from './npy.ts'
import { createNumpyHost, PickledArray } from './pickle/numpy-objects.ts'
import { isList, isTuple } from './pickle/pickle-host.ts'
import { readPickle } from './pickle/read-pickle.ts'
import { MaskPickleWriter } from './pickle/write-mask-pickle.ts'
import { countElements } from './strided-view.ts'

const FORMAT = 'npy'
/** The largest genotype has 30 kB; what NumPy pickles beside it is less. */
export const MOST_MASK_BYTES = 16 * 1024 * 1024
/** The largest space has 24 modules of 4 branches and 9 steps; whatever is larger fits no space and is not unfolded. */
const MOST_MODULES = 64
const MOST_CELLS = 1024
const LONGEST_ROW = 64
/** Targets, steps, sources. */
const DEEPEST_LIST = 3

/**
 * Reads a genotype of the reference release (method.md 3.2): an object array of dicts `{ d, f }`, pickled. The pickle is interpreted as
 * data and never run.
 *
 * @returns Modules for `fromOfficialMask`, which checks them against a space: `d` as [branches, 1], `f` as [branches, steps, sources].
 * @throws EngineError naming a refused global or opcode, or what is no such file.
 */
export function decodeMaskNpy(file: Uint8Array): readonly unknown[] {
  const header = readNpyHeader(file)
  if (!header.descr.endsWith('O')) {
    throw malformed(FORMAT, `a genotype file holds objects (|O), this one holds ${header.descr}`)
  }
  const { value } = readPickle(file, createNumpyHost(), header.dataStart)
  if (
    !(value instanceof PickledArray) ||
    value.shape.length !== 1 ||
    value.shape.join() !== header.shape.join()
  ) {
    throw malformed(
      FORMAT,
      `the pickle is no array of the shape (${header.shape.join(', ')}) that the header states`,
    )
  }
  if (value.elements.length > MOST_MODULES) {
    throw malformed(FORMAT, `${value.elements.length} modules, a genotype has at most ${MOST_MODULES}`)
  }
  return value.elements.map(toModule)
}

/**
 * Writes a genotype as the reference release does, for `np.load(file, allow_pickle=True)`: format 1.0, pickle protocol 2.
 *
 * @param mask - From `toOfficialMask`: rows are complete, all of one number of steps.
 */
export function encodeMaskNpy(mask: OfficialMask): Uint8Array {
  return Buffer.concat([encodeNpyHeader('|O', [mask.length]), new MaskPickleWriter().write(mask)])
}

function toModule(value: unknown, index: number): unknown {
  if (!(value instanceof Map)) {
    throw malformed(FORMAT, `module ${index} is no dict with d and f`)
  }
  return {
    d: toNested(value.get('d'), `module ${index}: d`),
    f: toNested(value.get('f'), `module ${index}: f`),
  }
}

/** Arrays and lists become nested lists; cells of an object array may be lists or arrays of numbers. */
function toNested(value: unknown, what: string): unknown {
  if (!(value instanceof PickledArray)) {
    return toNestedLists(value, what, DEEPEST_LIST)
  }
  const cells = countElements(FORMAT, value.shape)
  if (cells > MOST_CELLS) {
    throw malformed(FORMAT, `${what} has ${cells} cells, at most ${MOST_CELLS} are read`)
  }
  return nest(
    value.elements.map((cell) => toNestedLists(cell, what, 1)),
    value.shape,
  )
}

/** Copied, level by level: a list may hold itself, so what lies deeper than an encoding goes becomes null. */
function toNestedLists(value: unknown, what: string, levels: number): unknown {
  const list = value instanceof PickledArray && value.shape.length === 1 ? value.elements : value
  if (!isSequence(list)) {
    // Python's True is 1.
    return typeof list === 'boolean' ? Number(list) : typeof list === 'object' ? null : list
  }
  if (levels === 0) {
    return null
  }
  if (list.length > LONGEST_ROW) {
    throw malformed(FORMAT, `${what} has a row of ${list.length} values, at most ${LONGEST_ROW} are read`)
  }
  return list.map((element) => toNestedLists(element, what, levels - 1))
}

function nest(cells: readonly unknown[], [size = 0, ...rest]: readonly number[]): unknown {
  if (rest.length === 0) {
    return cells
  }
  const step = size === 0 ? 0 : cells.length / size
  return Array.from({ length: step === 0 ? 0 : size }, (_, index) =>
    nest(cells.slice(index * step, (index + 1) * step), rest),
  )
}

function isSequence(value: unknown): value is readonly unknown[] {
  return isList(value) || isTuple(value)
}
