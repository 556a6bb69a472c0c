import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inputOf, isFind, measureCase, readSound } from './fuzz-case.ts'
import type { FuzzMessage, FuzzOrder, FuzzPart } from './fuzz-case.ts'
import { FAULT_READERS } from './fuzz-faults.ts'
import { FUZZ_READERS } from './fuzz-readers.ts'

/** A process that reads damaged files; whoever started it watches it, since a file may make it hang or die. */

process.once('message', (order: FuzzOrder) => {
  void work(order).finally(() => {
    process.disconnect()
  })
})

async function work({ seed, parts, findFolder }: FuzzOrder): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'scalenas-fuzz-'))
  process.once('exit', () => {
    rmSync(folder, { recursive: true, force: true })
  })
  for (const part of parts) {
    await workOn(part, seed, join(folder, part.reader.replaceAll(/\W+/g, '-')), findFolder)
  }
}

async function workOn(
  { reader: name, from, to }: FuzzPart,
  seed: number,
  folder: string,
  findFolder: string | null,
): Promise<void> {
  const reader = [...FUZZ_READERS, ...FAULT_READERS].find((candidate) => candidate.name === name)
  if (reader === undefined) {
    throw new RangeError(
      `there is no reader "${name}"; there are ${FUZZ_READERS.map((one) => one.name).join(', ')}`,
    )
  }
  mkdirSync(folder)
  await send({ kind: 'started', reader: name, number: from })
  const prepared = await reader.prepare(folder)
  const sound = await readSound(prepared)
  for (let number = from; number < to; number++) {
    const input = inputOf(prepared, seed, name, number)
    const measure = await measureCase(prepared, input, sound)
    if (findFolder !== null && isFind(measure)) {
      writeFileSync(
        join(findFolder, `${name.replaceAll(/\W+/g, '-')}-${String(seed)}-${String(number)}`),
        input.bytes,
      )
    }
    await send({ kind: 'measured', reader: name, number, ...measure })
  }
}

/** Waits until it is handed on: the watcher must know of each case before the next one begins. */
function send(message: FuzzMessage): Promise<void> {
  return new Promise((resolve) => {
    process.send?.(message, () => {
      resolve()
    })
  })
}
