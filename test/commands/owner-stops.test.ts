/** An owner that stops while it carries commands out for others: what it has done it says, so that nobody does it once more. */

import { describe, expect, it } from "vitest";
import { AtollError } from "../../src/base/errors.ts";
import type { Key } from "../../src/base/ids.ts";
import { integerReply, type Reply } from "../../src/command-reply.ts";
import type { CommandClient } from "../../src/command-store.ts";
import { PassedOnClient } from "../../src/commands/placed/passed-on-client.ts";
import { carriedOutInTurn, type PipelineSurroundings } from "../../src/commands/placed/served-pipeline.ts";
import { replyOfError } from "../../src/commands/words/command-error.ts";
import { CommandWorld, parsed, shown } from "../support/command-world.ts";
import { NAME, SETTLE_MS, SPACE } from "../support/placed-world.ts";

async function four(seed: string): Promise<CommandWorld> {
  const placed = new CommandWorld({ seed, regions: ["eu", "eu", "eu", "eu"], settings: { replication: 2 } });
  await placed.begin();
  return placed;
}

/** Which of these nodes has written something under the key, while they are cut off from each other. */
function writerOf(placed: CommandWorld, key: string, nodes: readonly number[]): number {
  const has = (node: number) => {
    const { replica } = placed.driver(node);
    return replica.shardOfKey(key as Key, SPACE).standing > 0;
  };
  return nodes.find(has) as number;
}

it("has nobody else add what was written, and waits to be acknowledged, once more", async () => {
  const placed = await four("stops at acks");
  const key = placed.keyOf([0, 1]);
  placed.cut([0], [1]);
  await placed.run(100);
  const { words, facts } = parsed(`counter.add ${key} 1 0`);
  const client: CommandClient = { lastWrite: undefined, ack: { level: "all", timeoutMs: 20_000 } };
  const reply = placed.commandsOf(2).keyspace(NAME)?.run(words, facts, client) as Promise<never>;
  await placed.run(100);
  const writer = writerOf(placed, key, [0, 1]);
  placed.world.node(writer).stop();
  expect([1, expect.stringMatching("-UNKNOWN")]).toContainEqual(shown(await placed.do(reply)));
  placed.heal([0], [1]);
  placed.world.node(writer).start();
  await placed.run(SETTLE_MS);
  expect(await placed.at(2).do(`get ${key}`)).toBe("1");
});

describe("commands that came together", () => {
  const bytesMax = 100_000;
  const commands = ["incr a", "incr a", "incr a"].map(parsed);
  const stopping = (): never => {
    throw new AtollError("SHUTTING_DOWN", "stopping");
  };

  function carryOut(around: Partial<PipelineSurroundings>) {
    const client = new PassedOnClient(bytesMax, {
      ...{ refusal: undefined, allowance: undefined, ack: undefined, publish: undefined, isHeld: false },
    });
    const host = { now: () => 0, pause: async () => {} };
    const rest = { isHere: () => true, run: () => integerReply(7), taken: () => {} };
    return carriedOutInTurn(commands, client, { host, bytesMax, ...rest, ...around });
  }

  it("are answered as far as they were carried out, whatever becomes of this replica then", async () => {
    expect(await carryOut({})).toHaveLength(3);
    expect(await carryOut({ isHere: stopping })).toEqual([integerReply(7)]);
    const replies = [integerReply(7), integerReply(8), replyOfError(new AtollError("SHUTTING_DOWN", "stopping"))];
    let next = 0;
    expect(await carryOut({ run: async () => replies[next++] as Reply })).toEqual(replies.slice(0, 2));
  });
});
