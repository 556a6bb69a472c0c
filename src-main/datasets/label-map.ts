import sharp, { type Metadata } from 'sharp'
import { EngineError } from '../contract/index.ts'
import { FileProblem, readRegularFile } from '../files/regular-file.ts'
import { MOST_PIXELS } from './image-file.ts'
import { isPackedPng, readPngIndices } from './index-png.ts'
import { judgeFormat, MOST_FILE_BYTES } from './picture-format.ts'

export interface LabelMap {
  readonly width: number
  readonly height: number
  /** [height * width] */
  readonly labels: Uint8Array
}

/** What a label map must be. */
export interface LabelRules {
  /** Size of its picture, as stored. */
  readonly width: number
  readonly height: number
  readonly table: LabelTable
}

/** By stored value: the class index or ignore label that it stands for, or -1 where the value is not allowed. [256] */
export type LabelTable = Int16Array

/** Values 0 to classes - 1 and the ignore label stand for themselves. */
export function indexTable(classes: number, ignoreLabel: number): LabelTable {
  return Int16Array.from({ length: 256 }, (_, value) =>
    value < classes || value === ignoreLabel ? value : -1,
  )
}

export type LabelCheck =
  { readonly ok: true; readonly map: LabelMap } | { readonly ok: false; readonly reason: string }

/**
 * Reads the label map of a picture. Its header is judged before it is decoded. Never throws for what a file contains: what is
 * wrong is the answer.
 */
export async function checkLabelMap(path: string, rules: LabelRules): Promise<LabelCheck> {
  try {
    const file = await readRegularFile(path, { mostBytes: MOST_FILE_BYTES })
    const { width, height } = await checkHeader(file)
    if (width !== rules.width || height !== rules.height) {
      throw new LabelProblem('label map has another size than its picture')
    }
    const map = await decode(file)
    return { ok: true, map: { ...map, labels: translate(map.labels, rules.table) } }
  } catch (error) {
    return { ok: false, reason: describeProblem(error) }
  }
}

function describeProblem(error: unknown): string {
  if (error instanceof FileProblem) {
    return error.kind === 'missing' ? 'label map is missing' : `label map cannot be read: ${error.reason}`
  }
  return error instanceof LabelProblem ? error.message : UNREADABLE
}

/** @throws EngineError DATASET, by the name of the file, for what {@link checkLabelMap} refuses. */
export async function loadLabelMap(path: string, rules: LabelRules): Promise<LabelMap> {
  const check = await checkLabelMap(path, rules)
  if (!check.ok) {
    throw new EngineError('DATASET', `${path} cannot be used: ${check.reason}`)
  }
  return check.map
}

/**
 * Reads an index map of any size with its stored values: a grey PNG of at most 8 bits, one whose three channels are equal, or a
 * palette PNG (its indices are the labels).
 *
 * @throws EngineError DATASET if it cannot be decoded or is a colour picture.
 */
export async function readLabelMap(path: string): Promise<LabelMap> {
  try {
    const file = await readRegularFile(path, { mostBytes: MOST_FILE_BYTES })
    await checkHeader(file)
    return await decode(file)
  } catch (error) {
    throw new EngineError(
      'DATASET',
      `${path} cannot be read as a label map: ${error instanceof FileProblem ? error.reason : error instanceof Error ? error.message : String(error)}`,
    )
  }
}

/** Something that a label map must not be, in words fit for a list of reasons. */
class LabelProblem extends Error {}

const UNREADABLE = 'label map cannot be decoded'
const COLOURED =
  'label map is a colour picture; allowed are grey or palette PNGs whose values are class indices'

async function checkHeader(file: Buffer): Promise<Metadata> {
  const check = judgeFormat(file, file.length)
  if (!check.ok || check.format !== 'png') {
    throw new LabelProblem(check.ok ? 'label map is not a PNG' : check.reason.replace('picture', 'label map'))
  }
  const header = await sharp(file, { limitInputPixels: false }).metadata()
  if (header.width * header.height > MOST_PIXELS) {
    throw new LabelProblem('label map of more than 64 megapixels')
  }
  if (header.depth !== 'uchar') {
    throw new LabelProblem(`label map has values of type ${header.depth}; allowed are 8 bits`)
  }
  return header
}

async function decode(file: Buffer): Promise<LabelMap> {
  const image = sharp(file, { limitInputPixels: MOST_PIXELS, failOn: 'error' })
  if (isPackedPng(file)) {
    const { indices, ...size } = readPngIndices(file)
    return { ...size, labels: indices }
  }
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true })
  return {
    width: info.width,
    height: info.height,
    labels: info.channels === 1 ? new Uint8Array(data) : firstChannel(data, info.channels),
  }
}

/** Grey with alpha, or colour with three equal channels; alpha does not count. */
function firstChannel(data: Uint8Array, channels: number): Uint8Array {
  const labels = new Uint8Array(data.length / channels)
  for (let pixel = 0; pixel < labels.length; pixel++) {
    const value = data[pixel * channels] ?? 0
    if (channels >= 3 && (data[pixel * channels + 1] !== value || data[pixel * channels + 2] !== value)) {
      throw new LabelProblem(COLOURED)
    }
    labels[pixel] = value
  }
  return labels
}

function translate(values: Uint8Array, table: LabelTable): Uint8Array {
  const labels = new Uint8Array(values.length)
  for (let pixel = 0; pixel < values.length; pixel++) {
    const value = values[pixel] ?? 0
    const label = table[value] ?? -1
    if (label < 0) {
      throw new LabelProblem('label map has values that are neither a class nor the ignore label')
    }
    labels[pixel] = label
  }
  return labels
}

/** How often each of the 256 values occurs. Shape [256]. */
export function countValues(labels: Uint8Array): Float64Array {
  const counts = new Float64Array(256)
  for (const label of labels) {
    counts[label] = (counts[label] ?? 0) + 1
  }
  return counts
}
