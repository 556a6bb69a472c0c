import { truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { MOST_PICTURE_BYTES } from '../../../src-main/contract/index.ts'
import { readChosenPictures } from '../../../src-main/desktop/chosen-pictures.ts'
import { createTemporaryFolder } from '../../support/engine-core.ts'

it('reads what was chosen; of a file that is too large or gone the name alone', async () => {
  const { folder, remove } = createTemporaryFolder()
  const file = (name: string): string => join(folder, name)
  writeFileSync(file('small.png'), Uint8Array.of(1, 2, 3))
  writeFileSync(file('large.png'), '')
  // A hole of the file system: no bytes are written.
  truncateSync(file('large.png'), MOST_PICTURE_BYTES + 1)
  const chosen = await readChosenPictures([file('small.png'), file('large.png'), file('gone.png')])
  expect(chosen).toEqual([
    { name: 'small.png', bytes: 3, content: Uint8Array.of(1, 2, 3) },
    { name: 'large.png', bytes: MOST_PICTURE_BYTES + 1, content: null },
    { name: 'gone.png', bytes: 0, content: null },
  ])
  remove()
})
