/** Commands that wait for keys which other replicas keep: who tells, who takes, and what becomes of an element when somebody goes. */

import { describe, expect, it } from "vitest";
import type { ReplicaId } from "../../../src/base/ids.ts";
import type { Reply } from "../../../src/command-reply.ts";
import { ASK_AGAIN_MS } from "../../../src/commands/placed/waiting-elsewhere.ts";
import { HOLD_MS_MAX } from "../../../src/commands/rows/await-commands.ts";
import { CommandWorld, shown } from "../../support/command-world.ts";
import { SETTLE_MS } from "../../support/placed-world.ts";

async function four(seed: string, replication = 1, latencyMs = 1): Promise<CommandWorld> {
  const regions = ["eu", "eu", "eu", "eu"];
  const placed = new CommandWorld({ seed, regions, settings: { replication }, quality: () => ({ latencyMs }) });
  await placed.begin();
  return placed;
}

interface Waiting {
  readonly reply: Promise<Reply>;
  /** As the client sees it, and when; undefined: not yet. */
  answered(): { readonly with: unknown; readonly at: number } | undefined;
  end(): void;
}

/** A client of a node that waits. */
function waitAt(placed: CommandWorld, node: number, line: string): Waiting {
  const at = placed.at(node);
  let end = (): void => {};
  Object.assign(at.client, { waits: { begin: (command: { end(): void }) => (end = () => command.end()) } });
  let answer: ReturnType<Waiting["answered"]>;
  const reply = Promise.resolve(at.ask(line));
  void reply.then((said) => {
    answer = { with: shown(said), at: placed.world.now };
  });
  return { reply, answered: () => answer, end: () => end() };
}

function served(placed: CommandWorld, node: number): number {
  const found = placed
    .driver(node)
    .statistics()
    .find(({ name }) => name === "requests_served_total");
  return found?.samples[0]?.value ?? 0;
}

describe("a command that waits for what another replica keeps", () => {
  it("is answered as soon as something comes, and asks seldom before", async () => {
    const placed = await four("told");
    const key = placed.keyOf([0]);
    const before = served(placed, 0);
    const waiting = waitAt(placed, 2, `blpop ${key} 0`);
    await placed.run(HOLD_MS_MAX - 1000);
    expect(served(placed, 0) - before).toBe(2);
    await placed.at(1).do(`rpush ${key} a b`);
    const pushed = placed.world.now;
    await placed.run(ASK_AGAIN_MS);
    expect(waiting.answered()?.with).toEqual([key, "a"]);
    expect((waiting.answered()?.at as number) - pushed).toBeLessThan(10);
    expect(placed.driver(0).replica.keyWaits.waiting).toBe(0);
    expect(await placed.at(3).do(`lrange ${key} 0 -1`)).toEqual(["b"]);
  });

  it.each(["blmove KEY TO left right 0", "brpoplpush KEY TO 0"])("waits for where it takes from: %s", async (line) => {
    const placed = await four("moves");
    const [key, to] = [placed.keyOf([0]), placed.keyOf([0], 1)];
    await placed.at(0).do(`rpush ${to} there`);
    const waiting = waitAt(placed, 2, line.replace("KEY", key).replace("TO", to));
    const before = served(placed, 0);
    await placed.run(2000);
    expect(served(placed, 0) - before).toBeLessThan(4);
    await placed.at(0).do(`rpush ${key} a`);
    await placed.run(20);
    expect(waiting.answered()?.with).toBe("a");
  });

  it("is served in the order in which its client came, whatever it takes with", async () => {
    const placed = await four("order");
    const key = placed.keyOf([0]);
    const lines = [`blpop ${key} 0`, `blmpop 0 1 ${key} left`, `brpop ${key} 0`];
    const waiting: Waiting[] = [];
    for (const line of lines) {
      waiting.push(waitAt(placed, 2, line));
      await placed.run(50);
    }
    const sorted = waitAt(placed, 2, `bzpopmin ${placed.keyOf([0], 1)} 0`);
    for (const element of ["a", "b"]) {
      await placed.at(0).do(`rpush ${key} ${element}`);
      await placed.run(100);
    }
    expect(waiting.map((each) => each.answered()?.with)).toEqual([[key, "a"], [key, ["b"]], undefined]);
    await placed.at(0).do(`rpush ${key} c`);
    await placed.at(0).do(`zadd ${placed.keyOf([0], 1)} 1 m`);
    await placed.run(100);
    expect(waiting[2]?.answered()?.with).toEqual([key, "c"]);
    expect(sorted.answered()?.with).toEqual([placed.keyOf([0], 1), "m", 1]);
  });

  it("ends when its time is over, whoever else waits for the same, and takes nothing afterwards", async () => {
    const placed = await four("over");
    const key = placed.keyOf([0]);
    const began = placed.world.now;
    const long = waitAt(placed, 2, `blpop ${key} 0`);
    await placed.run(30);
    const short = waitAt(placed, 2, `blpop ${key} 0.1`);
    await placed.run(300);
    expect(short.answered()).toMatchObject({ with: null });
    expect((short.answered()?.at as number) - began).toBeLessThan(150);
    long.end();
    await placed.run(1);
    expect(long.answered()?.with).toBe(null);
    await placed.at(0).do(`rpush ${key} a`);
    await placed.run(2 * HOLD_MS_MAX);
    expect(await placed.at(0).do(`lrange ${key} 0 -1`)).toEqual(["a"]);
    expect(placed.driver(0).replica.keyWaits.waiting).toBe(0);
  });

  it("hands each element to one of those who wait, at whichever replicas", async () => {
    const placed = await four("several");
    const key = placed.keyOf([0]);
    const waiting = [1, 2, 3, 1, 2, 3].map((node) => waitAt(placed, node, `blpop ${key} 0`));
    await placed.run(100);
    for (const element of ["a", "b", "c", "d"]) {
      await placed.at(0).do(`rpush ${key} ${element}`);
      await placed.run(1000);
    }
    const given = waiting.flatMap((each) => each.answered()?.with ?? []).filter((each) => each !== key);
    expect(given.sort()).toEqual(["a", "b", "c", "d"]);
    expect(await placed.at(0).do(`exists ${key}`)).toBe(0);
  });
});

