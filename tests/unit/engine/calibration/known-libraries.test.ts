import { mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { describeChange } from '../../../../src-main/engine/calibration/known-libraries.ts'
import { readLibraryStamp } from '../../../../src-main/engine/calibration/library-stamp.ts'
import { createTemporaryFolder } from '../../../support/engine-core.ts'

const BINDING = '@tensorflow/tfjs-node-gpu/lib/napi-v8/tfjs_binding.node'
const LIBRARY = '@tensorflow/tfjs-node-gpu/deps/lib/libtensorflow_cc.so.2'
const MANIFEST = '@tensorflow/tfjs-backend-wasm/package.json'

describe('the stamp of the libraries', () => {
  let folder: ReturnType<typeof createTemporaryFolder>
  const write = (path: string, text: string): string => {
    const file = join(folder.folder, 'node_modules', path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
    // One time for all, so that only what a test changes differs.
    utimesSync(file, 1000, 1000)
    return file
  }
  const stamp = (env: Record<string, string> = {}): string =>
    readLibraryStamp({ from: pathToFileURL(join(folder.folder, 'program.ts')).href, env })
  beforeEach(() => {
    folder = createTemporaryFolder()
    write('@tensorflow/tfjs-node-gpu/package.json', '{ "version": "4.22.0" }')
    write(MANIFEST, '{ "version": "4.22.0" }')
    write(BINDING, 'binding')
    write(LIBRARY, 'library')
  })
  afterEach(() => {
    folder.remove()
  })

  it('is the same while nothing changes', () => {
    const before = stamp()
    write(LIBRARY, 'library')
    expect(stamp()).toBe(before)
  })

  it.each<[string, () => void]>([
    ['a library of another size', () => write(LIBRARY, 'another library')],
    ['a library of another time', () => utimesSync(write(LIBRARY, 'library'), 1000, 2000)],
    ['another version of a package', () => write(MANIFEST, '{ "version": "4.23.0" }')],
    ['a package that is new', () => write('webgpu/package.json', '{ "version": "0.6.2" }')],
    ['a binding that is gone', () => rmSync(write(BINDING, 'binding'))],
    [
      'a library whose link leads nowhere',
      () => {
        const file = write(LIBRARY, 'library')
        rmSync(file)
        symlinkSync(`${file}.gone`, file)
      },
    ],
  ])('changes with %s', (_name, change) => {
    const before = stamp()
    change()
    expect(stamp()).not.toBe(before)
  })

  it('changes with the cards that are visible', () => {
    expect(stamp({ CUDA_VISIBLE_DEVICES: '1' })).not.toBe(stamp({ CUDA_VISIBLE_DEVICES: '0' }))
  })
})

describe('the worker of a run', () => {
  const facts = { backend: 'tensorflow', backendVersion: '2.19.0', device: 'cpu' }

  it('tells of a library that is not the one of the figures', () => {
    expect(describeChange({ tensorflow: '2.18.1' }, facts)).toMatch(/is 2\.19\.0; .* figures of 2\.18\.1/)
    expect(describeChange({ tensorflow: '2.19.0 on gpu' }, facts)).toMatch(/figures of 2\.19\.0 on gpu/)
  })

  it('has nothing to tell where they agree, or where it was not measured', () => {
    expect(describeChange({ tensorflow: '2.19.0' }, facts)).toBeNull()
    expect(describeChange({ wasm: '4.22.0' }, facts)).toBeNull()
    expect(describeChange(undefined, facts)).toBeNull()
  })
})
