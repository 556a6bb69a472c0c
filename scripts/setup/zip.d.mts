/** Types of zip.mjs for its test. */
export interface ZipEntry {
  readonly name: string
  readonly method: number
  readonly packedSize: number
  readonly size: number
  readonly mode: number
  readonly at: number
}
export function zipEntries(fd: number): Generator<ZipEntry>
export function readZipEntry(fd: number, entry: ZipEntry): Buffer
export function extractZipEntry(
  file: string,
  fd: number,
  entry: ZipEntry,
  target: string,
  onBytes?: (count: number) => void,
): Promise<void>
