import { resolve } from 'node:path'
import { defineConfig } from 'vitest/config'

// Each test starts a whole studio, so they run one after another. The desktop project needs `scripts/run-electron.mjs --exec`.
const MINUTE = 60_000
const shared = { testTimeout: 6 * MINUTE, hookTimeout: 2 * MINUTE, fileParallelism: false, retry: 0 }

export default defineConfig({
  root: resolve(import.meta.dirname, '../..'),
  test: {
    projects: [
      { test: { ...shared, name: 'browser', include: ['tests/e2e/browser/**/*.test.ts'] } },
      { test: { ...shared, name: 'desktop', include: ['tests/e2e/desktop/**/*.test.ts'] } },
    ],
  },
})
