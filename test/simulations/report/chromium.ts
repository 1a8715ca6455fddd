/** A page loaded by Chromium without a window: what its document is in the end, and what it complains of. */

import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { text } from "node:stream/consumers";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];

/** The path of a Chromium, where one is installed. */
export function findChromium(): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders.flatMap((folder) => NAMES.map((name) => join(folder, name))).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export interface LoadedPage {
  readonly document: string;
  /** Lines that the page's script or its policy left on the console. */
  readonly complaints: readonly string[];
}

export async function loadPage(chromium: string, url: string, profile: string): Promise<LoadedPage> {
  const flags = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--enable-logging=stderr",
    `--user-data-dir=${profile}`,
  ];
  const child = spawn(chromium, [...flags, "--virtual-time-budget=3000", "--dump-dom", url], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [document, log] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { document, complaints: log.split("\n").filter((line) => line.includes("CONSOLE")) };
}