describe("while somebody waits for an element and", () => {
  it("the owner that was to tell is gone, another is asked", async () => {
    const placed = await four("owner gone", 2);
    const key = placed.keyOf([0, 1]);
    const waiting = waitAt(placed, 2, `blpop ${key} 0`);
    await placed.run(100);
    const teller = [0, 1].find((node) => placed.driver(node).replica.keyWaits.waiting === 1) as number;
    placed.world.node(teller).crash(true);
    await placed.run(SETTLE_MS);
    await placed.at(1 - teller).do(`rpush ${key} a`);
    await placed.run(1000);
    expect(waiting.answered()?.with).toEqual([key, "a"]);
  });

  it("the replica that waits is gone, nothing is taken for it", async () => {
    const placed = await four("asker gone");
    const key = placed.keyOf([0]);
    waitAt(placed, 2, `blpop ${key} 0`);
    await placed.run(100);
    placed.cut([2], [0, 1, 3]);
    await placed.at(0).do(`rpush ${key} a`);
    await placed.run(2 * HOLD_MS_MAX);
    expect(await placed.at(0).do(`lrange ${key} 0 -1`)).toEqual(["a"]);
  });

  it("the link breaks after it was taken, it is of unknown fate and nobody else is handed it", async () => {
    const placed = await four("taken and lost", 1, 50);
    const key = placed.keyOf([0]);
    const waiting = waitAt(placed, 2, `blpop ${key} 0`);
    await placed.run(400);
    await placed.at(0).do(`rpush ${key} a`);
    // It is told of, and asked for: that is on its way.
    await placed.run(75);
    placed.world.network.cut(0, 2);
    await placed.run(SETTLE_MS);
    expect(waiting.answered()?.with).toMatch(/^-UNKNOWN replica r0/);
    placed.world.network.heal(0, 2);
    await placed.run(SETTLE_MS);
    expect(placed.driver(2).replica.isLinked("r0" as ReplicaId)).toBe(true);
    expect(await placed.at(0).do(`exists ${key}`)).toBe(0);
    expect(await placed.at(2).do(`blpop ${key} 0`)).toBe(null);
  });
});
