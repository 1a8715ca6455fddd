/** Commands on keys that other replicas keep: who carries them out, and what becomes of those that nobody can, or answered. */

import { describe, expect, it } from "vitest";
import { AtollError } from "../../../src/base/errors.ts";
import type { ReplicaId } from "../../../src/base/ids.ts";
import { ASK_AGAIN_MS } from "../../../src/commands/placed/waiting-elsewhere.ts";
import { WAIT_KEYS_MAX } from "../../../src/replica/key-waits.ts";
import { type Dot, SHORT_VALUE_BYTES_MAX } from "../../../src/store.ts";
import { CommandWorld } from "../../support/command-world.ts";
import { NAME, SETTLE_MS } from "../../support/placed-world.ts";

async function four(seed: string, replication = 2, latencyMs = 1): Promise<CommandWorld> {
  const regions = ["eu", "eu", "eu", "eu"];
  const placed = new CommandWorld({ seed, regions, settings: { replication }, quality: () => ({ latencyMs }) });
  await placed.begin();
  return placed;
}

describe("a command at a replica that keeps nothing of its keys", () => {
  it("is carried out by who keeps them, and answered as there", async () => {
    const placed = await four("forward");
    const key = placed.keyOf([0, 1]);
    const [there, here] = [placed.at(0), placed.at(2)];
    expect(await here.do(`set ${key} 5`)).toBe("OK");
    expect(await here.do(`incrby ${key} 7`)).toBe(12);
    expect(await here.do(`get ${key}`)).toBe("12");
    expect(await here.do(`get ${placed.keyOf([0, 1], 1)}`)).toBe(null);
    expect(await here.do(`incr ${key} `)).toMatch("-ERR");
    await placed.run(1000);
    expect(await there.do(`get ${key}`)).toBe("12");
    expect([0, 1, 2, 3].map((node) => placed.held(node, key))).toEqual([true, true, false, false]);
    expect(await here.do(`del ${key}`)).toBe(1);
    await placed.run(100);
    expect(await there.do(`exists ${key}`)).toBe(0);
  });

  it("is asked of another where the first is gone, if it only reads", async () => {
    const placed = await four("read again");
    const key = placed.keyOf([0, 1]);
    await placed.at(2).do(`set ${key} v`);
    await placed.run(2000);
    for (const gone of [0, 1]) {
      const answers = Array.from({ length: 4 }, () => placed.at(2).do(`get ${key}`));
      placed.cut([gone], [2]);
      expect(await Promise.all(answers)).toEqual(["v", "v", "v", "v"]);
      placed.heal([gone], [2]);
      await placed.run(SETTLE_MS);
    }
  });

  it("is a script that was loaded here, for all that its keys are there", async () => {
    const placed = await four("evalsha");
    const key = placed.keyOf([0, 1]);
    const here = placed.at(2);
    const add = await here.do("script load return(redis.call('incr',KEYS[1]))");
    expect(await here.do(`evalsha ${String(add).toUpperCase()} 1 ${key}`)).toBe(1);
    expect(await here.exec([`evalsha ${add} 1 ${key}`, `get ${key}`])).toEqual([2, "2"]);
    const read = await here.do("script load return(redis.call('get',KEYS[1])..ARGV[1])");
    expect(await here.do(`evalsha_ro ${read} 1 ${key} !`)).toBe("2!");
    expect(await here.do(`evalsha_ro ${add} 1 ${key}`)).toMatch("-ERR Write commands are not allowed");
    expect(await here.do(`evalsha ${"0".repeat(40)} 1 ${key}`)).toMatch("-NOSCRIPT");
    expect(await here.do(`script exists ${add} ${"0".repeat(40)}`)).toEqual([1, 0]);
  });

  it("is answered with what it took away also where there is no room for that", async () => {
    const placed = await four("no room");
    const key = placed.keyOf([0, 1]);
    const client = placed.at(2);
    const long = "v".repeat(SHORT_VALUE_BYTES_MAX);
    await client.do(`rpush ${key} ${long} ${long} ${long}`);
    const room = () => Promise.reject(new AtollError("MEMORY_FULL", "no room"));
    Object.assign(client.client, { room });
    expect(await client.do(`lrange ${key} 0 -1`)).toBe("-OOM no room");
    expect(await client.do(`lpop ${key} 2`)).toEqual([long, long]);
    expect(await client.exec([`append ${key} x`, `rpush ${key} ${long}`, `lpop ${key} 2`])).toEqual([
      expect.stringMatching("-WRONGTYPE"),
      2,
      [long, long],
    ]);
    expect(await client.do(`exists ${key}`)).toBe(0);
  });

  it("tells what its client may do, if that is not everything", async () => {
    const placed = await four("allowance");
    const key = placed.keyOf([0, 1]);
    const client = placed.at(2);
    await client.do(`set ${key} v`);
    expect(placed.allowances).toEqual([]);
    const allowance = { scopes: ["read"], prefix: "k" };
    Object.assign(client.client, { allowance });
    await client.do(`get ${key}`);
    await client.exec([`get ${key}`]);
    expect(placed.allowances).toEqual([allowance, allowance]);
  });

  it("is of unknown outcome where it may write and nobody answers, and is not carried out a second time", async () => {
    const placed = await four("unknown", 2, 50);
    const key = placed.keyOf([0, 1]);
    placed.cut([0], [2]);
    await placed.run(8000);
    const answer = placed.at(2).do(`incr ${key}`);
    await placed.run(70);
    placed.cut([1], [2]);
    expect(await answer).toMatch(/^-UNKNOWN replica r1.* may have carried/);
    placed.heal([0, 1], [2]);
    await placed.run(SETTLE_MS);
    expect(await placed.at(2).do(`get ${key}`)).toBe("1");
  });

  it("is carried out here where no owner can be reached, on what is here, and comes home later", async () => {
    const placed = await four("guest");
    const key = placed.keyOf([0, 1]);
    placed.cut([2, 3], [0, 1]);
    await placed.run(8000);
    expect(await placed.at(2).do(`append ${key} guest`)).toBe(5);
    expect(await placed.at(2).do(`get ${key}`)).toBe("guest");
    placed.heal([2, 3], [0, 1]);
    await placed.run(2 * SETTLE_MS);
    expect(await placed.at(0).do(`get ${key}`)).toBe("guest");
    expect(placed.held(2, key)).toBe(false);
  });

  it("waits for what comes there, for as long as its client does", async () => {
    const placed = await four("wait");
    const key = placed.keyOf([0, 1]);
    const waiting = placed.at(2);
    let end = (): void => {};
    Object.assign(waiting.client, { waits: { begin: (command: { end(): void }) => (end = () => command.end()) } });
    const first = waiting.do(`blpop ${key} 0`);
    await placed.run(3 * ASK_AGAIN_MS);
    expect(await placed.at(0).do(`rpush ${key} 1 2`)).toBe(2);
    expect(await first).toEqual([key, "1"]);
    expect(await waiting.do(`brpoplpush ${key} ${key} 0`)).toBe("2");
    expect(await placed.at(0).do(`del ${key}`)).toBe(1);
    const second = waiting.do(`blmpop 0 1 ${key} left`);
    await placed.run(3 * ASK_AGAIN_MS);
    end();
    expect(await second).toBe(null);
    await placed.at(0).do(`rpush ${key} 3`);
    await placed.run(3 * ASK_AGAIN_MS);
    expect(await placed.at(3).do(`lrange ${key} 0 -1`)).toEqual(["3"]);
    await placed.at(1).do(`del ${key}`);
    expect(await waiting.do(`blpop ${key} 0.3`)).toBe(null);
    expect(await placed.at(3).do(`blpop ${key} 0`)).toBe(null);
    const many = Array.from({ length: WAIT_KEYS_MAX + 1 }, () => key).join(" ");
    expect(await waiting.do(`blpop ${many} 0`)).toMatch("too many keys are waited for");
  });

  it("waits on, for the rest of its time, when owners that nobody could reach are reached again", async () => {
    const placed = await four("wait cut");
    const key = placed.keyOf([0, 1]);
    placed.cut([2, 3], [0, 1]);
    await placed.run(8000);
    const [first, second] = [placed.at(2), placed.at(2)];
    for (const { client } of [first, second]) Object.assign(client, { waits: { begin: () => {} } });
    const given = first.do(`blpop ${key} 0`);
    const late = second.do(`blpop ${placed.keyOf([0, 1], 1)} 25`);
    const began = placed.world.now;
    await placed.run(1000);
    expect(placed.driver(2).replica.keyWaits.waiting).toBe(0);
    placed.heal([2, 3], [0, 1]);
    await placed.run(SETTLE_MS);
    await placed.at(0).do(`rpush ${key} 1`);
    expect(await given).toEqual([key, "1"]);
    expect(await late).toBe(null);
    expect(placed.world.now - began).toBeLessThan(25_000 + 2 * ASK_AGAIN_MS);
  });

  it.each(["all", { eu: 2 }] as const)(
    "waits on elsewhere when its keys move there from here, once of %j",
    async (replication) => {
      const placed = new CommandWorld({
        seed: "wait moved",
        regions: ["eu", "eu", "us", "us"],
        settings: { replication },
      });
      await placed.begin();
      await placed.run(SETTLE_MS);
      const waiting = placed.at(0);
      Object.assign(waiting.client, { waits: { begin: () => {} } });
      const given = waiting.do("blpop l 0");
      const moved = waiting.do("blmove {m} m{m} left right 0");
      const late = waiting.do("bzpopmin z 28");
      const began = placed.world.now;
      await placed.run(1000);
      expect(placed.driver(0).replica.keyWaits.waiting).toBe(3);
      await placed.do(placed.driver(1).defineKeyspace(NAME, { replication: { us: 2 } }));
      await placed.run(SETTLE_MS);
      expect(placed.driver(0).replica.keyWaits.waiting).toBe(0);
      await placed.at(2).do("rpush l 1");
      await placed.at(2).do("rpush {m} 2");
      expect([await given, await moved]).toEqual([["l", "1"], "2"]);
      expect(await late).toBe(null);
      expect(placed.world.now - began).toBeLessThan(28_000 + 2 * ASK_AGAIN_MS);
    },
  );

  it("does not let a clock that is behind lose what it writes after what was seen here", async () => {
    const placed = await four("clocks");
    const key = placed.keyOf([0, 1]);
    placed.cut([2], [0, 1]);
    await placed.run(8000);
    for (const owner of [0, 1]) placed.world.node(owner).clock.jump(-300);
    expect(await placed.at(2).do(`set ${key} first`)).toBe("OK");
    placed.heal([2], [0, 1]);
    while (!placed.driver(2).replica.isLinked("r0" as ReplicaId)) await placed.run(1);
    expect(await placed.at(2).do(`set ${key} second`)).toBe("OK");
    await placed.run(SETTLE_MS);
    expect(await placed.at(2).do(`get ${key}`)).toBe("second");
  });
});

