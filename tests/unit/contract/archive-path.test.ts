import { describe, expect, it } from 'vitest'
import { outsideArchive } from '../../../src-main/contract/index.ts'

describe('outsideArchive', () => {
  it.each([
    [
      '/opt/Studio/resources/app.asar/out/main/worker.js',
      '/opt/Studio/resources/app.asar.unpacked/out/main/worker.js',
    ],
    ['file:///opt/S/app.asar/out/main/worker.js', 'file:///opt/S/app.asar.unpacked/out/main/worker.js'],
    ['C:\\S\\resources\\app.asar\\out', 'C:\\S\\resources\\app.asar.unpacked\\out'],
    ['/opt/S/app.asar.unpacked/out/main/worker.js', '/opt/S/app.asar.unpacked/out/main/worker.js'],
    ['/home/me/studio/out/main/worker.js', '/home/me/studio/out/main/worker.js'],
    ['/home/me/myapp.asar/x', '/home/me/myapp.asar/x'],
  ])('%s', (path, expected) => {
    expect(outsideArchive(path)).toBe(expected)
  })
})
