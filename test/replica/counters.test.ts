/** Numbers that are added to at replicas that are cut off, crash and begin new lives: nothing counts twice, or not at all. */

import { describe, expect, it } from "vitest";
import { latin1FromBytes } from "../../src/base/bytes.ts";
import type { Key } from "../../src/base/ids.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { DEFAULT_SPACE } from "../../src/base/shard-id.ts";
import { incrementBy } from "../../src/commands/strings/increments.ts";
import { pageOfKeys } from "../../src/replica/key-pages.ts";
import { readKey, writeKey } from "../../src/replica/operations.ts";
import { pageOfRecords } from "../../src/replica/record-pages.ts";
import type { WatchEvent } from "../../src/store.ts";
import { at } from "../support/machine-workspace.ts";
import { Machines } from "../support/machines.ts";

const KEY = "n" as Key;
const NAMES = ["a", "b", "c"];

function add(machines: Machines, name: string, by: number): void {
  at(machines, name, (workspace) => incrementBy(workspace, KEY, by));
}

function shown(machines: Machines, name: string): string | undefined {
  const text = at(machines, name, (workspace) => {
    const bytes = workspace.stringAt(KEY);
    return bytes === undefined ? undefined : latin1FromBytes(bytes);
  });
  const read = readKey(machines.at(name), DEFAULT_SPACE, KEY, machines.clockOf(name));
  const entry = "entry" in read ? read.entry : undefined;
  expect(entry === undefined ? undefined : latin1FromBytes(entry.value)).toBe(text);
  return text;
}

function listed(machines: Machines, name: string): readonly string[] {
  return pageOfKeys(machines.at(name), DEFAULT_SPACE, { prefix: "", limit: 100 }, machines.clockOf(name)).keys;
}

function versionAt(machines: Machines, name: string): string | undefined {
  const read = readKey(machines.at(name), DEFAULT_SPACE, KEY, machines.clockOf(name));
  return "entry" in read ? read.entry?.version : undefined;
}

