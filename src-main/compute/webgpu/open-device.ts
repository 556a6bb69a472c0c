import { createRequire } from 'node:module'
import { BackendError, reasonOf } from '../backend-error.ts'
import type { DawnPackage, Gpu, GpuAdapter, GpuAdapterInfo, GpuDevice } from './dawn.types.ts'
import type { DeviceFacts } from './device-protocol.ts'

export interface OpenedDevice {
  readonly facts: DeviceFacts
  readonly device: GpuDevice
  /** Dawn lives as long as this is referenced. */
  readonly gpu: Gpu
}

/**
 * Loads Dawn and opens the fastest adapter that is hardware.
 *
 * @throws BackendError: of the package, or the adapter.
 */
export async function openDevice(allowsSoftware: boolean): Promise<OpenedDevice> {
  const { dawn, version } = await loadPackage()
  let gpu: Gpu
  let adapter: GpuAdapter | null
  try {
    gpu = dawn.create([])
    adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' })
  } catch (thrown) {
    throw new BackendError('no-adapter', reasonOf(thrown))
  }
  if (adapter === null) {
    throw new BackendError(
      'no-adapter',
      'Dawn lists none: no driver for Vulkan, Metal or Direct3D 12 that it can use',
    )
  }
  const { info, limits } = adapter
  const software = softwareReason(info)
  if (software !== null && !allowsSoftware) {
    throw new BackendError('software-adapter', `${adapterName(info)} is refused: ${software}`)
  }
  const requiredLimits = {
    maxBufferSize: limits.maxBufferSize,
    maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
  }
  const device = await adapter.requestDevice({ requiredLimits }).catch((thrown: unknown) => {
    throw new BackendError('no-device', `${adapterName(info)} opens no device: ${reasonOf(thrown)}`)
  })
  const name = software === null ? adapterName(info) : `${adapterName(info)} (software)`
  const largestBuffer = Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize)
  return { facts: { version, name, largestBuffer }, device, gpu }
}

async function loadPackage(): Promise<{ dawn: DawnPackage; version: string }> {
  // Not a literal: the package is optional, and a bundler must leave it where it is.
  const name: string = 'webgpu'
  try {
    const manifest = createRequire(import.meta.url)(`${name}/package.json`) as { readonly version: string }
    return { dawn: (await import(name)) as DawnPackage, version: manifest.version }
  } catch (thrown) {
    throw packageError(thrown)
  }
}

/** Node names every file that asked for a missing package; who reads the doctor needs to know only that it is not there. */
export function packageError(thrown: unknown): BackendError {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : null
  return code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND'
    ? new BackendError('not-installed', 'the optional package webgpu is not installed')
    : new BackendError('does-not-load', reasonOf(thrown))
}

/** Drivers that compute on the CPU, by the words that they call themselves; slower there than the WebAssembly kernels. */
const SOFTWARE_DRIVERS = [
  'llvmpipe',
  'lavapipe',
  'swiftshader',
  'softpipe',
  'microsoft basic render',
  'warp',
] as const

/** Why an adapter is no GPU, or null where nothing says so. */
export function softwareReason(info: GpuAdapterInfo): string | null {
  const words = [info.vendor, info.architecture, info.device, info.description].join(' ').toLowerCase()
  const known = SOFTWARE_DRIVERS.find((name) => new RegExp(`\\b${name}\\b`).test(words))
  if (known !== undefined) {
    return `"${known}" computes on the CPU`
  }
  return info.isFallbackAdapter === true ? 'it says of itself that it is a fallback on the CPU' : null
}

/** The card's name, and its driver in brackets. */
export function adapterName({ vendor, architecture, device, description }: GpuAdapterInfo): string {
  const [name = 'an adapter without a name', driver] = [device, description, `${vendor} ${architecture}`]
    .map((text) => text.trim())
    .filter((text) => text !== '')
  return driver === undefined ? name : `${name} (${driver})`
}
