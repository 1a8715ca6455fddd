import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { flagsAsMarkdown } from "../src/cli/start-flags.ts";
import { version } from "../src/version.ts";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string };

describe("the README", () => {
  it("lists the flags of start as the command knows them", () => {
    expect(readme).toContain(flagsAsMarkdown().trim());
  });

  it("links to files that are there", () => {
    for (const [, target] of readme.matchAll(/\]\((?!https?:)([^)#]+)\)/g)) {
      expect(() => readFileSync(new URL(`../${target}`, import.meta.url))).not.toThrow();
    }
  });
});

describe("the version", () => {
  it("is that of the package", () => {
    expect(version).toBe(manifest.version);
  });
});
