/** What may happen to the files of a database while nobody looks. */

import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SeededRandom } from "../../src/base/random.ts";

const kinds = {
  table: /\.(ldb|sst)$/,
  log: /\.log$/,
  manifest: /^MANIFEST-/,
  current: /^CURRENT$/,
} as const;

export type DatabaseFile = keyof typeof kinds;

function filesOf(data: string, kind: DatabaseFile): string[] {
  const folder = join(data, "db");
  const names = readdirSync(folder).filter((name) => kinds[kind].test(name));
  const paths = names.map((name) => join(folder, name)).filter((path) => statSync(path).size > 0);
  if (paths.length === 0) throw new Error(`no ${kind} with anything in it among ${readdirSync(folder).join(" ")}`);
  return paths;
}

/** Flips bytes in runs of 16, `runs` of them, each in a place of its own, in every file of a kind. */
export function flipBytes(data: string, kind: DatabaseFile, random: SeededRandom, runs: number): void {
  for (const path of filesOf(data, kind)) {
    const bytes = readFileSync(path);
    const length = Math.floor(bytes.length / runs);
    for (let run = 0; run < runs; run++) {
      const at = run * length + random.below(Math.max(1, length - 16));
      for (let i = at; i < Math.min(bytes.length, at + 16); i++) bytes[i] = (bytes[i] ?? 0) ^ 0x5a;
    }
    writeFileSync(path, bytes);
  }
}

/** Flips bytes from an offset on. */
export function flipAt(data: string, kind: DatabaseFile, from: number, to: number): void {
  for (const path of filesOf(data, kind)) {
    const bytes = readFileSync(path);
    for (let i = from; i < Math.min(bytes.length, to); i++) bytes[i] = (bytes[i] ?? 0) ^ 0x5a;
    writeFileSync(path, bytes);
  }
}

/** Cuts files of a kind off in the middle. */
export function truncate(data: string, kind: DatabaseFile): void {
  for (const path of filesOf(data, kind)) truncateSync(path, Math.floor(statSync(path).size / 2));
}