describe("keys that no replica keeps together", () => {
  it("are read and written in parts where that means the same, and refused otherwise", async () => {
    const placed = await four("apart", 1);
    const keys = [0, 1, 2, 3].map((node) => placed.keyOf([node]));
    const [a, b, c, d] = keys as [string, string, string, string];
    const client = placed.at(2);
    expect(await client.do(`mset ${a} 1 ${b} 2 ${c} 3`)).toBe("OK");
    expect(await client.do(`mget ${c} ${a} ${d} ${b} ${a}`)).toEqual(["3", "1", null, "2", "1"]);
    expect(await client.do(`exists ${a} ${b} ${b} ${d}`)).toBe(3);
    expect(await client.do(`touch ${a} ${d}`)).toBe(1);
    expect(await client.do(`del ${a} ${d} ${c}`)).toBe(2);
    expect(await client.do(`unlink ${b}`)).toBe(1);
    for (const [key, members] of [
      [a, "1 2 3 4"],
      [b, "2 3 9"],
      [c, "3 8"],
    ] as const)
      await client.do(`sadd ${key} ${members}`);
    const sets = async (line: string) => ((await client.do(line)) as string[]).sort().join(" ");
    expect(await sets(`sunion ${a} ${b} ${c} ${d}`)).toBe("1 2 3 4 8 9");
    expect(await sets(`sinter ${b} ${a} ${c}`)).toBe("3");
    expect(await sets(`sinter ${a} ${d} ${b}`)).toBe("");
    expect(await sets(`sdiff ${a} ${c} ${b} ${d}`)).toBe("1 4");
    expect(await sets(`sdiff ${d} ${a}`)).toBe("");
    await client.do(`set ${d} string`);
    for (const name of ["sunion", "sinter", "sdiff"])
      expect(await client.do(`${name} ${a} ${d} ${b}`)).toMatch(/^-WRONGTYPE /);
    await client.do(`del ${keys.join(" ")}`);
    for (const line of [`rename ${a} ${b}`, `msetnx ${a} 1 ${b} 2`, `bitop and ${a} ${b} ${c}`])
      expect(await client.do(line)).toMatch(/^-CROSSSLOT /);
    expect(await client.exec([`set ${a} 1`, `set ${b} 2`])).toMatch(/^-CROSSSLOT /);
    expect(await client.do(`mget ${keys.join(" ")}`)).toEqual([null, null, null, null]);
    expect(await client.do("mset {t}a 1 {t}b 2")).toBe("OK");
    expect(await client.do("rename {t}a {t}c")).toBe("OK");
  });
});

