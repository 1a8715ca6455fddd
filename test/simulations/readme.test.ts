import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { CHECKERS } from "../../simulations/checkers/checkers.ts";
import { FAULT_TYPES } from "../../simulations/scenario-file/fault-schema.ts";
import { SCENARIOS } from "../../simulations/scenarios/scenarios.ts";

const folder = new URL("../../simulations/", import.meta.url);
const readme = readFileSync(new URL("README.md", folder), "utf8");
const shown = [...readme.matchAll(/<!-- test: ([\w-]+) -->\n```ts\n(.*?)```/gs)];

describe("the README of the laboratory", () => {
  it("shows code only that runs with the tests, word for word", () => {
    expect(shown.length).toBeGreaterThan(0);
    expect(readme.split("```ts\n")).toHaveLength(shown.length + 1);
    for (const [, name, code = ""] of shown) {
      expect(readFileSync(new URL(`examples/${name}.test.ts`, folder), "utf8")).toContain(code);
    }
  });

  it.each([
    ["scenario", SCENARIOS.map(({ name }) => name)],
    ["fault", FAULT_TYPES],
    ["checker", Object.keys(CHECKERS)],
  ])("names every %s that there is", (_, names) => {
    expect(names.filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
  });

  it("links to files that are there", () => {
    const targets = [...readme.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, target = ""]) => target);
    expect(targets.filter((target) => !existsSync(new URL(target, folder)))).toEqual([]);
  });
});
