import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bytesFromLatin1 } from "../../src/base/bytes.ts";
import { AtollError } from "../../src/base/errors.ts";
import { DEFAULT_SPACE } from "../../src/base/shard-id.ts";
import { orderOf } from "../../src/core/key-order.ts";
import { pageOfKeys } from "../../src/replica/key-pages.ts";
import { Machines } from "../support/machines.ts";

/** All keys under a prefix, each page from the replica whose turn it is, and the number of pages. */
function list(machines: Machines, prefix: string, limit: number, turns: readonly string[] = ["a"]) {
  const keys: string[] = [];
  let cursor: string | undefined;
  let pages = 0;
  do {
    const page = pageOfKeys(
      machines.at(turns[pages % turns.length] ?? "a"),
      DEFAULT_SPACE,
      { prefix, limit, ...(cursor !== undefined && { cursor }) },
      machines.now,
    );
    expect(page.keys.length).toBeLessThanOrEqual(limit);
    keys.push(...page.keys);
    cursor = page.cursor;
    pages++;
  } while (cursor !== undefined);
  return { keys, pages };
}

const sorted = (keys: readonly string[]) => [...keys].sort();
const numbered = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

/** Forgets every tombstone of a machine, which frees the slots. */
function purge(machines: Machines, name: string): void {
  for (const shard of machines.at(name).shards) {
    const dead: number[] = [];
    shard.forEachHeld((slot) => shard.isLive(slot, machines.now) || dead.push(slot));
    for (const slot of dead) shard.graves.forget(slot);
  }
}

function orderOfText(key: string): number {
  const bytes = bytesFromLatin1(key);
  return orderOf(new DataView(bytes.buffer, bytes.byteOffset), 0, bytes.length);
}

type Step =
  | { readonly type: "page"; readonly at: string; readonly limit: number }
  | { readonly type: "put"; readonly at: string; readonly key: number; readonly count: number }
  | { readonly type: "overwrite"; readonly at: string; readonly key: number }
  | { readonly type: "delete" | "purge" | "restart"; readonly at: string };

const at = fc.constantFrom("a", "b");
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ type: fc.constant("page" as const), at, limit: fc.integer({ min: 1, max: 20 }) }),
  },
  fc.record({ type: fc.constant("put" as const), at, key: fc.nat(500), count: fc.constantFrom(1, 10, 300) }),
  fc.record({ type: fc.constant("overwrite" as const), at, key: fc.nat(39) }),
  fc.record({ type: fc.constantFrom("delete" as const, "purge" as const), at }),
  { weight: 1, arbitrary: fc.record({ type: fc.constant("restart" as const), at }) },
);

class Listing {
  readonly machines: Machines;
  readonly met: string[] = [];
  isDone = false;
  readonly #churn = new Map<string, string[]>([
    ["a", []],
    ["b", []],
  ]);
  #cursor: string | undefined;

  constructor(machines: Machines) {
    this.machines = machines;
  }

  async take(step: Step): Promise<void> {
    const { machines } = this;
    const churn = this.#churn.get(step.at) ?? [];
    switch (step.type) {
      case "page":
        return this.page(step.at, step.limit);
      case "put":
        for (let i = 0; i < step.count; i++) {
          const key = `k/x${step.key}.${i}`;
          machines.put(step.at, key, "v");
          churn.push(key);
        }
        return;
      case "overwrite":
        machines.put(step.at, `k/s${step.key}`, "another value, of another length");
        return;
      case "delete":
        for (const key of churn.splice(0)) machines.delete(step.at, key);
        return;
      case "purge":
        return purge(machines, step.at);
      case "restart":
        machines.sync(step.at);
        machines.crash(step.at);
        await machines.start(step.at);
    }
  }

  page(name: string, limit: number): void {
    if (this.isDone) return;
    const cursor = this.#cursor;
    const options = { prefix: "k/", limit, ...(cursor !== undefined && { cursor }) };
    const page = pageOfKeys(this.machines.at(name), DEFAULT_SPACE, options, this.machines.now);
    this.met.push(...page.keys.filter((key) => key.startsWith("k/s")));
    this.#cursor = page.cursor;
    this.isDone = page.cursor === undefined;
  }
}

