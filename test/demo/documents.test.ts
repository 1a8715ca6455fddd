import type { Browser, Frame, Page } from "puppeteer-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Demo, startDemo } from "../../src/demo/documents.ts";
import { launchBrowser, NO_CHROMIUM } from "../support/chromium.ts";

let demo: Demo;
let browser: Browser;

const textOf = (page: Page | Frame) => page.$eval("#text", (area) => (area as unknown as { value: string }).value);
const itemsOf = (page: Page | Frame) =>
  page.$$eval("#items li", (lines) => lines.map((line) => (line as unknown as { textContent: string }).textContent));

/** Waits until both show the same, and it satisfies `isRight`. */
async function agreed<T>(
  pages: readonly (Page | Frame)[],
  look: (page: Page | Frame) => Promise<T>,
  isRight: (seen: T) => boolean,
) {
  for (;;) {
    const [one, other] = await Promise.all(pages.map(look));
    if (JSON.stringify(one) === JSON.stringify(other) && isRight(one as T)) return one as T;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function add(page: Page | Frame, item: string): Promise<void> {
  await page.type("#entry", item);
  await page.click("#add button");
}

describe.skipIf(NO_CHROMIUM)(`the demo of documents, in a browser ${NO_CHROMIUM ?? ""}`, () => {
  beforeAll(async () => {
    demo = await startDemo(0);
    browser = await launchBrowser();
  });

  afterAll(async () => {
    await browser?.close();
    await demo?.stop();
  });

  it("has two tabs at two replicas type on both sides of a cut, and show one text and one list when it heals", async () => {
    const tabs = await Promise.all(
      [0, 1].map(async (at) => {
        const page = await browser.newPage();
        await page.goto(`${demo.url}/edit?at=${at}`);
        await page.waitForSelector("body[data-status=connected]");
        return page;
      }),
    );
    const [frankfurt, tokyo] = tabs as [Page, Page];
    await frankfurt.type("#text", "one ");
    await agreed(tabs, textOf, (text) => text === "one ");
    const both = await browser.newPage();
    await both.goto(demo.url);
    await both.waitForSelector("body[data-link=whole]");
    await both.click("#link");
    await both.waitForSelector("body[data-link=cut]");
    await frankfurt.bringToFront();
    await frankfurt.type("#text", "Frankfurt");
    await add(frankfurt, "bread");
    await tokyo.bringToFront();
    await tokyo.type("#text", "Tokyo");
    await add(tokyo, "rice");
    expect(await textOf(frankfurt)).toBe("one Frankfurt");
    expect(await textOf(tokyo)).toBe("one Tokyo");
    await both.bringToFront();
    await both.click("#link");
    await both.waitForSelector("body[data-link=whole]");
    const text = await agreed(tabs, textOf, (each) => each.length === "one FrankfurtTokyo".length);
    expect(["one FrankfurtTokyo", "one TokyoFrankfurt"]).toContain(text);
    const items = await agreed(tabs, itemsOf, (each) => each.length === 2);
    expect(items.map((item) => item.replace("×", "")).sort()).toEqual(["bread", "rice"]);
  });

  it("says who is there, at the other replica too", async () => {
    const page = await browser.newPage();
    await page.goto(demo.url);
    const frames = await Promise.all(
      ["at=0", "at=1"].map((at) => page.waitForFrame((frame) => frame.url().endsWith(at))),
    );
    const people = (frame: Page | Frame) => frame.$$eval("#people span", (badges) => badges.length);
    expect(await agreed(frames, people, (count) => count >= 2)).toBeGreaterThanOrEqual(2);
  });
});
