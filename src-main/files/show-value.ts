const MOST_CHARACTERS = 80

/**
 * A value out of a foreign file for a message: short and flat whatever it is. A list of lists a million deep would exhaust the stack of
 * `JSON.stringify`, a long text would be the whole message.
 */
export function showValue(value: unknown): string {
  switch (typeof value) {
    case 'undefined':
      return 'nothing'
    case 'string':
      return JSON.stringify(value.length > MOST_CHARACTERS ? `${value.slice(0, MOST_CHARACTERS)}…` : value)
    case 'number':
    case 'boolean':
      return String(value)
    default:
      return showList(value)
  }
}

const MOST_ELEMENTS = 8

function showList(value: unknown): string {
  if (!Array.isArray(value)) {
    return value === null ? 'null' : 'an object'
  }
  const list: readonly unknown[] = value
  const shown = list
    .slice(0, MOST_ELEMENTS)
    .map((element) => (Array.isArray(element) ? '[…]' : showValue(element)))
  return `[${[...shown, ...(list.length > MOST_ELEMENTS ? ['…'] : [])].join(',')}]`
}
