/** Compiles a TypeScript file for the child processes of tests, which run plain Node. */

import { createHash } from "node:crypto";
import { mkdir, rename } from "node:fs/promises";
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

/**
 * Bundles `entry` (a path or a `file:` URL) with all it imports but packages, as an ES module with an inline source
 * map. Returns the path of the `.mjs` file, the same for the same entry and variant. Others may bundle it at the same time.
 */
export async function bundle(entry: string, variant?: Variant): Promise<string> {
  const source = entry.startsWith("file:") ? fileURLToPath(entry) : entry;
  const kind = variant === undefined ? "" : `-${variant.name}`;
  const name = `${basename(source, ".ts")}${kind}-${createHash("sha256").update(source).digest("hex").slice(0, 8)}`;
  const outfile = join(folder, `${name}.mjs`);
  const unfinished = join(folder, `${name}.${process.pid}.unfinished.mjs`);
  await mkdir(folder, { recursive: true });
  await build({
    entryPoints: [source],
    outfile: unfinished,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    packages: "external",
    sourcemap: "inline",
    logLevel: "warning",
    plugins: variant === undefined ? [] : [variant.plugin],
  });
  await rename(unfinished, outfile);
  return outfile;
}