describe("keys that nobody keeps", () => {
  it("are taken care of by whoever is asked for them", async () => {
    const placed = new CommandWorld({ seed: "nobody", regions: ["eu", "us"], settings: { replication: { us: 1 } } });
    await placed.begin();
    placed.world.node(1).stop();
    await placed.run(SETTLE_MS);
    await placed.do(placed.driver(0).removeMember("r1" as ReplicaId, { force: true }));
    await placed.run(SETTLE_MS);
    expect(placed.ownersOf("a")).toEqual([]);
    expect(await placed.at(0).do("mset a 1 b 2")).toBe("OK");
    expect(await placed.at(0).do("mget a b c")).toEqual(["1", "2", null]);
    expect(await placed.at(0).exec(["incr a", "incr b"])).toEqual([2, 3]);
    expect(await placed.at(0).do("dbsize")).toBe(2);
  });
});

describe("a transaction", () => {
  it("is carried out as a whole by who keeps all its keys", async () => {
    const placed = await four("exec");
    const [a, b] = [placed.keyOf([0, 1]), placed.keyOf([0, 1], 1)];
    const client = placed.at(2);
    expect(await client.exec([`set ${a} 1`, `incr ${a}`, `strlen ${b}`, `get ${a}`])).toEqual(["OK", 2, 0, "2"]);
    expect(await client.exec([`set ${a} x`, `incr ${a}`])).toEqual(["OK", expect.stringMatching(/^-ERR value is not/)]);
    expect(await client.exec(["dbsize", `set ${a} y`])).toMatch(/^-CROSSSLOT /);
    expect(await client.do(`get ${a}`)).toBe("x");
  });

  it("is not begun where a watched key has changed since, as the replica tells that told its version", async () => {
    const placed = await four("watch");
    const [a, b] = [placed.keyOf([0, 1]), placed.keyOf([0, 1], 1)];
    const [one, other] = [placed.at(2), placed.at(3)];
    const first = await one.watch([a]);
    const watched = [...first, ...(await one.watch([b], first))];
    expect(new Set(watched.map(({ at }) => at)).size).toBe(1);
    expect(await one.exec([`set ${a} 1`], watched)).toEqual(["OK"]);
    expect(await one.exec([], await one.watch([a]))).toEqual([]);
    const again = await one.watch([a, b]);
    expect(await other.do(`set ${b} 2`)).toBe("OK");
    await placed.run(100);
    expect(await one.exec([`set ${a} 2`], again)).toBe(null);
    expect(await one.do(`get ${a}`)).toBe("1");
  });

  it("is not begun where that replica cannot be asked any more", async () => {
    const placed = await four("watch lost");
    const a = placed.keyOf([0, 1]);
    const client = placed.at(2);
    const watched = await client.watch([a]);
    placed.cut([Number(watched[0]?.at?.slice(1))], [2]);
    await placed.run(8000);
    expect(await client.exec([`set ${a} 1`], watched)).toBe(null);
    expect(await client.exec([`set ${a} 1`])).toEqual(["OK"]);
  });
});

