/**
 * Plants bugs: bundles the laboratory with patches applied to the replica's source on the way. There is nothing in the
 * source that waits for it. A patch that does not fit exactly once, or whose file is not part of the bundle, is refused, so
 * that no bug is ever planted in name only.
 */

import { readFile } from "node:fs/promises";
import { join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build, type Plugin } from "esbuild";
import type { Patch, PlantedBug } from "./planted-bug.ts";

const SOURCE = fileURLToPath(new URL("../../src/", import.meta.url));
const ENTRY = fileURLToPath(new URL("./seed-runner.ts", import.meta.url));

const BUNDLING = {
  entryPoints: [ENTRY],
  bundle: true,
  write: false as const,
  platform: "node",
  format: "cjs",
  target: "node20",
  logLevel: "silent",
} satisfies BuildOptions;

/** The text of a script for a worker thread that runs seeds (`seed-runner.ts`) against the patched replica. */
export async function bundlePatched(patches: readonly Patch[]): Promise<string> {
  const planting = new Planting(patches);
  const { outputFiles } = await build({ ...BUNDLING, plugins: [planting.plugin()] });
  planting.assertPlanted();
  return (outputFiles[0] as (typeof outputFiles)[number]).text;
}

/** Throws where a patch of a bug would be refused, without bundling anew for each. */
export async function assertFitting(bugs: readonly PlantedBug[]): Promise<void> {
  const { metafile } = await build({ ...BUNDLING, metafile: true as const });
  const bundled = new Set(Object.keys(metafile.inputs).map((path) => resolve(path)));
  for (const { name, patches } of bugs) {
    const sources = new Map<string, string>();
    for (const patch of patches) {
      const path = join(SOURCE, patch.file);
      if (!bundled.has(path)) throw new Error(`${name}: src/${patch.file} is no part of the bundle`);
      const source = sources.get(path) ?? (await readFile(path, "utf8"));
      sources.set(path, applyPatch(source, patch));
    }
  }
}

/** The source with a patch applied. Throws where the patch does not fit exactly once. */
export function applyPatch(source: string, { file, find, replace }: Patch): string {
  const places = source.split(find).length - 1;
  if (places !== 1) throw new Error(`src/${file}: a patch has to fit once and fits ${places} times: ${find}`);
  return source.replace(find, () => replace);
}

export class Planting {
  readonly #patches: readonly Patch[];
  readonly #planted = new Set<Patch>();

  constructor(patches: readonly Patch[]) {
    this.#patches = patches;
  }

  plugin(): Plugin {
    return {
      name: "planting",
      setup: ({ onLoad }) => {
        onLoad({ filter: /\.ts$/ }, async ({ path }) => {
          const file = relative(SOURCE, path).split(sep).join("/");
          const patches = this.#patches.filter((patch) => patch.file === file);
          if (patches.length === 0) return undefined;
          let contents = await readFile(path, "utf8");
          for (const patch of patches) {
            contents = applyPatch(contents, patch);
            this.#planted.add(patch);
          }
          return { contents, loader: "ts" };
        });
      },
    };
  }

  assertPlanted(): void {
    for (const patch of this.#patches) {
      if (!this.#planted.has(patch)) throw new Error(`src/${patch.file} is no part of the bundle`);
    }
  }
}
