import { crc32, createInflate } from 'node:zlib'
import type { RegularFile } from '../files/regular-file.ts'
import { countRowBytes, PNG_SIGNATURE_BYTES, readPngHeader } from './png-header.ts'

/** What a PNG's own figures say of it: `damaged` parts do not fit their check sums; `short` ones hold fewer rows than the header promises. */
export type PngCheck = 'sound' | 'damaged' | 'short'

/** Length, name and check sum of a chunk. */
const FRAME_BYTES = 12
const PART_BYTES = 256 * 1024

/**
 * Compares a PNG with itself: the check sum of each chunk, and the rows that its data unpack to with those that its header promises.
 * Nothing is kept, so the memory does not depend on what the file claims; unpacking ends where the promise is met.
 *
 * @throws FileProblem if the file stops answering.
 */
export async function checkPng(file: RegularFile): Promise<PngCheck> {
  const rows = new RowCounter()
  const part = Buffer.alloc(PART_BYTES)
  try {
    let at = PNG_SIGNATURE_BYTES
    while (at + FRAME_BYTES <= file.size) {
      await readFully(file, part.subarray(0, 8), at)
      const length = part.readUInt32BE(0)
      const name = part.toString('latin1', 4, 8)
      if (at + FRAME_BYTES + length > file.size) {
        return 'damaged'
      }
      let sum = crc32(part.subarray(4, 8))
      for (let done = 0; done < length; done += PART_BYTES) {
        const piece = part.subarray(0, Math.min(PART_BYTES, length - done))
        await readFully(file, piece, at + 8 + done)
        sum = crc32(piece, sum)
        await rows.take(name, piece)
      }
      await readFully(file, part.subarray(0, 4), at + 8 + length)
      if (part.readUInt32BE(0) !== sum) {
        return 'damaged'
      }
      at += FRAME_BYTES + length
    }
    return await rows.judge()
  } finally {
    rows.end()
  }
}

/** A file that became shorter meanwhile reads as zeros, which fit no check sum. */
async function readFully(file: RegularFile, target: Buffer, position: number): Promise<void> {
  const count = await file.read(target, position)
  target.fill(0, count)
}

/** Unpacks the rows of a PNG and forgets them. */
class RowCounter {
  readonly #inflate = createInflate({ chunkSize: 64 * 1024 })
  #expected = 0
  #found = 0
  #isDamaged = false
  #isEnded = false
  #wake: () => void = () => undefined

  constructor() {
    this.#inflate.on('data', (rows: Buffer) => {
      this.#found += rows.length
    })
    this.#inflate.on('error', () => {
      this.#isDamaged = true
      this.#wake()
    })
    this.#inflate.on('end', () => {
      this.#isEnded = true
      this.#wake()
    })
  }

  async take(chunk: string, piece: Buffer): Promise<void> {
    if (chunk === 'IHDR') {
      const header = readPngHeader(piece)
      this.#expected = header === null ? 0 : countRowBytes(header)
    } else if (chunk === 'IDAT' && !this.#isOver()) {
      // The buffer is used again for the next piece, so this one must be taken in whole.
      await this.#until((done) => this.#inflate.write(piece, done))
    }
  }

  async judge(): Promise<PngCheck> {
    if (!this.#isOver()) {
      await this.#until(() => this.#inflate.end())
    }
    if (this.#found < this.#expected) {
      return 'short'
    }
    return this.#isDamaged ? 'damaged' : 'sound'
  }

  end(): void {
    this.#inflate.destroy()
  }

  #isOver(): boolean {
    return this.#isDamaged || this.#isEnded || this.#found > this.#expected
  }

  /** Errors and the end of the data wake it too: what follows the end is never taken in. */
  #until(start: (done: () => void) => void): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
      start(resolve)
    })
  }
}