describe("a command about all keys", () => {
  it("asks all who keep some", async () => {
    const placed = await four("all", 1);
    const keys = Array.from({ length: 100 }, (_, i) => `key:${i}`);
    const client = placed.at(0);
    for (const key of keys) await client.do(`set ${key} v`);
    await client.do("set other v");
    for (const node of [0, 3]) {
      const at = placed.at(node);
      expect(await at.do("dbsize")).toBe(101);
      expect(((await at.do("keys key:*")) as string[]).sort()).toEqual([...keys].sort());
      expect(await at.do("keys none*")).toEqual([]);
      expect([...keys, "other"]).toContain(await at.do("randomkey"));
    }
    expect(await scanned(placed, "match key:* count 7")).toEqual([...keys].sort());
    expect(await scanned(placed, "count 1000 type string")).toHaveLength(101);
    expect(await client.do("scan x")).toBe("-ERR invalid cursor");
    expect(await client.do("scan 0 count 0")).toBe("-ERR syntax error");
    expect(await client.do("flushdb")).toBe("OK");
    expect([await client.do("dbsize"), await client.do("randomkey")]).toEqual([0, null]);
  });

  /** All that pages tell, each asked of another replica. */
  async function scanned(placed: CommandWorld, options: string): Promise<readonly string[]> {
    const found: string[] = [];
    let cursor = "0";
    let pages = 0;
    do {
      const [next, keys] = (await placed.at(pages++ % 4).do(`scan ${cursor} ${options}`)) as [string, string[]];
      found.push(...keys);
      cursor = next;
    } while (cursor !== "0");
    return found.sort();
  }
});

