/** Fields of hashes that end by themselves, as Redis 7.4 documents them: the one that the other cases are held against has none. */

import { expect, test } from "vitest";
import { commandLines } from "../../support/command-lines.ts";
import { PlacedWorld } from "../../support/placed-world.ts";

async function started(seed: string) {
  const placed = new PlacedWorld({ seed, regions: ["eu", "eu"], settings: { replication: "all" } });
  await placed.begin([0, 1]);
  const all = [0, 1].map((node) => commandLines(placed, node));
  const run = (line: string, at = 0): unknown => (all[at] as (line: string) => unknown)(line);
  return { placed, run };
}

test("a field ends by itself, here and elsewhere, and the hash with the last of them", async () => {
  const { placed, run } = await started("field-ends");
  run("hset h a 1 b 2 c 3");
  expect(run("hexpire h 10 fields 3 a b x")).toEqual([1, 1, -2]);
  expect(run("httl h fields 4 a b c x")).toEqual([10, 10, -1, -2]);
  expect(run("hpttl h fields 1 a")).toEqual([10_000]);
  await placed.run(10_000);
  for (const at of [0, 1]) {
    expect(run("hgetall h", at)).toEqual(["c", "3"]);
    expect(run("hlen h", at)).toBe(1);
    expect(run("hget h a", at)).toBeUndefined();
    expect(run("hexists h a", at)).toBe(0);
    expect(run("hrandfield h", at)).toBe("c");
    expect(run("hscan h 0", at)).toEqual(["0", ["c", "3"]]);
  }
  expect(run("hpexpire h 500 fields 1 c")).toEqual([1]);
  await placed.run(500);
  for (const at of [0, 1]) {
    expect(run("exists h", at)).toBe(0);
    expect(run("type h", at)).toEqual("none");
    expect(run("dbsize", at)).toBe(0);
  }
});

test("conditions are held against the end that a field has, none being later than any", async () => {
  const { run } = await started("field-ends-conditions");
  run("hset h a 1");
  expect(run("hexpire h 10 xx fields 1 a")).toEqual([0]);
  expect(run("hexpire h 10 gt fields 1 a")).toEqual([0]);
  expect(run("hexpire h 10 nx fields 1 a")).toEqual([1]);
  expect(run("hexpire h 20 nx fields 1 a")).toEqual([0]);
  expect(run("hexpire h 5 gt fields 1 a")).toEqual([0]);
  expect(run("hexpire h 20 gt fields 1 a")).toEqual([1]);
  expect(run("hexpire h 30 lt fields 1 a")).toEqual([0]);
  expect(run("hexpire h 15 LT FIELDS 1 a")).toEqual([1]);
  expect(run("hexpire h 25 xx fields 1 a")).toEqual([1]);
  expect(run("httl h fields 1 a")).toEqual([25]);
  expect(run("hpersist h fields 2 a x")).toEqual([1, -2]);
  expect(run("hpersist h fields 1 a")).toEqual([-1]);
});

test("an end is told as it was given, and one in the past deletes the field", async () => {
  const { run } = await started("field-ends-instants");
  run("hset h a 1 b 2");
  expect(run("hpexpireat h 33177117420123 fields 1 a")).toEqual([1]);
  expect(run("hpexpiretime h fields 2 a b")).toEqual([33177117420123, -1]);
  expect(run("hexpiretime h fields 1 a")).toEqual([33177117421]);
  expect(run("hexpireat h 33177117420 fields 1 b")).toEqual([1]);
  expect(run("hexpiretime h fields 1 b")).toEqual([33177117420]);
  expect(run("hexpireat h 1 fields 2 a x")).toEqual([2, -2]);
  expect(run("hexists h a")).toBe(0);
  expect(run("hpexpire h 0 fields 1 b")).toEqual([2]);
  expect(run("exists h")).toBe(0);
  expect(run("hpersist h fields 1 a")).toEqual([-2]);
});

test("a field that is set anew does not end any more, one that is added to does, and so do those of a copy", async () => {
  const { run } = await started("field-ends-kept");
  run("hset h n 1 s 2");
  run("hexpire h 10 fields 2 n s");
  run("hincrby h n 1");
  run("hset h s 3");
  expect(run("httl h fields 2 n s")).toEqual([10, -1]);
  run("copy h i");
  run("rename h j");
  for (const key of ["i", "j"]) expect(run(`httl ${key} fields 2 n s`)).toEqual([10, -1]);
});

test("words out of place are told apart", async () => {
  const { run } = await started("field-ends-errors");
  const error = (text: string) => ({ type: "error", text });
  run("hset h a 1");
  run("set t 1");
  expect(run("hexpire t 10 fields 1 a")).toEqual(
    error("WRONGTYPE Operation against a key holding the wrong kind of value"),
  );
  expect(run("hexpire h x fields 1 a")).toEqual(error("ERR value is not an integer or out of range"));
  expect(run("hexpire h -1 fields 1 a")).toEqual(error("ERR invalid expire time, must be >= 0"));
  expect(run("hexpire h 70368744178 fields 1 a")).toEqual(error("ERR invalid expire time in 'hexpire' command"));
  const missing = error("ERR Mandatory argument FIELDS is missing or not at the right position");
  expect(run("hexpire h 10 foo 1 a")).toEqual(missing);
  expect(run("httl h foo 1 a")).toEqual(missing);
  expect(run("hexpire h 10 fields 0 a")).toEqual(error("ERR Parameter `numFields` should be greater than 0"));
  expect(run("httl h fields x a")).toEqual(error("ERR Number of fields must be a positive integer"));
  const mismatch = error("ERR The `numfields` parameter must match the number of arguments");
  expect(run("hexpire h 10 fields 2 a")).toEqual(mismatch);
  expect(run("hpersist h fields 1 a b")).toEqual(mismatch);
  expect(run("httl x fields 2 a b")).toEqual([-2, -2]);
});
