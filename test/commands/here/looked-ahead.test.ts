/** What was told of commands ahead is told again as they are carried out, and then no more. */

import { expect, test } from "vitest";
import type { PlainWords } from "../../../src/base/plain-words.ts";
import { LookedAhead } from "../../../src/commands/here/looked-ahead.ts";
import { LOOKAHEAD_MAX } from "../../../src/core/shard/lookahead.ts";
import { createShard } from "../../support/shards.ts";

const NO_BYTES = new DataView(new ArrayBuffer(0));
const commandsOf = (count: number): PlainWords[] =>
  Array.from({ length: count }, () => ({ bytes: NO_BYTES, keyStart: 0, keyEnd: 0, valueStart: 0, valueEnd: 0 }));

test("tells of each command in its order, once, and of none after the end", () => {
  const [one, other] = [createShard().shard, createShard().shard];
  const [first, second, third] = commandsOf(3) as [PlainWords, PlainWords, PlainWords];
  const ahead = new LookedAhead();
  ahead.begin([first, second, third]);
  ahead.note(one, 7);
  ahead.note(other, 0xffffffff);
  expect(ahead.take(second)).toBeUndefined();
  expect([ahead.take(first) === one, ahead.hash]).toEqual([true, 7]);
  expect(ahead.take(first)).toBeUndefined();
  // The same 32 bits.
  expect([ahead.take(second) === other, ahead.hash]).toEqual([true, -1]);
  // Nothing was noted of it.
  expect(ahead.take(third)).toBeUndefined();
  ahead.begin([first, second]);
  ahead.note(one, 8);
  ahead.note(undefined, 0);
  ahead.end();
  expect(ahead.take(first)).toBeUndefined();
});

test("tells of the first of many", () => {
  const { shard } = createShard();
  const commands = commandsOf(LOOKAHEAD_MAX + 1);
  const ahead = new LookedAhead();
  ahead.begin(commands);
  for (let i = 0; i < commands.length; i++) ahead.note(shard, i);
  const told = commands.map((command) => (ahead.take(command) === shard ? ahead.hash : undefined));
  expect(told).toEqual([...Array(LOOKAHEAD_MAX).keys(), undefined]);
});
