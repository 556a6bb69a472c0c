import { parseArgs, renderUsage } from 'citty'
import type { ArgsDef } from 'citty'
import { EngineError, toErrorInfo } from '../contract/index.ts'
import { EXIT, exitCodeOf } from './command-line.ts'
import type { Command, CommandArgs, CommandContext } from './command-line.ts'

const NAME = 'scalenas'

/** Finds the command, checks its arguments, runs it, and turns whatever happens into an exit code. */
export async function runCommandLine(
  commands: Readonly<Record<string, Command>>,
  rawArgs: readonly string[],
  context: CommandContext,
): Promise<number> {
  const { terminal, parts } = context
  const [name, ...rest] = rawArgs
  if (name === '--version' || name === '-v') {
    terminal.out(parts.codeVersion)
    return EXIT.done
  }
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    terminal.out(describeCommands(commands, parts.codeVersion))
    return name === undefined ? EXIT.wrongRequest : EXIT.done
  }
  const command = commands[name]
  if (command === undefined) {
    terminal.err(`There is no command "${name}". Commands: ${Object.keys(commands).join(', ')}.`)
    return EXIT.wrongRequest
  }
  if (rest.includes('--help') || rest.includes('-h')) {
    terminal.out(await describeCommand(name, command))
    return EXIT.done
  }
  try {
    return await command.run(readArgs(name, command, rest), context)
  } catch (thrown) {
    return reportError(thrown, rest.includes('--json'), context)
  }
}

function reportError(thrown: unknown, isJson: boolean, { terminal }: CommandContext): number {
  const info = toErrorInfo(thrown)
  terminal.err(info.message)
  info.details.filter((detail) => detail !== info.message).forEach((detail) => terminal.err(`  ${detail}`))
  if (isJson) {
    terminal.out(JSON.stringify({ error: info }, null, 2))
  }
  return exitCodeOf(info)
}

/**
 * citty reads the values; what it does not know it would let pass, so names and missing values are checked here.
 * @throws EngineError BAD_REQUEST that says what the command takes.
 */
export function readArgs(name: string, command: Command, rawArgs: readonly string[]): CommandArgs {
  const { args: definitions, repeated = [], variadic } = command
  const given: string[] = []
  const collected = new Map<string, string[]>(repeated.map((option) => [option, []]))
  const once: string[] = []
  const queue = [...rawArgs]
  for (let arg = queue.shift(); arg !== undefined; arg = queue.shift()) {
    const [option, inline] = splitOption(arg)
    if (option === null) {
      ;(variadic === undefined ? once : given).push(arg)
      continue
    }
    const definition = definitionOf(definitions, option)
    if (definition === undefined) {
      throw new EngineError('BAD_REQUEST', `"${name}" has no option --${option}. ${listOptions(definitions)}`)
    }
    if (definition.type === 'boolean') {
      once.push(arg)
      continue
    }
    const value = inline ?? queue.shift()
    if (value === undefined || (inline === undefined && value.startsWith('--'))) {
      throw new EngineError('BAD_REQUEST', `--${option} needs a value.`)
    }
    const values = collected.get(option)
    if (values === undefined) {
      once.push(`--${option}=${value}`)
    } else {
      values.push(value)
    }
  }
  return {
    ...parse(name, once, definitions),
    ...Object.fromEntries(collected),
    ...(variadic !== undefined && { [variadic]: given }),
  }
}

function parse(name: string, rawArgs: string[], definitions: ArgsDef): CommandArgs {
  const positionals = Object.entries(definitions).filter(([, { type }]) => type === 'positional')
  const extra = rawArgs.filter((arg) => !arg.startsWith('-'))[positionals.length]
  if (extra !== undefined) {
    throw new EngineError('BAD_REQUEST', `"${name}" does not know what to do with "${extra}".`)
  }
  try {
    return parseArgs(rawArgs, definitions)
  } catch (thrown) {
    throw new EngineError('BAD_REQUEST', thrown instanceof Error ? thrown.message : String(thrown))
  }
}

function splitOption(arg: string): readonly [option: string | null, inline: string | undefined] {
  const match = /^--([a-z][a-z-]*)(?:=(.*))?$/s.exec(arg)
  return match === null ? [null, undefined] : [match[1] ?? null, match[2]]
}

function definitionOf(definitions: ArgsDef, option: string) {
  const known = Object.entries(definitions).filter(([, { type }]) => type !== 'positional')
  return known.find(
    ([name, { type }]) => name === option || (type === 'boolean' && `no-${name}` === option),
  )?.[1]
}

function listOptions(definitions: ArgsDef): string {
  const options = Object.entries(definitions)
    .filter(([, { type }]) => type !== 'positional')
    .map(([name]) => `--${name}`)
  return options.length === 0 ? 'It has none.' : `Options: ${options.join(', ')}.`
}

function describeCommands(commands: Readonly<Record<string, Command>>, version: string): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length))
  const lines = Object.entries(commands).map(
    ([name, { description }]) => `  ${name.padEnd(width)}  ${description}`,
  )
  return [
    `ScaleNAS Studio ${version}`,
    '',
    `  ${NAME} COMMAND [OPTIONS]`,
    '',
    ...lines,
    '',
    `"${NAME} COMMAND --help" shows options and an example.`,
    'Exit codes: 0 done, 1 the work failed, 2 wrong request, 3 a needed part is missing, 130 stopped by Ctrl+C.',
  ].join('\n')
}

async function describeCommand(name: string, { description, args, example }: Command): Promise<string> {
  const usage = await renderUsage({ meta: { name: `${NAME} ${name}`, description }, args })
  return `${usage.trimEnd()}\n\nExample: ${example}`
}
