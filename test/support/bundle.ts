/** Compiles a TypeScript file for the child processes of tests, which run plain Node. */

import { createHash } from "node:crypto";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";

/** Inside `node_modules`, so that the bare imports of a bundle resolve. */
const folder = fileURLToPath(new URL("../../node_modules/.cache/atoll-tests/", import.meta.url));

/** A bundle that is not made of the sources as they are. */
export interface Variant {
  /** Fit for a file. */
  readonly name: string;
  readonly plugin: Plugin;
}

/** Left where they are: they find files of their own, beside them or in another thread. */
const PACKAGES_APART = ["level", "pino", "pino-pretty", "wasmoon-lua5.1"];

/** CommonJS packages call it, and an ES module has none. */
const REQUIRE = 'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);';

/**
 * Bundles `entry` (a path or a `file:` URL) with all it imports as an ES module, with a source map beside it: tests start
 * hundreds of processes, and most of what that takes is to find, read and parse. Returns the path of the `.mjs` file, the
 * same for the same entry and variant. Others may bundle it at the same time.
 */
export async function bundle(entry: string, variant?: Variant): Promise<string> {
  const source = entry.startsWith("file:") ? fileURLToPath(entry) : entry;
  const kind = variant === undefined ? "" : `-${variant.name}`;
  const name = `${basename(source, ".ts")}${kind}-${createHash("sha256").update(source).digest("hex").slice(0, 8)}`;
  const outfile = join(folder, `${name}.mjs`);
  await mkdir(folder, { recursive: true });
  const { outputFiles } = await build({
    entryPoints: [source],
    outfile,
    write: false,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    external: PACKAGES_APART,
    banner: { js: REQUIRE },
    minifyWhitespace: true,
    sourcemap: "linked",
    sourcesContent: false,
    logLevel: "warning",
    plugins: variant === undefined ? [] : [variant.plugin],
  });
  // The map is there before what it is of.
  for (const { path, contents } of outputFiles.toSorted((one) => (one.path === outfile ? 1 : -1))) {
    const unfinished = `${path}.${process.pid}.unfinished`;
    await writeFile(unfinished, contents);
    await rename(unfinished, path);
  }
  return outfile;
}