describe("pages of keys", () => {
  it("meet each key that is there throughout exactly once, at whatever replicas, over growth, reuse and restarts", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.nat(), async (steps, seed) => {
        const machines = await Machines.started(["a", "b"], seed, { shards: 2 });
        const stay = numbered("k/s", 40);
        for (const key of stay) machines.put("a", key, "v");
        machines.run(1000);
        const listing = new Listing(machines);
        for (const each of steps) await listing.take(each);
        for (let turn = 0; !listing.isDone; turn++) listing.page(turn % 2 === 0 ? "a" : "b", 7);
        expect(sorted(listing.met)).toEqual(sorted(stay));
      }),
      { numRuns: 60 },
    );
  });

  it("are full, whichever replicas they come from", async () => {
    const machines = await Machines.started(["a", "b", "c"], "full");
    const keys = numbered("k", 5000);
    for (const key of keys) machines.put("a", key, "v");
    machines.run(3000);
    const { keys: met, pages } = list(machines, "", 100, ["c", "a", "b"]);
    expect(sorted(met)).toEqual(sorted(keys));
    expect(pages).toBeLessThanOrEqual(52);
  });

  it("hold keys under the prefix only, to the byte", async () => {
    const machines = await Machines.started(["a"], "prefix");
    for (const key of ["\xff", "\xff\0", "\xfe\xff", "p", "p/", "p/a", "P/", "q/p/"]) machines.put("a", key, "v");
    expect(sorted(list(machines, "p/", 1).keys)).toEqual(["p/", "p/a"]);
    expect(sorted(list(machines, "\xff", 10).keys)).toEqual(["\xff", "\xff\0"]);
    expect(list(machines, "none", 10).keys).toEqual([]);
  });

  it("leave out what is deleted or has expired", async () => {
    const machines = await Machines.started(["a"], "dead");
    machines.put("a", "dead", "v");
    machines.delete("a", "dead");
    machines.put("a", "expired", "v", { ttlMs: 5 });
    machines.put("a", "live", "v");
    machines.now += 5;
    expect(pageOfKeys(machines.at("a"), DEFAULT_SPACE, { prefix: "", limit: 10 }, machines.now)).toEqual({
      keys: ["live"],
    });
  });

  it("come back short, with a cursor, when much was looked at in vain", async () => {
    const machines = await Machines.started(["a"], "vain", { shards: 1 });
    for (const key of numbered("other", 60_000)) machines.put("a", key, "v");
    for (const key of numbered("k", 3)) machines.put("a", key, "v");
    const { keys, pages } = list(machines, "k", 1000);
    expect(sorted(keys)).toEqual(["k0", "k1", "k2"]);
    expect(pages).toBe(2);
  });
});

describe("keys of one order", () => {
  const TIED = ["aasnoery", "ac1chn0t", "aedvkzh1", "aewfqqsy", "samehash"];

  it("are what these keys are", () => {
    expect(new Set(TIED.map(orderOfText)).size).toBe(1);
  });

  it.each([1, 2, 3, 4, 5, 6])("are each met once with %i on a page", async (limit) => {
    const machines = await Machines.started(["a"], "tied", { shards: 1 });
    const others = numbered("k", 20);
    for (const key of [...others, ...TIED]) machines.put("a", key, "v");
    expect(sorted(list(machines, "", limit).keys)).toEqual(sorted([...others, ...TIED]));
  });

  it("are met once also when some of them go and come between pages that divide them", async () => {
    const machines = await Machines.started(["a"], "tied", { shards: 1 });
    const [first = "", second = "", third = "", fourth = "", last = ""] = TIED;
    for (const key of [first, second, fourth, last]) machines.put("a", key, "v");
    const page = (cursor?: string) =>
      pageOfKeys(
        machines.at("a"),
        DEFAULT_SPACE,
        { prefix: "", limit: 2, ...(cursor !== undefined && { cursor }) },
        machines.now,
      );
    const { keys, cursor } = page();
    expect(keys).toEqual([first, second]);
    machines.delete("a", second);
    purge(machines, "a");
    machines.put("a", third, "v");
    expect(page(cursor).keys).toEqual([third, fourth]);
    expect(page(page(cursor).cursor)).toEqual({ keys: [last] });
  });
});

describe("a cursor", () => {
  it.each([
    ...["", "x", "1", "1.2.3", "1.2.", "1.2.0", "1.2.0G", "-1.0", "1e3.1", "0.1 "],
    ...["1.4294967296", "1.99999999999", "4.0", "99999999.1"],
  ])("like %j is refused", async (cursor) => {
    const machines = await Machines.started(["a"], "cursor", { shards: 4 });
    const ask = () => pageOfKeys(machines.at("a"), DEFAULT_SPACE, { prefix: "", limit: 10, cursor }, machines.now);
    expect(ask).toThrow(expect.objectContaining({ name: AtollError.name, code: "BAD_CURSOR" }));
  });
});
