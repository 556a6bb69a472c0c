/** Types of system-packages.mjs for the browser tests. */
export function findChromium(): string | null
