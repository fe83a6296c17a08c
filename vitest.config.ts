import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/services/setup.ts',
    setupFiles: 'test/finished.ts',
    pool: 'forks',
    // three files with four cases each keep two cores busy; with more cases, a process of a test waits too long for a core
    maxWorkers: 3,
    // the number of cases that run at the same time in a file that permits it
    maxConcurrency: 4,
    // limits against hanging, which also hold on a machine several times as slow as usual
    testTimeout: 240_000,
    hookTimeout: 240_000,
    expect: { poll: { timeout: 60_000 } },
  },
})
