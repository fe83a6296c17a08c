import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/services/setup.ts',
    setupFiles: 'test/finished.ts',
    pool: 'forks',
    // each file starts servers of its own, and its cases wait at the same time: two files keep two cores busy
    maxWorkers: 2,
    // so many cases of one file at the same time, where it says that they may: each has processes of its own
    maxConcurrency: 8,
    // only against hanging: they hold on a machine several times as slow as the usual one
    testTimeout: 240_000,
    hookTimeout: 240_000,
    expect: { poll: { timeout: 60_000 } },
  },
})
