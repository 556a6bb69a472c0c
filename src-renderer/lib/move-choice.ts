interface Choice<V extends string> {
  readonly value: V
  readonly isDisabled?: boolean
}

/**
 * The arrow keys of radio groups and tab lists: the neighbour `by` places away, around the ends and past what is disabled; its
 * button inside the group gets the focus.
 *
 * @param choices - In the order of the group's buttons, one button each.
 * @returns the value to choose, or null where there is no other
 */
export function moveChoice<V extends string>(
  choices: readonly Choice<V>[],
  current: V,
  by: 1 | -1,
  event: KeyboardEvent,
): V | null {
  const enabled = choices.filter((choice) => choice.isDisabled !== true)
  const index = enabled.findIndex((choice) => choice.value === current)
  const next = enabled[(index + by + enabled.length) % enabled.length]
  if (next === undefined || !(event.currentTarget instanceof HTMLElement)) {
    return null
  }
  event.currentTarget.querySelectorAll('button')[choices.indexOf(next)]?.focus()
  return next.value
}
