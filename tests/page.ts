import { type Page, test as base } from '@playwright/test';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { type HarnessState, type Scenario } from './harness/scenario';

const address = pathToFileURL(path.join(__dirname, 'harness', 'dist', 'index.html')).href;

export class Harness {
  constructor(readonly page: Page) {}

  async open(scenario: Scenario) {
    await this.page.goto(`${address}#${encodeURIComponent(JSON.stringify(scenario))}`);
  }

  state(): Promise<HarnessState> {
    return this.page.evaluate(() => window.harness);
  }

  /** Writes what the page shows into test-results/. */
  async picture(name: string) {
    await this.page.screenshot({ path: path.join('test-results', `${name}.png`), fullPage: true });
  }

  /** Names what is wider than the window, so that a reader has to scroll sideways. */
  overflow(): Promise<string[]> {
    return this.page.evaluate(() => {
      const width = document.documentElement.clientWidth;
      return [...document.querySelectorAll('body *')]
        .filter((element) => element.getBoundingClientRect().right > width)
        .map((element) => `${element.tagName} ${element.id || element.textContent.slice(0, 40)}`);
    });
  }
}

/** A test with the harness page; an error that the page throws fails it. */
export const test = base.extend<{ harness: Harness }>({
  harness: async ({ page }, provide) => {
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(error.message));
    await provide(new Harness(page));
    base.expect(errors).toEqual([]);
  },
});

export { expect } from '@playwright/test';
