import { createRequire } from 'node:module'
import { dirname, join, sep } from 'node:path'

/**
 * The folder with the .wasm binaries of the installed package, with a trailing separator. Found through the package itself, so it
 * is the same from the sources and from a bundle, where packages stay outside.
 *
 * @throws Error when the package is not installed.
 */
export function locateWasmFolder(from: string = import.meta.url): string {
  const manifest = createRequire(from).resolve('@tensorflow/tfjs-backend-wasm/package.json')
  return join(dirname(manifest), 'wasm-out') + sep
}
