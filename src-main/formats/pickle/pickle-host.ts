import { malformed, quoted } from '../malformed.ts'

export const FORMAT = 'pickle'

/**
 * What a pickle may name. The interpreter knows no functions of its own: whatever is not one of these is refused by name, and these are
 * written here, in this program.
 */
export interface PickleGlobal {
  /** `module name`, as in the pickle. */
  readonly label: string
  /** What calling it gives; null for names that are only handed on (a class, a storage type). */
  readonly call: ((args: readonly unknown[]) => unknown) | null
}

/** An object that takes its contents from the BUILD opcode. */
export interface Buildable {
  setState(state: unknown): void
}

export interface PickleHost {
  /** By `module name`. */
  readonly globals: ReadonlyMap<string, PickleGlobal>
  /** What a persistent id stands for; null where the format has none. */
  readonly loadPersistent: ((id: unknown) => unknown) | null
}

export function listGlobals(...globals: readonly PickleGlobal[]): ReadonlyMap<string, PickleGlobal> {
  return new Map(globals.map((global) => [global.label, global]))
}

export function findGlobal(host: PickleHost, module: string, name: string): PickleGlobal {
  const label = `${module} ${name}`
  const global = host.globals.get(label)
  if (global === undefined) {
    const allowed = [...host.globals.keys()].map((known) => known.replace(' ', '.'))
    throw malformed(
      FORMAT,
      `refuses ${quoted(`${module}.${name}`)}: a file may only name ${allowed.join(', ')}; nothing of it was run`,
    )
  }
  return global
}

export function isTuple(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && Object.isFrozen(value)
}

export function isList(value: unknown): value is unknown[] {
  return Array.isArray(value) && !Object.isFrozen(value)
}

export function isPickleGlobal(value: unknown): value is PickleGlobal {
  return typeof value === 'object' && value !== null && 'label' in value && 'call' in value
}

export function isBuildable(value: unknown): value is Buildable {
  return typeof value === 'object' && value !== null && 'setState' in value
}
