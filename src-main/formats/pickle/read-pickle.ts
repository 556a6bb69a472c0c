import { ByteReader } from '../byte-reader.ts'
import { malformed } from '../malformed.ts'
import { FORMAT, isTuple } from './pickle-host.ts'
import type { PickleHost } from './pickle-host.ts'
import { OPERATIONS, STOP } from './pickle-operations.ts'

/** A checkpoint of a super-network with its optimizer needs under a million. */
const MOST_OPERATIONS = 8_000_000

/** What the operations work on: a stack, the stacks below open marks, and a memo. */
export class PickleMachine {
  readonly reader: ByteReader
  readonly host: PickleHost
  readonly #memo = new Map<number, unknown>()
  readonly #below: unknown[][] = []
  #stack: unknown[] = []

  constructor(reader: ByteReader, host: PickleHost) {
    this.reader = reader
    this.host = host
  }

  push(value: unknown): void {
    this.#stack.push(value)
  }

  pop(): unknown {
    if (this.#stack.length === 0) {
      throw malformed(FORMAT, `byte ${this.reader.position}: takes a value where none is left`)
    }
    return this.#stack.pop()
  }

  top(): unknown {
    const value = this.pop()
    this.#stack.push(value)
    return value
  }

  mark(): void {
    this.#below.push(this.#stack)
    this.#stack = []
  }

  /** The values since the last mark. */
  popMark(): unknown[] {
    const below = this.#below.pop()
    if (below === undefined) {
      throw malformed(FORMAT, `byte ${this.reader.position}: closes a mark that was never set`)
    }
    const values = this.#stack
    this.#stack = below
    return values
  }

  popTuple(): readonly unknown[] {
    const value = this.pop()
    if (!isTuple(value)) {
      throw malformed(FORMAT, `byte ${this.reader.position}: arguments must be a tuple`)
    }
    return value
  }

  memoize(slot: number): void {
    this.#memo.set(slot, this.top())
  }

  memoizeNext(): void {
    this.memoize(this.#memo.size)
  }

  recall(slot: number): void {
    if (!this.#memo.has(slot)) {
      throw malformed(FORMAT, `byte ${this.reader.position}: reads memo ${slot}, which was never set`)
    }
    this.#stack.push(this.#memo.get(slot))
  }
}

export interface PickleResult {
  /**
   * null, boolean, number, bigint, string; Uint8Array for bytes; Array for a list, frozen Array for a tuple, Map for a dict; else what
   * the host made. Lists and dicts may hold each other in circles.
   */
  readonly value: unknown
  /** Position after the STOP opcode. */
  readonly end: number
}

/**
 * Interprets a pickle as data: the opcodes that arrays, tensors and plain containers need, and calls of nothing but the host's globals.
 *
 * @throws EngineError naming an unknown opcode, a refused global, or whatever does not fit.
 */
export function readPickle(file: Uint8Array, host: PickleHost, start = 0): PickleResult {
  const reader = new ByteReader(file, FORMAT, start)
  const machine = new PickleMachine(reader, host)
  for (let count = 0; count < MOST_OPERATIONS; count++) {
    const opcode = reader.uint8()
    if (opcode === STOP) {
      return { value: machine.pop(), end: reader.position }
    }
    const operation = OPERATIONS.get(opcode)
    if (operation === undefined) {
      const shown = opcode.toString(16).padStart(2, '0')
      throw malformed(
        FORMAT,
        `byte ${reader.position - 1}: opcode 0x${shown} is not one that data needs; it is refused`,
      )
    }
    operation(machine)
  }
  throw malformed(FORMAT, `more than ${MOST_OPERATIONS} operations`)
}
