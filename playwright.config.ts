import { defineConfig } from '@playwright/test';

const executablePath = process.env.CHROMIUM_BIN;
if (!executablePath) {
  throw new Error('Set CHROMIUM_BIN to a Chromium binary, for example CHROMIUM_BIN=/usr/bin/chromium.');
}

export default defineConfig({
  testDir: 'tests',
  outputDir: 'test-results',
  forbidOnly: Boolean(process.env.CI),
  workers: 1,
  timeout: 30_000,
  reporter: 'list',
  use: {
    viewport: { width: 1100, height: 700 },
    // The pages are files, and a container's root user has no sandbox.
    launchOptions: { executablePath, args: ['--no-sandbox', '--allow-file-access-from-files'] },
  },
});
