import { defineConfig } from '@playwright/test'

/**
 * One story, two drivers: `web` opens the daemon's page in the system's Chromium, `electron` starts the app itself. A test names in its
 * tag where it holds: `@both`, `@web` or `@electron`.
 */
export default defineConfig({
  testDir: 'e2e/specs/story',
  testMatch: '*.spec.ts',
  outputDir: 'test-results/artifacts',
  timeout: 60_000,
  expect: { timeout: 15_000 },
  retries: 0,
  workers: 1,
  forbidOnly: process.env['CI'] === 'true',
  reporter: [['list'], ['./scripts/lib/playwright-count-reporter.mjs']],
  projects: [
    { name: 'web', grep: /@both|@web/ },
    { name: 'electron', grep: /@both|@electron/ },
  ],
})
