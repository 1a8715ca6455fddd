/** Holds the whole tree to the rules of `tidy/rules.ts`. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import {
  arrowViolations,
  headerViolations,
  lengthViolations,
  purityViolations,
  type SourceFile,
  testViolations,
  textViolations,
} from "./tidy/rules.ts";

const root = fileURLToPath(new URL("../", import.meta.url));

function read(path: string): SourceFile {
  return { path, text: readFileSync(join(root, path), "utf8") };
}

function filesUnder(folder: string): readonly SourceFile[] {
  const entries = readdirSync(join(root, folder), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && /\.(?:m?ts|mjs)$/.test(entry.name));
  return files.map((entry) => read(join(entry.parentPath, entry.name).slice(root.length).replaceAll("\\", "/")));
}

const src = filesUnder("src");
const simulations = filesUnder("simulations");
const tests = filesUnder("test");
const documents = readdirSync(root)
  .filter((name) => /\.(?:md|json|ts)$/.test(name))
  .map(read);

/** Files over the limit, each with the reason why it is better whole. */
const longFiles: ReadonlyMap<string, string> = new Map([
  ["src/replica/replica.ts", "one list of who takes part in the machine and in which order; the work is elsewhere"],
  ["src/replica/driver.ts", "what doors, peers and time want of one replica, passed on: the work is elsewhere"],
  ["src/core/table/register-table.ts", "index, columns and chains of one table: each is reached by the others alone"],
  ["test/wire/codec.test.ts", "what each message may say and what it must not, side by side as in the codec"],
  ["test/runtime/ws-attacks.test.ts", "one list of attacks, to be held against the list they come from"],
]);

test("there are sources to look at", () => {
  expect(src.length).toBeGreaterThan(20);
  expect(tests.length).toBeGreaterThan(10);
});

test("imports point down: base <- core <- wire <- cluster <- replica <- runtime <- node, doors know the store only", () => {
  expect([...src, ...simulations].flatMap(arrowViolations)).toEqual([]);
});

test("the pure layers know no clock, chance, timer, machine or package", () => {
  expect(src.flatMap(purityViolations)).toEqual([]);
});

test("files stay short enough to read, or have a reason", () => {
  expect(lengthViolations([...src, ...simulations, ...tests], longFiles)).toEqual([]);
});

test("every source says at its head what it is", () => {
  expect([...src, ...simulations].flatMap(headerViolations)).toEqual([]);
});

test("no notes to oneself and no paths of one machine", () => {
  expect([...src, ...simulations, ...tests, ...documents].flatMap(textViolations)).toEqual([]);
});

test("no test leaves others out, and each is named by a fact", () => {
  expect(tests.flatMap(testViolations)).toEqual([]);
});
