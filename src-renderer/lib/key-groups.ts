export interface KeyEntry {
  readonly keys: readonly string[]
  readonly does: string
}

export interface KeyGroup {
  readonly title: string
  readonly entries: readonly KeyEntry[]
}

/** Every key of the window, as the dialog behind '?' lists them. */
export const KEY_GROUPS: readonly KeyGroup[] = [
  {
    title: 'Everywhere',
    entries: [
      { keys: ['Ctrl K'], does: 'Search or run a command' },
      { keys: ['N'], does: 'New run' },
      { keys: ['Ctrl B'], does: 'Fold or open the rail' },
      { keys: ['?'], does: 'This list' },
      { keys: ['Esc'], does: 'Close what lies on top' },
    ],
  },
  {
    title: 'Explore',
    entries: [
      { keys: ['←', '→'], does: 'Previous or next candidate of the front' },
      { keys: ['Enter'], does: 'Open the selected candidate in Preview' },
      { keys: ['['], does: 'One generation back' },
      { keys: [']'], does: 'One generation on' },
      { keys: ['Space'], does: 'Play the generations' },
      { keys: ['0'], does: 'Show the whole chart again' },
    ],
  },
  {
    title: 'Preview',
    entries: [
      { keys: ['H'], does: 'Hide overlays while held' },
      { keys: ['G'], does: 'Ground truth while held' },
      { keys: ['E'], does: 'Show errors or not' },
      { keys: ['1', '…', '9'], does: 'Candidate of the front' },
      { keys: ['←', '→'], does: 'Previous or next picture' },
      { keys: ['↑', '↓'], does: 'Previous or next candidate' },
      { keys: ['A'], does: 'Add pictures of your own' },
    ],
  },
  {
    title: 'Run',
    entries: [
      { keys: ['/'], does: 'Filter the log' },
      { keys: ['S'], does: 'Stop or resume' },
    ],
  },
]
