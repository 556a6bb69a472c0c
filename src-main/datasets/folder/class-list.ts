import { join } from 'node:path'
import { EngineError, showField, type ClassFacts } from '../../contract/index.ts'
import { MOST_SMALL_BYTES, parseJson as parseJsonText, readForeignText } from '../../files/foreign-text.ts'
import { showValue } from '../../files/show-value.ts'
import { choosePalette } from '../class-palette.ts'
import { listFolder } from '../list-folder.ts'

/** Files that name the classes of a folder, in the order they are looked for. */
export const CLASS_FILES = ['classes.json', 'classes.txt'] as const

const DEFAULT_IGNORE = 255
/** 255 values of a byte are left beside the ignore label. */
const MOST_CLASSES = 255

interface ClassEntry {
  readonly name: string
  /** '#rrggbb', or null for one of ours. */
  readonly color: string | null
}

/**
 * Reads the list of classes; the place in the list is the value in the label maps.
 *
 * `classes.json`: `["road", "sky"]`, or `{ "classes": ["road", { "name": "sky", "color": "#8fd0ff" }], "palette": ["#804080", …],
 * "ignore_label": 255 }`. `classes.txt`: a class a line, perhaps followed by its colour (`road #804080`); empty lines and those that
 * begin with `//` do not count. The ignore label is 255 unless the JSON says otherwise.
 *
 * @throws EngineError DATASET if there is no such file or it is not of that form.
 */
export async function readClassList(path: string): Promise<ClassFacts> {
  const names = await listFolder(path)
  const file = CLASS_FILES.find((name) => names.includes(name))
  if (file === undefined) {
    throw new EngineError(
      'DATASET',
      `${path}: needs ${CLASS_FILES.join(' or ')} with the names of the classes`,
    )
  }
  const text = await readForeignText(join(path, file), { code: 'DATASET', mostBytes: MOST_SMALL_BYTES })
  try {
    const { entries, ignoreLabel } = file === 'classes.json' ? parseJson(text) : parseLines(text)
    return toFacts(entries, ignoreLabel)
  } catch (error) {
    throw new EngineError(
      'DATASET',
      `${join(path, file)}: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}

interface ClassList {
  readonly entries: readonly ClassEntry[]
  readonly ignoreLabel: number
}

function parseJson(text: string): ClassList {
  const root = parseJsonText(text)
  const fields: Record<string, unknown> = Array.isArray(root)
    ? { classes: root }
    : typeof root === 'object' && root !== null
      ? { ...root }
      : {}
  const { classes, palette } = fields
  if (!Array.isArray(classes)) {
    throw new Error('needs a list of classes, or an object with one as "classes"')
  }
  const colors: readonly unknown[] = Array.isArray(palette) ? palette : []
  return {
    entries: classes.map((entry: unknown, index) => parseEntry(entry, colors[index])),
    ignoreLabel: parseIgnore(fields['ignore_label'] ?? fields['ignoreLabel'] ?? DEFAULT_IGNORE),
  }
}

function parseEntry(entry: unknown, color: unknown): ClassEntry {
  if (typeof entry === 'string') {
    return { name: entry.trim(), color: parseColor(color) }
  }
  if (typeof entry === 'object' && entry !== null && 'name' in entry && typeof entry.name === 'string') {
    return { name: entry.name.trim(), color: parseColor('color' in entry ? entry.color : color) }
  }
  throw new Error(`a class must be a name or { name, color }, got ${showValue(entry)}`)
}

function parseIgnore(value: unknown): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > 255) {
    throw new Error(`ignore_label must be a whole number from 0 to 255, got ${showValue(value)}`)
  }
  return value
}

/** '#rrggbb' or [r, g, b]. */
function parseColor(value: unknown): string | null {
  if (value === undefined || value === null) {
    return null
  }
  if (typeof value === 'string' && /^#[0-9a-f]{6}$/i.test(value)) {
    return value.toLowerCase()
  }
  if (
    Array.isArray(value) &&
    value.length === 3 &&
    value.every((part) => Number.isInteger(part) && part >= 0 && part <= 255)
  ) {
    return `#${value.map((part: number) => part.toString(16).padStart(2, '0')).join('')}`
  }
  throw new Error(`a colour must be "#rrggbb" or [r, g, b], got ${showValue(value)}`)
}

function parseLines(text: string): ClassList {
  const lines = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('//'))
  return {
    entries: lines.map((line) => {
      const match = /^(.*\S)\s+(#[0-9a-f]{6})$/i.exec(line)
      return match === null
        ? { name: line, color: null }
        : { name: match[1] ?? line, color: parseColor(match[2]) }
    }),
    ignoreLabel: DEFAULT_IGNORE,
  }
}

function toFacts(entries: readonly ClassEntry[], ignoreLabel: number): ClassFacts {
  const names = entries.map(({ name }) => showField(name))
  if (names.length < 2 || names.length > MOST_CLASSES || names.includes('')) {
    throw new Error(`needs 2 to ${String(MOST_CLASSES)} classes with names, got ${String(names.length)}`)
  }
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) {
    throw new Error(`class "${twice}" is listed twice`)
  }
  const chosen = choosePalette(names)
  return {
    names,
    palette: entries.map(({ color }, index) => color ?? chosen[index] ?? '#808080'),
    ignoreLabel,
  }
}
