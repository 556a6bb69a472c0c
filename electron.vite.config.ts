import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'electron-vite'
import { resolve } from 'node:path'

const fromRoot = (path: string): string => resolve(import.meta.dirname, path)

/**
 * The lowest Electron that runs the studio is 33: Chrome 130 and Node 20.18. electron-vite would derive the targets from the
 * installed npm package, which is newer. The engine and its workers run on Node 24, but every file must at least parse there.
 */
const NODE_TARGET = 'node20.18'
const CHROME_TARGET = 'chrome130'

/** electron-vite leaves `dependencies` out of the bundle by itself; optional packages with native parts have to be named. */
const OPTIONAL_PACKAGES = ['@tensorflow/tfjs-node-gpu', 'electron', 'webgpu']

/** A window that is open goes on finding the files that it was opened with; scripts/ensure-build.mjs removes what is a day old. */
const EMPTY_OUT_DIR = false

export default defineConfig({
  main: {
    build: {
      outDir: fromRoot('out/main'),
      emptyOutDir: EMPTY_OUT_DIR,
      target: NODE_TARGET,
      sourcemap: true,
      externalizeDeps: { include: OPTIONAL_PACKAGES },
      rolldownOptions: {
        input: {
          main: fromRoot('src-main/main.ts'),
          cli: fromRoot('src-main/cli/main.ts'),
          engine: fromRoot('src-main/engine/main.ts'),
          worker: fromRoot('src-main/worker/main.ts'),
          'copy-thread': fromRoot('src-main/store/copy-thread.ts'),
          'loader-thread': fromRoot('src-main/datasets/loader-thread.ts'),
          'webgpu-thread': fromRoot('src-main/compute/webgpu/device-thread.ts'),
          'webgpu-probe': fromRoot('src-main/compute/webgpu/probe.ts'),
        },
        output: { entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' },
      },
    },
  },
  preload: {
    build: {
      outDir: fromRoot('out/preload'),
      target: NODE_TARGET,
      externalizeDeps: false, // a sandboxed preload cannot require packages
      rolldownOptions: {
        input: { index: fromRoot('src-preload/index.ts') },
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
  renderer: {
    root: fromRoot('src-renderer'),
    plugins: [vue()],
    build: {
      outDir: fromRoot('out/renderer'),
      emptyOutDir: EMPTY_OUT_DIR,
      minify: true,
      target: CHROME_TARGET,
      assetsInlineLimit: 0, // the content policy takes fonts from files only, not from data: addresses
      rolldownOptions: { input: { index: fromRoot('src-renderer/index.html') } },
    },
  },
})
