import type { IconName } from './icons.ts'

export interface Command {
  readonly id: string
  readonly group: string
  readonly title: string
  readonly hint: string
  readonly icon: IconName
  readonly run: () => void
}

/**
 * Commands whose title contains every word of the query, in any order and case. Titles that begin with the query come first;
 * the order within groups is kept.
 */
export function matchCommands(commands: readonly Command[], query: string): readonly Command[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean)
  const rank = (command: Command): number => (command.title.toLowerCase().startsWith(words.join(' ')) ? 0 : 1)
  return commands
    .filter((command) =>
      words.every((word) => `${command.title} ${command.hint}`.toLowerCase().includes(word)),
    )
    .toSorted((a, b) => rank(a) - rank(b))
}
