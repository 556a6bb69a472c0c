import { describe, expect, it } from 'vitest'
import {
  assembleModule,
  defineFunction,
  get,
  i32,
  advance,
  singleLane,
} from '../../../../src-main/compute/wasm/assembler.ts'
import type { Code, FunctionCode } from '../../../../src-main/compute/wasm/assembler.ts'

/** Runs a function on the address 0 of an empty memory and returns that memory as words. */
function run(main: FunctionCode): Int32Array {
  const { WebAssembly: engine } = globalThis as unknown as {
    WebAssembly: {
      Memory: new (limits: { initial: number; maximum: number }) => { buffer: ArrayBuffer }
      Module: new (binary: Uint8Array) => object
      Instance: new (module: object, imports: object) => { exports: { main: (address: number) => void } }
    }
  }
  const memory = new engine.Memory({ initial: 1, maximum: 65_536 })
  new engine.Instance(new engine.Module(assembleModule([main])), { heap: { memory } }).exports.main(0)
  return new Int32Array(memory.buffer)
}

const storeInt = (address: Code, value: Code): Code => [address, value, 0x36, 2, 0]

describe('assembler', () => {
  it.each([0, 1, -1, 63, 64, -64, -65, 127, 128, 8191, 8192, -8193, 2 ** 31 - 1, -(2 ** 31)])(
    'encodes the constant %d',
    (value) => {
      expect(
        run(defineFunction('main', { i32: ['address'] }, (p) => storeInt(get(p.address), i32(value))))[0],
      ).toBe(value)
    },
  )

  it.each([0, 1, 5, 300])('repeats a body %d times', (count) => {
    const main = defineFunction('main', { i32: ['address'] }, (p, { local, repeat }) => {
      const sum = local('i32')
      return [repeat(i32(count), advance(sum, i32(3))), storeInt(get(p.address), get(sum))]
    })
    expect(run(main)[0]).toBe(3 * count)
  })

  it('repeats inside of a repetition', () => {
    const main = defineFunction('main', { i32: ['address'] }, (p, { local, repeat }) => {
      const sum = local('i32')
      return [repeat(i32(7), repeat(i32(5), advance(sum, i32(1)))), storeInt(get(p.address), get(sum))]
    })
    expect(run(main)[0]).toBe(35)
  })

  it('writes a float at an offset of more than one byte', () => {
    const one: Code = [0x43, 0x00, 0x00, 0x80, 0x3f]
    const main = defineFunction('main', { i32: ['address'] }, (p) =>
      singleLane.store(get(p.address), one, 4000),
    )
    expect(new Float32Array(run(main).buffer)[1000]).toBe(1)
  })
})
