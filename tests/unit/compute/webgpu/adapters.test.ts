import { createRequire } from 'node:module'
import { describe, expect, it } from 'vitest'
import { chooseBackend, NoBackendError } from '../../../../src-main/compute/choose-backend.ts'
import { BACKENDS, REFUSAL_CODES } from '../../../../src-main/contract/index.ts'
import { adapterName, packageError, softwareReason } from '../../../../src-main/compute/webgpu/open-device.ts'
import { describeSteps } from '../../../../src-main/compute/webgpu/open-webgpu.ts'
import { probeInChild } from '../../../../src-main/compute/webgpu/probe-in-child.ts'
import { WEBGPU_ENTRIES } from '../../../support/webgpu-kernels.ts'

const adapter = (vendor: string, architecture: string, device: string, description: string) => ({
  ...{ vendor, architecture, device, description },
})

describe('adapters', () => {
  it.each([
    // As Dawn describes them.
    [
      adapter('google', 'swiftshader', 'swiftshader-device-subzero-', 'SwiftShader driver 5.0.0'),
      'swiftshader',
    ],
    [adapter('mesa', '', 'llvmpipe (LLVM 19.1.7, 256 bits)', 'llvmpipe: Mesa 25.0.7'), 'llvmpipe'],
    [adapter('', '', 'Microsoft Basic Render Driver', 'D3D12 driver'), 'microsoft basic render'],
  ])('that compute on the CPU are refused by name: %j', (info, name) => {
    expect(softwareReason(info)).toContain(`"${name}"`)
  })

  it('that call themselves a fallback are refused as well', () => {
    const info = adapter('someone', 'new', 'A renderer', '')
    expect(softwareReason({ ...info, isFallbackAdapter: true })).toContain('fallback')
    expect(softwareReason({ ...info, isFallbackAdapter: false })).toBeNull()
  })

  it.each([
    adapter('amd', 'rdna-3', 'AMD Radeon RX 7800 XT (RADV NAVI32)', 'radv: Mesa 25.0.7'),
    adapter('intel', 'gen-12lp', 'Intel(R) Iris(R) Xe Graphics (TGL GT2)', 'Intel open-source Mesa driver'),
    adapter('apple', 'metal-3', 'Apple M2', 'Metal driver'),
    adapter('nvidia', 'ada', 'NVIDIA GeForce RTX 4070', 'NVIDIA: 570.86.16'),
  ])('that are hardware are taken: %j', (info) => {
    expect(softwareReason(info)).toBeNull()
    expect(adapterName(info)).toBe(`${info.device} (${info.description})`)
  })

  it('without names get one', () => {
    expect(adapterName(adapter('', '', '', ''))).toBe('an adapter without a name')
    expect(adapterName(adapter('amd', 'rdna-3', '', ''))).toBe('amd rdna-3')
  })
})

describe('what keeps WebGPU off', () => {
  it('is told step by step', () => {
    const [atPackage, atAdapter, atTest] = [
      'package failed (why), adapter not run, self-test not run',
      'package passed, adapter failed (why), self-test not run',
      'package passed, adapter passed, self-test failed (why)',
    ]
    expect(REFUSAL_CODES.map((code) => [code, describeSteps(code, 'why')])).toEqual([
      ['not-installed', atPackage],
      ['no-native-part', atPackage],
      ['does-not-load', atPackage],
      ['no-adapter', atAdapter],
      ['software-adapter', atAdapter],
      ['no-device', atAdapter],
      ['self-test-failed', atTest],
      ['no-answer', atAdapter],
    ])
  })

  it('says in one sentence that the package is not there, and passes on other reasons', () => {
    let thrown: unknown
    try {
      createRequire(import.meta.url)('no-such-package-here/package.json')
    } catch (error) {
      thrown = error
    }
    expect((thrown as Error).message).toContain('Require stack')
    expect(packageError(thrown)).toMatchObject({
      ...{ code: 'not-installed', message: 'the optional package webgpu is not installed' },
    })
    expect(packageError(new Error('wrong ELF class'))).toMatchObject({
      ...{ code: 'does-not-load', message: 'wrong ELF class' },
    })
  })

  it('may be a driver that ends the process: the child dies, and says what it said', async () => {
    const crash = new URL('crashing-probe.mjs', import.meta.url)
    await expect(probeInChild(crash)).rejects.toMatchObject({
      code: 'no-answer',
      message: expect.stringMatching(/ended with signal SIGABRT: last words of a driver/) as string,
    })
  })

  it('names the reason where it is asked for by name, and auto goes on without it', async () => {
    const entries = { ...WEBGPU_ENTRIES, probe: new URL('crashing-probe.mjs', import.meta.url) }
    const thrown: unknown = await chooseBackend('webgpu', entries).catch((reason: unknown) => reason)
    expect(thrown).toBeInstanceOf(NoBackendError)
    expect((thrown as NoBackendError).refusals).toEqual([
      {
        ...{ backend: 'webgpu', code: 'no-answer' },
        reason: expect.stringMatching(
          /^package passed, adapter failed \(.*SIGABRT.*\), self-test not run$/,
        ) as string,
      },
    ])
    const { kernels, refused } = await chooseBackend('auto', entries)
    expect(refused.filter(({ backend }) => backend === kernels.name)).toEqual([])
    expect(BACKENDS.filter((name) => name !== 'webgpu')).toContain(kernels.name)
  })
})
