import type { ArgsDef } from 'citty'
import { displayNameSchema, EngineError } from '../contract/index.ts'
import type { ErrorInfo } from '../contract/index.ts'

/** Where this program's parts lie; differs between sources and build, so the entry finds them. */
export interface ProgramParts {
  readonly workerEntry: URL
  readonly resourcesFolder: URL
  readonly rendererFolder: URL
  readonly projectRoot: URL
  readonly codeVersion: string
}

export interface Terminal {
  /** Results. */
  readonly out: (text: string) => void
  /** Progress, warnings, reasons. */
  readonly err: (text: string) => void
  readonly isInteractive: boolean
}

/** What a command works with. `interrupted` aborts at the first Ctrl+C. */
export interface CommandContext {
  readonly parts: ProgramParts
  readonly terminal: Terminal
  readonly interrupted: AbortSignal
  /** Of the user, for files that are the user's (user-files.ts); absent: the usual one. */
  readonly userUmask?: number
}

export type CommandArgs = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>

export interface Command {
  readonly description: string
  readonly example: string
  readonly args: ArgsDef
  /** Options that may be given several times; they arrive as arrays. */
  readonly repeated?: readonly string[]
  /** Positional that takes all that are given; arrives as an array. */
  readonly variadic?: string
  /** @returns the exit code. */
  run(args: CommandArgs, context: CommandContext): Promise<number>
}

export const EXIT = { done: 0, failed: 1, wrongRequest: 2, missingPart: 3, interrupted: 130 } as const

export function exitCodeOf(info: Pick<ErrorInfo, 'code'>): number {
  switch (info.code) {
    case 'BAD_REQUEST':
    case 'NOT_FOUND':
    case 'CONFLICT':
    case 'DATASET':
      return EXIT.wrongRequest
    case 'MISSING_PART':
      return EXIT.missingPart
    case 'STOPPED':
      return EXIT.interrupted
    case 'STORAGE':
    case 'CHECKPOINT':
    case 'NUMERIC':
    case 'OUT_OF_MEMORY':
    case 'WORKER_DIED':
    case 'UNAUTHORIZED':
    case 'INTERNAL':
      return EXIT.failed
    default: {
      const unknown: never = info.code
      throw new TypeError(`unknown error code ${String(unknown)}`)
    }
  }
}

export const DATA_ARG = {
  data: {
    type: 'string',
    valueHint: 'DIR',
    description: 'Data folder (default: SCALENAS_DATA, else by the convention of the platform)',
  },
} as const satisfies ArgsDef

export const JSON_ARG = {
  json: { type: 'boolean', description: 'Exactly one JSON document on stdout' },
} as const satisfies ArgsDef

export function text(args: CommandArgs, name: string): string | undefined {
  const value = args[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

export function requireText(args: CommandArgs, name: string): string {
  const value = text(args, name)
  if (value === undefined) {
    throw new EngineError('BAD_REQUEST', `${name.toUpperCase()} is missing.`)
  }
  return value
}

/** A name for lists, or undefined when it was not given. */
export function displayName(args: CommandArgs, name: string): string | undefined {
  const given = text(args, name)
  const parsed = displayNameSchema.optional().safeParse(given)
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ message }) => message).join('; ')
    throw new EngineError('BAD_REQUEST', `--${name}: ${problems}.`)
  }
  return parsed.data
}

/** A choice; the first value is the default. */
export function oneOf<const T extends string>(
  allowed: readonly [T, ...T[]],
  args: CommandArgs,
  name: string,
): T {
  return requireOneOf(`--${name}`, text(args, name) ?? allowed[0], allowed)
}

/** @param what - Names it in the message. */
export function requireOneOf<T extends string>(what: string, given: string, allowed: readonly T[]): T {
  const found = allowed.find((value) => value === given)
  if (found === undefined) {
    throw new EngineError('BAD_REQUEST', `${what} must be one of ${allowed.join(', ')}, got "${given}".`)
  }
  return found
}

/** A whole number within bounds, or undefined when it was not given. */
export function integer(
  args: CommandArgs,
  name: string,
  { min, max }: { readonly min: number; readonly max: number },
): number | undefined {
  const given = text(args, name)
  if (given === undefined) {
    return undefined
  }
  const value = Number(given)
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new EngineError(
      'BAD_REQUEST',
      `--${name} must be a whole number from ${String(min)} to ${String(max)}, got "${given}".`,
    )
  }
  return value
}

export function flag(args: CommandArgs, name: string): boolean {
  return args[name] === true
}

export function texts(args: CommandArgs, name: string): readonly string[] {
  const value = args[name]
  return Array.isArray(value) ? (value as readonly string[]) : []
}
