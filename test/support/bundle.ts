/** Compiles a TypeScript file for the child processes of tests, which run plain Node. */

import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
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

const THIS_FILE = fileURLToPath(import.meta.url);

/** Left where they are: they find files of their own, beside them or in another thread. */
const PACKAGES_APART = ["level", "pino", "pino-pretty", "wasmoon-lua5.1"];

/** CommonJS packages call it, and an ES module has none. */
const REQUIRE = 'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);';

/** What no bundle has needed for so long is of sources that have changed since, ms. */
const UNUSED_MS_MAX = 24 * 3_600_000;

/**
 * Bundles `entry` (a path or a `file:` URL) with all it imports as ES modules, with source maps beside them: tests start
 * hundreds of processes, and most of what that takes is to find, read and parse. What is imported when it is wanted is in
 * files of its own. Returns the path of the `.mjs` file to start, the same for the same entry and variant. Others may
 * bundle it at the same time; what they have bundled since anything in it changed is used again, unless it is a variant.
 */
export async function bundle(entry: string, variant?: Variant): Promise<string> {
  const source = entry.startsWith("file:") ? fileURLToPath(entry) : entry;
  const kind = variant === undefined ? "" : `-${variant.name}`;
  const name = `${basename(source, ".ts")}${kind}-${createHash("sha256").update(source).digest("hex").slice(0, 8)}`;
  const outdir = join(folder, name);
  const main = join(outdir, "main.mjs");
  if (variant === undefined && (await isFresh(outdir))) return main;
  await mkdir(outdir, { recursive: true });
  const begun = Date.now();
  const { outputFiles, metafile } = await build({
    entryPoints: [{ in: source, out: "main" }],
    outdir,
    outExtension: { ".js": ".mjs" },
    write: false,
    bundle: true,
    splitting: true,
    platform: "node",
    format: "esm",
    target: "node20",
    external: PACKAGES_APART,
    banner: { js: REQUIRE },
    minifyWhitespace: true,
    sourcemap: "linked",
    sourcesContent: false,
    metafile: true,
    logLevel: "warning",
    plugins: variant === undefined ? [] : [variant.plugin],
  });
  // Last what is started: all it imports, named after its content, is there by then.
  for (const { path, contents } of outputFiles.toSorted(
    (one, other) => Number(one.path === main) - Number(other.path === main),
  ))
    await writeWhole(path, contents);
  const bundled: Bundled = { begun, inputs: Object.keys(metafile.inputs).map((input) => resolve(input)) };
  await writeWhole(join(outdir, BUNDLED), JSON.stringify(bundled));
  await removeUnused(outdir);
  return main;
}

/** What a bundle was made of, kept beside it. */
interface Bundled {
  /** When its making began, ms. */
  readonly begun: number;
  /** Their paths. */
  readonly inputs: readonly string[];
}

const BUNDLED = "bundled.json";

/** Nothing that is in it has changed since. */
async function isFresh(outdir: string): Promise<boolean> {
  try {
    const { begun, inputs }: Bundled = JSON.parse(await readFile(join(outdir, BUNDLED), "utf8"));
    const changed = await Promise.all([THIS_FILE, ...inputs].map(async (path) => (await stat(path)).ctimeMs));
    return changed.every((ms) => ms < begun);
  } catch {
    return false;
  }
}

async function writeWhole(path: string, contents: Uint8Array | string): Promise<void> {
  const unfinished = `${path}.${process.pid}.unfinished`;
  await writeFile(unfinished, contents);
  await rename(unfinished, path);
}

async function removeUnused(outdir: string): Promise<void> {
  for (const name of await readdir(outdir)) {
    const path = join(outdir, name);
    const written = await stat(path).catch(() => undefined);
    if (written !== undefined && written.mtimeMs < Date.now() - UNUSED_MS_MAX) await rm(path, { force: true });
  }
}
