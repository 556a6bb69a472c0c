/** Types of lock.mjs for its test. */
export function withLock<T>(
  file: string,
  options: { readonly onWait?: () => void },
  work: () => Promise<T>,
): Promise<T>
