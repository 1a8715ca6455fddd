/** The core runs wherever JavaScript does: it bundles for a browser, with nothing of Node and no package in it. */

import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { expect, test } from "vitest";

const core = fileURLToPath(new URL("../src/core/", import.meta.url));

test("the core bundles for a browser without a warning", async () => {
  const files = readdirSync(core, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
  expect(files.length).toBeGreaterThan(0);
  const contents = files
    .map((name, index) => `export * as m${index} from "./${name.replaceAll("\\", "/")}";`)
    .join("\n");
  const result = await build({
    stdin: { contents, resolveDir: core, loader: "ts" },
    bundle: true,
    write: false,
    metafile: true,
    platform: "browser",
    format: "esm",
    target: "es2023",
    logLevel: "silent",
  });
  expect(result.warnings).toEqual([]);
  const inputs = Object.keys(result.metafile.inputs).filter((path) => path !== "<stdin>");
  expect(inputs.filter((path) => !/(?:^|\/)src\/(?:base|core|stats\.ts)/.test(path))).toEqual([]);
  expect(result.outputFiles[0]?.text.length).toBeGreaterThan(0);
});
