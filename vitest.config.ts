import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'

// Golden files and the unit suite are quick; integration tests start real engines and workers, so they run one file at a time.
export default defineConfig({
  plugins: [vue()],
  test: {
    globalSetup: ['tests/support/find-gpu.ts'],
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['tests/unit/**/*.test.ts'], exclude: ['tests/unit/renderer/**'] },
      },
      {
        extends: true,
        test: { name: 'renderer', include: ['tests/unit/renderer/**/*.test.ts'], environment: 'happy-dom' },
      },
      {
        extends: true,
        test: { name: 'golden', include: ['tests/golden/**/*.test.ts'], testTimeout: 120_000 },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['tests/integration/**/*.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          // Tests that compare runs bit for bit need the same threads in each; calibration.test.ts turns it on.
          env: { SCALENAS_CALIBRATION: 'off' },
        },
      },
    ],
  },
})
