/** Commands that are to have got further than memory before they are answered, here or where they are passed on to. */

import { describe, expect, it } from "vitest";
import type { CommandClient } from "../../src/command-store.ts";
import type { AckLevel, Acks, Dot } from "../../src/store.ts";
import { CommandWorld, parsed, shown } from "../support/command-world.ts";
import { NAME } from "../support/placed-world.ts";

const REGIONS = ["eu", "eu", "eu", "eu"];

async function four(seed: string): Promise<CommandWorld> {
  const placed = new CommandWorld({ seed, regions: REGIONS, settings: { replication: 2 } });
  await placed.begin();
  return placed;
}

/** What a client of its own is answered, and how far that got. */
async function ask(
  placed: CommandWorld,
  node: number,
  line: string,
  level: AckLevel,
): Promise<readonly [unknown, Acks | undefined]> {
  const { words, facts } = parsed(line);
  const seen: Dot[] = [];
  const saw = (dot: Dot) => void seen.push(dot);
  const client: CommandClient = { lastWrite: undefined, ack: { level, timeoutMs: 800 }, seen, saw };
  const reply = placed.commandsOf(node).keyspace(NAME)?.run(words, facts, client);
  if (reply === undefined) throw new Error(`node ${node} has not heard of the keyspace`);
  return [shown(await placed.do(Promise.resolve(reply))), client.acks];
}

const met = (reached: number) => ({ reached, wanted: reached, met: true });
const unmet = { reached: 1, wanted: 2, met: false };

describe.each([
  ["at an owner", 0],
  ["at a replica that passes it on", 2],
])("a command %s", (_where, node) => {
  it("is answered once its write has got as far as was asked", async () => {
    const placed = await four(`acks-${node}`);
    const key = placed.keyOf([0, 1]);
    expect(await ask(placed, node, `hash.put ${key} f v 0`, "memory")).toEqual([1, met(1)]);
    expect(await ask(placed, node, `hash.put ${key} f w 0`, "disk")).toEqual([0, met(1)]);
    for (const level of ["region", "quorum", "all"] as const)
      expect(await ask(placed, node, `hash.put ${key} ${level} v 0`, level)).toEqual([1, met(2)]);
    expect(await ask(placed, node, `hash.delete ${key}`, "all")).toEqual([1, met(2)]);
    expect(await placed.at(1).do(`exists ${key}`)).toBe(0);
  });

  it("tells how far it got where that takes too long, and what is asked for again waits for it as well", async () => {
    const placed = await four(`late-${node}`);
    const key = placed.keyOf([0, 1]);
    await ask(placed, node, `sadd ${key} m`, "all");
    // Whoever is asked for it reaches one of the two.
    placed.cut([1], [0]);
    await placed.run(100);
    for (let again = 0; again < 2; again++) {
      expect(await ask(placed, node, `srem ${key} m`, "all")).toEqual([again === 0 ? 1 : 0, unmet]);
    }
    for (let again = 0; again < 2; again++) {
      expect(await ask(placed, node, `sadd ${key} n`, "all")).toEqual([again === 0 ? 1 : 0, unmet]);
    }
    for (let again = 0; again < 2; again++) {
      expect(await ask(placed, node, `set.delete ${key}`, "all")).toEqual([again === 0 ? 1 : 0, unmet]);
    }
    placed.heal([1], [0]);
    await placed.run(3000);
    expect(await ask(placed, node, `set.delete ${key}`, "all")).toEqual([0, met(2)]);
  });

  it("has nothing to wait for where nothing is known of what it names, and none where it fails", async () => {
    const placed = await four(`nothing-${node}`);
    const key = placed.keyOf([0, 1]);
    expect(await ask(placed, node, `hdel ${key} f`, "all")).toEqual([0, undefined]);
    await placed.at(0).do(`set ${key} v`);
    expect(await ask(placed, node, `hdel ${key} f`, "all")).toEqual([expect.stringMatching(/^-WRONGTYPE /), undefined]);
  });
});
