import { beforeEach, describe, expect, it } from "vitest";
import { AtollError } from "../../src/base/errors.ts";
import type { Key } from "../../src/base/ids.ts";
import { DEFAULT_SPACE } from "../../src/base/shard-id.ts";
import { pageOfKeys } from "../../src/replica/key-pages.ts";
import { readKey, writeKey } from "../../src/replica/operations.ts";
import type { Condition } from "../../src/store.ts";
import { Machines } from "../support/machines.ts";

const KEY_MAX = 16;
const VALUE_MAX = 100;
const TEN_YEARS_MS = 10 * 365 * 86_400_000;
const INHERITED = ["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf", "__defineGetter__"];

let machines: Machines;

beforeEach(async () => {
  machines = await Machines.started(["a"], "operations", { keyBytesMax: KEY_MAX, valueBytesMax: VALUE_MAX });
});

function code(run: () => unknown): string {
  try {
    run();
    return "done";
  } catch (error) {
    return error instanceof AtollError ? error.code : String(error);
  }
}

const put = (key: string, length = 1, options = {}) =>
  writeKey(machines.at("a"), DEFAULT_SPACE, key as Key, { value: new Uint8Array(length), options }, machines.now);

describe("limits", () => {
  it.each([
    ["a key at its limit", () => put("k".repeat(KEY_MAX)), "done"],
    ["a key over it", () => put("k".repeat(KEY_MAX + 1)), "KEY_TOO_LONG"],
    ["no key", () => put(""), "KEY_EMPTY"],
    ["no key to read", () => readKey(machines.at("a"), DEFAULT_SPACE, "" as Key, machines.now), "KEY_EMPTY"],
    ["a value at its limit", () => put("k", VALUE_MAX), "done"],
    ["a value over it", () => put("k", VALUE_MAX + 1), "VALUE_TOO_LARGE"],
    ["an empty value", () => put("k", 0), "done"],
    ["a content type at its limit", () => put("k", 1, { contentType: "c".repeat(255) }), "done"],
    ["a content type over it", () => put("k", 1, { contentType: "c".repeat(256) }), "CONTENT_TYPE_TOO_LONG"],
    ["a value at its limit with a content type", () => put("k", VALUE_MAX, { contentType: "c".repeat(255) }), "done"],
    ["a TTL of 1 ms", () => put("k", 1, { ttlMs: 1 }), "done"],
    ["a TTL of ten years", () => put("k", 1, { ttlMs: TEN_YEARS_MS }), "done"],
    ["a TTL over that", () => put("k", 1, { ttlMs: TEN_YEARS_MS + 1 }), "BAD_TTL"],
    ["a TTL of 0", () => put("k", 1, { ttlMs: 0 }), "BAD_TTL"],
    ["half a millisecond", () => put("k", 1, { ttlMs: 1.5 }), "BAD_TTL"],
    ["a TTL that is no number", () => put("k", 1, { ttlMs: Number.NaN }), "BAD_TTL"],
  ])("answer to %s", (_what, run, expected) => {
    expect(code(run)).toBe(expected);
    if (expected !== "done") expect(machines.at("a").shards.all.every((shard) => shard.table.count === 0)).toBe(true);
  });
});

describe("keys", () => {
  it("are bytes, whatever they look like", () => {
    const keys = [...INHERITED, "\0", "\xff\xfe", "../../etc", "{}", "a\0b"];
    for (const key of keys) {
      expect(readKey(machines.at("a"), DEFAULT_SPACE, key as Key, machines.now)).toEqual({});
      machines.put("a", key, `v ${key}`);
    }
    for (const key of keys) expect(machines.get("a", key)).toBe(`v ${key}`);
    expect(
      [...pageOfKeys(machines.at("a"), DEFAULT_SPACE, { prefix: "", limit: 100 }, machines.now).keys].sort(),
    ).toEqual(keys.sort());
  });
});

describe("conditions", () => {
  const attempt = (condition: Condition) => code(() => machines.put("a", "k", "new", { condition }));

  it("hold against what a reader would see: absent, deleted and expired are the same", () => {
    const states = {
      absent: () => {},
      deleted: () => {
        machines.put("a", "k", "v");
        machines.delete("a", "k");
      },
      expired: () => {
        machines.put("a", "k", "v", { ttlMs: 10 });
        machines.now += 10;
      },
    };
    for (const [state, arrange] of Object.entries(states)) {
      arrange();
      expect([state, attempt({ type: "present" })]).toEqual([state, "PRECONDITION_FAILED"]);
      expect([state, attempt({ type: "version", versions: [] })]).toEqual([state, "PRECONDITION_FAILED"]);
      expect([state, attempt({ type: "absent" })]).toEqual([state, "done"]);
      expect([state, attempt({ type: "absent" })]).toEqual([state, "PRECONDITION_FAILED"]);
      machines.delete("a", "k");
    }
  });

  it("hold for one of the versions named, and fail without a trace", () => {
    const first = machines.put("a", "k", "v");
    const second = machines.put("a", "k", "v");
    expect(attempt({ type: "version", versions: [first.version] })).toBe("PRECONDITION_FAILED");
    expect(machines.get("a", "k")).toBe("v");
    expect(machines.put("a", "other", "v").dot.sequence).toBeLessThanOrEqual(second.dot.sequence + 1);
    expect(attempt({ type: "version", versions: ["else", second.version] })).toBe("done");
    expect(attempt({ type: "present" })).toBe("done");
  });

  it("hold for deletions too", () => {
    expect(code(() => machines.delete("a", "k", { condition: { type: "present" } }))).toBe("PRECONDITION_FAILED");
    machines.put("a", "k", "v");
    expect(machines.delete("a", "k", { condition: { type: "present" } }).existed).toBe(true);
    expect(machines.delete("a", "k").existed).toBe(false);
  });
});

describe("time to live", () => {
  it("ends at its millisecond, not one earlier", () => {
    machines.put("a", "k", "v", { ttlMs: 1000 });
    machines.now += 999;
    expect(machines.get("a", "k")).toBe("v");
    machines.now += 1;
    expect(machines.get("a", "k")).toBe(undefined);
  });

  it("is taken away by a write without one", () => {
    machines.put("a", "k", "v", { ttlMs: 1000 });
    machines.put("a", "k", "v");
    machines.run(5000);
    expect(machines.get("a", "k")).toBe("v");
  });

  it("and its content are one: a later write wins with both, wherever they meet", async () => {
    await machines.start("b");
    machines.run(3000);
    machines.cut(["a"], ["b"]);
    machines.put("a", "k", "short", { ttlMs: 2000 });
    machines.now += 5;
    machines.put("b", "k", "long", { ttlMs: 60_000 });
    machines.heal();
    machines.run(5000);
    for (const name of ["a", "b"]) expect(machines.get(name, "k")).toBe("long");
  });
});
