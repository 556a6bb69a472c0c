const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789'
const LENGTH = 8

/** A fresh run id, 'r-' and eight characters: 2.8e12 possibilities, drawn from the platform's secure source. */
export function newRunId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(LENGTH))
  return `r-${Array.from(bytes, (byte) => ALPHABET[byte % ALPHABET.length] ?? 'x').join('')}`
}
