import { open } from 'node:fs'
import { endDespiteSilence } from '../../../src-main/cli/end-process.ts'
import { answering } from '../../../src-main/files/answering.ts'

// A thread of this process waits in open() for a pipe that nobody writes to, as it would for a mount that is gone.
const opening = new Promise((resolve) => {
  open(process.argv[2] ?? '', resolve)
})
await answering(opening, 50).catch((thrown: unknown) => {
  console.log(String(thrown))
})
process.exitCode = 2
endDespiteSilence(2)