describe("a number on several replicas", () => {
  it("has another version once an addition comes that is older than the newest, the same everywhere", async () => {
    const machines = await Machines.started(NAMES, 3);
    machines.put("a", KEY, "100");
    machines.run(3000);
    machines.cut(["a"], ["b", "c"]);
    add(machines, "b", 1);
    machines.run(10);
    add(machines, "a", 2);
    const before = versionAt(machines, "a") ?? "";
    machines.heal();
    machines.run(20_000);
    expect(shown(machines, "a")).toBe("103");
    const after = versionAt(machines, "a") ?? "";
    expect(after).toMatch(/^[0-9a-f]{14}-[0-9a-f]{14}$/);
    // The addition that came is the older one.
    expect(after.slice(0, 14)).toBe(before.slice(0, 14));
    expect(after).not.toBe(before);
    expect(NAMES.map((name) => versionAt(machines, name))).toEqual([after, after, after]);
    const replace = (version: string) => {
      const condition = { type: "version", versions: [version] } as const;
      const write = { value: new Uint8Array(1), options: { condition } };
      writeKey(machines.at("a"), DEFAULT_SPACE, KEY, write, machines.clockOf("a"));
    };
    expect(() => replace(before)).toThrow("version");
    replace(after);
  });

  it("is read with the dots of all that it consists of, also once it was deleted", async () => {
    const machines = await Machines.started(NAMES, 3);
    const seenBy = (name: string) => {
      const read = readKey(machines.at(name), DEFAULT_SPACE, KEY, machines.clockOf(name));
      if (!("beside" in read)) throw new Error("nothing but what is here is read");
      const { dot, beside = [] } = read;
      return [...(dot === undefined ? [] : [dot]), ...beside].map(({ origin }) => origin);
    };
    for (const name of NAMES) add(machines, name, 1);
    machines.run(1000);
    const all = NAMES.map((name) => machines.at(name).origin).sort();
    for (const name of NAMES) expect(seenBy(name).sort()).toEqual(all);
    at(machines, "a", (workspace) => workspace.remove(KEY));
    expect(seenBy("a").sort()).toEqual(all);
  });

  it("comes to all that was added on both sides of a cut, and is one key", async () => {
    const machines = await Machines.started(NAMES, 1);
    machines.put("a", KEY, "100");
    machines.run(3000);
    machines.cut(["a"], ["b", "c"]);
    for (let i = 0; i < 10; i++) add(machines, "a", 1);
    for (let i = 0; i < 20; i++) add(machines, "b", 2);
    add(machines, "c", -3);
    expect(shown(machines, "a")).toBe("110");
    machines.heal();
    machines.run(20_000);
    for (const name of NAMES) {
      expect(shown(machines, name)).toBe("147");
      expect(listed(machines, name)).toEqual([KEY]);
      expect(at(machines, name, (workspace) => workspace.keyCount())).toBe(1);
    }
  });

  it("is listed, counted, drawn, copied and deleted where nothing but additions is held of it", async () => {
    const machines = await Machines.started(NAMES, 2);
    add(machines, "a", 4);
    add(machines, "b", 3);
    machines.run(3000);
    expect(listed(machines, "c")).toEqual([KEY]);
    at(machines, "c", (workspace) => {
      expect(workspace.keyCount()).toBe(1);
      expect(workspace.randomKey()).toBe(KEY);
      expect(workspace.typeOf(KEY)).toBe("string");
      expect(workspace.expiresAt(KEY)).toBe(Infinity);
      expect(workspace.bytesOf(KEY)).toBeGreaterThan(0);
    });
    const shard = machines.at("c").shardOfKey(KEY);
    const page = pageOfRecords(shard, { order: 0 }, 1000, machines.clockOf("c"));
    expect(page.count).toBe(1);
    at(machines, "c", (workspace) => expect(workspace.remove(KEY)).toBe(true));
    machines.run(3000);
    for (const name of NAMES) {
      expect(shown(machines, name)).toBeUndefined();
      expect(listed(machines, name)).toEqual([]);
      expect(at(machines, name, (workspace) => workspace.keyCount())).toBe(0);
    }
  });

  it("tells watchers what it comes to", async () => {
    const machines = await Machines.started(NAMES, 3);
    const events: string[] = [];
    const note = (event: WatchEvent) => {
      events.push(event.type === "put" ? `put ${latin1FromBytes(event.entry.value)}` : event.type);
    };
    machines.at("b").audience.changesOf(DEFAULT_SPACE).watch({ prefix: "" }, note, machines.clockOf("b"));
    add(machines, "a", 4);
    machines.run(200);
    add(machines, "c", 5);
    machines.run(200);
    at(machines, "a", (workspace) => workspace.setExpiresAt(KEY, machines.clockOf("a") + 1000));
    machines.run(200);
    add(machines, "a", 1);
    machines.run(5000);
    expect([...new Set(events)]).toEqual(["put 4", "put 9", "put 10", "expire"]);
  });

  it("tells watchers nothing where additions are removed that a value has seen", async () => {
    const machines = await Machines.started(NAMES, 4);
    const events: string[] = [];
    const note = (event: WatchEvent) => {
      events.push(event.type === "put" ? `put ${latin1FromBytes(event.entry.value)}` : event.type);
    };
    add(machines, "a", 4);
    machines.run(1000);
    machines.put("b", KEY, "100");
    machines.run(200);
    machines.at("a").audience.changesOf(DEFAULT_SPACE).watch({ prefix: "" }, note, machines.clockOf("a"));
    machines.run(20_000);
    expect(NAMES.map((name) => machines.at(name).sumUpkeep.written).reduce((a, b) => a + b)).toBeGreaterThan(0);
    expect(events).toEqual([]);
  });

  it("begins again once it has expired", async () => {
    const machines = await Machines.started(NAMES, 4);
    for (let window = 0; window < 4; window++) {
      const name = NAMES[window % 3] as string;
      add(machines, name, 1);
      at(machines, name, (workspace) => workspace.setExpiresAt(KEY, machines.clockOf(name) + 5000));
      machines.run(500);
      for (const each of NAMES) add(machines, each, 1);
      machines.run(500);
      for (const each of NAMES) expect(shown(machines, each)).toBe("4");
      machines.run(6000);
      for (const each of NAMES) expect(shown(machines, each)).toBeUndefined();
    }
  });

  it("does not grow by what lives that ended have added, and is gone for good once it was deleted", async () => {
    const machines = await Machines.started(NAMES, 5);
    let sum = 0;
    for (let life = 0; life < 8; life++) {
      for (const name of NAMES) {
        add(machines, name, 1);
        sum++;
      }
      machines.run(2000);
      const name = NAMES[life % 3] as string;
      machines.sync(name);
      machines.crash(name);
      await machines.start(name);
      machines.run(150_000);
    }
    const registers = () => NAMES.map((name) => machines.at(name).shardOfKey(KEY).increments.of(KEY).length);
    for (const name of NAMES) expect(shown(machines, name)).toBe(String(sum));
    expect(Math.max(...registers())).toBeLessThanOrEqual(6);
    at(machines, "a", (workspace) => workspace.remove(KEY));
    machines.run(300_000);
    expect(registers()).toEqual([0, 0, 0]);
    for (const name of NAMES) expect(machines.at(name).shardOfKey(KEY).table.count).toBeLessThan(5);
    expect(machines.differences()).toEqual([]);
  });

  it("counts nothing twice where a member was given up that went on counting, and comes back", async () => {
    const machines = await Machines.started(NAMES, 6, { retentionMs: 60_000 });
    machines.put("a", KEY, "100");
    for (let i = 0; i < 7; i++) add(machines, "c", 1);
    machines.run(3000);
    machines.cut(["c"], ["a", "b"]);
    machines.run(400_000);
    expect(machines.at("a").members.hasGivenUp()).toBe(true);
    expect(machines.at("a").shardOfKey(KEY).increments.of(KEY)).toEqual([]);
    // Whoever writes the number now knows nothing of `c` but what was written last saw.
    at(machines, "a", (workspace) => workspace.setExpiresAt(KEY, machines.clockOf("a") + 10_000_000));
    machines.run(3000);
    expect(shown(machines, "b")).toBe("107");
    for (let i = 0; i < 3; i++) add(machines, "c", 1);
    machines.heal();
    machines.run(60_000);
    for (const name of NAMES) expect(shown(machines, name)).toBe("110");
    expect(machines.differences()).toEqual([]);
  });

  it.each(Array.from({ length: 12 }, (_, i) => i + 1))(
    "loses nothing that is on disk and counts nothing twice whatever is cut or crashes, seed %i",
    async (seed) => {
      const machines = await Machines.started(NAMES, `counters-${seed}`);
      const random = new SeededRandom(`counters-${seed}`);
      let sum = 0;
      for (let step = 0; step < 150; step++) {
        const name = random.pick(NAMES);
        const roll = random.below(12);
        if (roll < 6) {
          const by = random.between(-5, 9);
          add(machines, name, by);
          sum += by;
        } else if (roll < 8) machines.run(random.between(1, 3000));
        else if (roll === 8)
          machines.cut(
            [name],
            NAMES.filter((each) => each !== name),
          );
        else if (roll === 9) machines.heal();
        else if (roll === 10) {
          machines.sync(name);
          machines.crash(name);
          await machines.start(name);
        } else at(machines, name, (workspace) => workspace.setExpiresAt(KEY, Infinity));
      }
      machines.heal();
      machines.run(60_000);
      for (const name of NAMES) expect(shown(machines, name)).toBe(String(sum));
      expect(machines.differences()).toEqual([]);
    },
  );
});
