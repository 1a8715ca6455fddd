/** The browser that tests drive, where one is installed. */

import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, launch } from "puppeteer-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];

/** The path of a Chromium; undefined where none is installed, and what needs one is to be skipped. */
export const CHROMIUM: string | undefined = (process.env.PATH ?? "")
  .split(delimiter)
  .flatMap((folder) => NAMES.map((name) => join(folder, name)))
  .find(isExecutable);

/** Why a test of a page cannot run here, for its name. */
export const NO_CHROMIUM = CHROMIUM === undefined ? "(no chromium here: nobody has looked at the page)" : undefined;

export function launchBrowser(): Promise<Browser> {
  return launch({
    executablePath: CHROMIUM ?? "chromium",
    // As root, in containers, there is no sandbox to be had.
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
  });
}

export interface LoadedPage {
  /** As it is in the end. */
  readonly document: string;
  /** What the page's script or its policy left on the console. */
  readonly complaints: readonly string[];
}

/** Loads a page and lets its scripts run. */
export async function loadPage(url: string): Promise<LoadedPage> {
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on("console", (line) => complaints.push(line.text()));
    page.on("pageerror", (error) => complaints.push(String(error)));
    await page.goto(url, { waitUntil: "networkidle0" });
    return { document: await page.content(), complaints };
  } finally {
    await browser.close();
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