describe("a client", () => {
  it("is told who has what it wrote elsewhere", async () => {
    const placed = await four("wait");
    const key = placed.keyOf([0, 1]);
    const client = placed.at(2);
    await client.do(`set ${key} v`);
    expect(await client.wait(1, 5000)).toBe(1);
    placed.cut([0], [1]);
    await placed.run(100);
    await client.do(`set ${key} w`);
    expect(await client.wait(1, 300)).toBe(0);
  });

  it("is told of all that it wrote, where it was carried out by several", async () => {
    const placed = await four("wait for several");
    const keys = [placed.keyOf([0, 1]), placed.keyOf([2, 3]), placed.keyOf([1, 2])];
    const client = placed.at(2);
    const written: Dot[] = [];
    for (const key of keys) {
      await client.do(`set ${key} v`);
      written.push(client.client.lastWrite as Dot);
    }
    Object.assign(client.client, { written });
    expect(await client.wait(1, 5000)).toBe(1);
    Object.assign(client.client, { written: "all" });
    expect(await client.wait(1, 5000)).toBe(1);
    placed.cut([0], [1]);
    await placed.run(100);
    await client.do(`set ${keys[0]} w`);
    Object.assign(client.client, { written: [...written.slice(1), client.client.lastWrite] });
    expect(await client.wait(1, 300)).toBe(0);
    Object.assign(client.client, { written: "all" });
    expect(await client.wait(1, 300)).toBe(0);
    const gone = new AbortController();
    Object.assign(client.client, { gone: gone.signal });
    const waiting = client.wait(1, 0);
    gone.abort();
    expect(await waiting).toBe(0);
  });

  it("reads what it wrote also where another replica is asked, if that comes to have it soon", async () => {
    const placed = await four("own writes");
    const key = placed.keyOf([0, 1]);
    placed.cut([0], [1, 2]);
    await placed.run(8000);
    const client = placed.at(2);
    expect(await client.do(`set ${key} v`)).toBe("OK");
    placed.heal([0], [1, 2]);
    while (!placed.driver(2).replica.isLinked("r0" as ReplicaId)) await placed.run(1);
    placed.cut([1], [2]);
    expect(await client.do(`get ${key}`)).toBe("v");
  });

  it("reads, by its session, what that has seen, or nothing", async () => {
    const placed = await four("sessions");
    const key = placed.keyOf([0, 1]);
    placed.cut([0], [1, 2]);
    await placed.run(8000);
    const writer = placed.at(0);
    await writer.do(`hset ${key} f v`);
    const session = { dots: [writer.client.lastWrite as Dot], waitMs: 300 };
    const reader = placed.at(2);
    const seen: Dot[] = [];
    Object.assign(reader.client, { saw: (dot: Dot) => seen.push(dot) });
    expect(await reader.do(`hget ${key} f`)).toBe(null);
    Object.assign(reader.client, { session });
    const reads = [`hget ${key} f`, `hscan ${key} 0`, `hgetall ${key}`];
    for (const read of reads) expect(await reader.do(read), read).toMatch("has not caught up");
    expect(await reader.exec([`hget ${key} f`])).toMatch("has not caught up");
    expect(await reader.do(`hset ${key} f w`)).toMatch("has not caught up");
    expect(seen).toEqual([]);
    placed.heal([0], [1]);
    await placed.run(SETTLE_MS);
    expect(await reader.do(`hget ${key} f`)).toBe("v");
    expect(seen).toEqual(session.dots);
    expect(await reader.exec([`hget ${key} f`])).toEqual(["v"]);
  });
});

describe("a replica that comes to keep a key", () => {
  it("carries commands out on what the one before it has, which has not handed it over yet", async () => {
    const placed = new CommandWorld({ seed: "at once", regions: ["eu", "us"], settings: { replication: { eu: 1 } } });
    await placed.begin();
    await placed.at(0).do("set k 41");
    await placed.do(placed.driver(1).defineKeyspace(NAME, { replication: { us: 1 } }));
    while (!placed.ownersOf("k", 1).includes(1)) await placed.run(1);
    expect(placed.held(1, "k")).toBe(false);
    expect(await placed.at(1).do("incr k")).toBe(42);
    await placed.run(SETTLE_MS);
    expect(await placed.at(0).do("get k")).toBe("42");
    expect(placed.held(0, "k")).toBe(false);
  });
});
