/**
 * Does the simulator find bugs? Each of a list of bugs is planted, one at a time, and has to be found by the scenario or
 * drill named with it, within the number of seeds named with it; the replica as it is has to pass the same seeds.
 *
 * One run hunts a part of them, the one that `ATOLL_BUGS` names by a number, or `all` (`part.ts`); all have to fit the source.
 * The seed that found a bug when `simulations/PLANTED-BUGS.md` was written is tried first. `ATOLL_SEED` says where other
 * seeds begin; with `ATOLL_WRITE_TABLE=1` they are tried in their order, and what was measured goes into that table.
 */

import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BUGS } from "./bugs.ts";
import { hunt, TaskPool } from "./hunt.ts";
import { partOf } from "./part.ts";
import type { PlantedBug } from "./planted-bug.ts";
import { applyPatch, assertFitting, bundlePatched } from "./planting.ts";
import { type Search, type Start, searchAll, seedsByScenario } from "./search.ts";
import { listedCells, parseListed, parseNeeded, renderLines, renderMarkdown, replaceTable } from "./table.ts";

/** Of the table. */
const FIRST_SEED = 1;
const OTHER_SEED = process.env.ATOLL_SEED;
const IS_MEASURING = process.env.ATOLL_WRITE_TABLE === "1";
const PARTS = 16;
const HUNTED = partOf(BUGS, PARTS, IS_MEASURING || OTHER_SEED !== undefined ? "all" : undefined);
const TABLE = fileURLToPath(new URL("../../simulations/PLANTED-BUGS.md", import.meta.url));
/** All hunts share the cores: the first test may wait for the last hunt. */
const HUNTS_MS_MAX = 900_000;

const pool = new TaskPool();
let searches: ReadonlyMap<string, Promise<Search>> = new Map();

beforeAll(async () => {
  const needed = parseNeeded(await readFile(TABLE, "utf8"));
  const startOf = ({ name }: PlantedBug): Start => {
    if (OTHER_SEED !== undefined) return { seed: Number(OTHER_SEED) };
    const before = IS_MEASURING ? undefined : needed.get(name);
    return { seed: FIRST_SEED, foundBy: before === undefined ? undefined : FIRST_SEED + before - 1 };
  };
  searches = searchAll(HUNTED, startOf, pool);
});

afterAll(async () => {
  const all = await Promise.all(searches.values());
  process.stdout.write(`${["planted bugs:", ...renderLines(all)].join("\n")}\n`);
  if (!IS_MEASURING) return;
  await writeFile(TABLE, replaceTable(await readFile(TABLE, "utf8"), renderMarkdown(all)));
}, HUNTS_MS_MAX);

describe("planted bugs", () => {
  it.each(HUNTED.map((bug) => [bug.name, bug.scenario, bug.seedsMax] as const))(
    "%s is found by %s within %i seeds",
    async (name) => {
      const search = await searches.get(name);
      expect(search?.failure).toBeUndefined();
      const seeds = `seeds ${search?.seeds.join(", ")} of ${search?.bug.scenario}`;
      expect(search?.checkers, `${seeds}: ${search?.message}`).toEqual(
        expect.arrayContaining([expect.toBeOneOf([...(search?.bug.checkers ?? [])])]),
      );
    },
    HUNTS_MS_MAX,
  );

  it(
    "are not found where none is planted: the same seeds pass",
    async () => {
      const script = await bundlePatched([]);
      const all = await Promise.all(searches.values());
      const runs = [...seedsByScenario(all)].map(([scenario, seeds]) =>
        pool.run(async () => ({ scenario, ...(await hunt(script, { scenario, seeds })) })),
      );
      for (const { scenario, verdicts, failure } of await Promise.all(runs)) {
        expect(failure).toBeUndefined();
        const found = verdicts.filter(({ checkers }) => checkers.length > 0);
        expect(found.map(({ seed, message }) => `npx atoll simulate ${scenario} --seed ${seed}: ${message}`)).toEqual(
          [],
        );
      }
    },
    HUNTS_MS_MAX,
  );

  it("fit the source, whether they are hunted now or not", () => assertFitting(BUGS));

  it("are all hunted by runs that name one part after the other", () => {
    const parts = Array.from({ length: PARTS }, (_, part) => partOf(BUGS, PARTS, String(part + 10 * PARTS)));
    expect(new Set(parts.flat())).toEqual(new Set(BUGS));
    expect(partOf(BUGS, PARTS, "all")).toBe(BUGS);
    expect(() => partOf(BUGS, PARTS, "most")).toThrow("not most");
  });

  it("have names of their own", () => {
    expect(new Set(BUGS.map(({ name }) => name)).size).toBe(BUGS.length);
  });

  it("stand in the table as they stand in the list", async () => {
    expect(parseListed(await readFile(TABLE, "utf8"))).toEqual(BUGS.map(listedCells));
  });
});

describe("a patch", () => {
  const patch = { file: "x.ts", find: "one", replace: "$& two" };

  it("fits exactly once, and is taken literally", () => {
    expect(applyPatch("a one b", patch)).toBe("a $& two b");
    expect(() => applyPatch("a b", patch)).toThrow("fits 0 times");
    expect(() => applyPatch("one one", patch)).toThrow("fits 2 times");
  });

  it("is refused where its file is no part of the bundle", async () => {
    const file = "cli/main.ts";
    await expect(bundlePatched([{ file, find: "x", replace: "y" }])).rejects.toThrow("no part of the bundle");
  });
});
