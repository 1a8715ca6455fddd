import { describe, expect, it } from "vitest";
import {
  batch,
  clockDrift,
  clockJump,
  crash,
  cut,
  type Duration,
  decodePlan,
  degrade,
  deleteDocument,
  encodePlan,
  expireDocument,
  fullDisk,
  inWords,
  isolate,
  oldDisk,
  pause,
  planOf,
  put,
  rawFault,
  read,
  readDocument,
  remove,
  restart,
  type Script,
  ScriptError,
  simulate,
  slowDisk,
  typeIn,
} from "../../../simulations/index.ts";
import { replicaDefaults } from "../../../src/replica/config.ts";

const script: Script = { replicas: { frankfurt: 2, virginia: 1 }, lasts: "20s" };

describe("the keyspace of a script", () => {
  it("is defined once all have met, or as often as is told, by whom", () => {
    const settings = { replication: 2 } as const;
    expect(planOf(script).keyspace).toBeUndefined();
    expect(planOf({ ...script, keyspace: settings }).keyspace).toEqual([{ at: 2000, node: 0, settings }]);
    const keyspace = [
      { at: "9s", settings: { replication: { virginia: 1 } }, replica: "virginia-1" },
      { at: "3s", settings },
    ] as const;
    expect(planOf({ ...script, keyspace }).keyspace).toEqual([
      { at: 3000, node: 0, settings },
      { at: 9000, node: 2, settings: { replication: { virginia: 1 } } },
    ]);
  });

  it("is watched where it is not kept", async () => {
    const watchers = [{ name: "w", at: "5s", replica: "virginia-1" }] as const;
    const clients = [put({ name: "p", at: "8s", replica: "frankfurt-2", key: "k" })];
    const keyspace = { replication: { frankfurt: 2 } } as const;
    const result = await simulate({ ...script, settings: { shards: 2 }, keyspace, watchers, clients });
    expect(result.violations).toEqual([]);
    expect(result.watcher("w").heard).toMatchObject([{ type: "put", key: "k", by: "p" }]);
  });

  it("is refused after the end, at nobody, without a policy, and with documents", () => {
    const settings = { replication: 1 } as const;
    const refusal = (changes: Partial<Script>) => () => planOf({ ...script, ...changes });
    expect(refusal({ keyspace: [] })).toThrow(ScriptError);
    expect(refusal({ keyspace: [{ at: "20s", settings }] })).toThrow("after the end");
    expect(refusal({ keyspace: [{ at: "1s", settings, replica: "paris-1" }] })).toThrow('no replica "paris-1"');
    const documents = [readDocument({ name: "r", at: "1s", replica: "virginia-1", document: "d" })];
    expect(refusal({ keyspace: settings, documents })).toThrow("documents");
  });
});

describe("documents of a script", () => {
  const place = { replica: "frankfurt-1", document: "d" };

  it("become operations of clients with numbers, behind those on values", () => {
    const { operations, documents } = planOf({
      ...script,
      clients: [put({ name: "p", at: "1s", replica: "virginia-1", key: "k" })],
      documents: [
        typeIn({ ...place, name: "a", at: "3s", characters: 7, ack: "quorum" }),
        readDocument({ ...place, name: "b", at: "4s", client: "ann" }),
        expireDocument({ ...place, name: "c", at: "5s", after: "2s" }),
        expireDocument({ ...place, name: "d", at: "6s", client: "ann" }),
        deleteDocument({ ...place, name: "e", at: "7s" }),
      ],
    });
    expect(operations.map(({ id }) => id)).toEqual([0]);
    const common = { key: "d", node: 0, place: 1 };
    expect(documents).toEqual([
      { ...common, id: 1, at: 3000, client: 0, type: "insert", length: 7, ack: "quorum" },
      { ...common, id: 2, at: 4000, client: 1, type: "read", length: 0, ack: "memory" },
      { ...common, id: 3, at: 5000, client: 0, type: "lease", length: 0, ack: "memory", ttlMs: 2000 },
      { ...common, id: 4, at: 6000, client: 1, type: "lease", length: 0, ack: "memory" },
      { ...common, id: 5, at: 7000, client: 0, type: "delete", length: 0, ack: "memory" },
    ]);
  });

  it("are refused where two have one name, or one acts after the end", () => {
    const act = typeIn({ ...place, name: "a", at: "1s" });
    expect(() => planOf({ ...script, documents: [act, act] })).toThrow("documents: two have the same name");
    const late = typeIn({ ...place, name: "a", at: "20s" });
    expect(() => planOf({ ...script, documents: [late] })).toThrow('document act "a": acts after the end');
  });

  it("tell what became of them, and of none that there is not", async () => {
    const documents = [
      expireDocument({ ...place, name: "nothing there", at: "5s", after: "1s" }),
      typeIn({ ...place, name: "typed", at: "6s", ack: "all" }),
      readDocument({ ...place, name: "read", at: "8s" }),
    ];
    const result = await simulate({ ...script, settings: { shards: 2 }, documents });
    expect(result.violations).toEqual([]);
    expect(result.document("nothing there")).toMatchObject({ type: "refused", code: "NOT_FOUND" });
    expect(result.document("typed")).toMatchObject({ type: "written", isAckMet: true, saw: [] });
    expect(result.document("read")).toMatchObject({ type: "read", saw: ["typed"] });
    expect(() => result.document("x")).toThrow('no document act "x"; there are nothing there, typed, read');
  });
});

describe("a script's plan", () => {
  it("names the replicas by region and configures them as production does", () => {
    const plan = planOf(script);
    expect(plan.nodes.map(({ name, region }) => [name, region])).toEqual([
      ["frankfurt-1", "frankfurt"],
      ["frankfurt-2", "frankfurt"],
      ["virginia-1", "virginia"],
    ]);
    expect(replicaDefaults).toMatchObject(plan.replica);
    expect(planOf({ ...script, settings: { shards: 3 } }).replica.shards).toBe(3);
    expect([plan.healAt, plan.settleMs]).toEqual([20_000, 120_000]);
  });

  it("has what its faults come to", () => {
    const at = "1s";
    const [lasts, down] = ["2s", "3s"] as const;
    const faults = [
      cut({ between: ["frankfurt-1", "virginia"], at, lasts }),
      cut({ between: ["frankfurt", "virginia"], at, lasts, oneWay: true }),
      isolate({ place: "frankfurt-2", at, lasts }),
      degrade({ between: ["frankfurt-1", "frankfurt-2"], at, lasts, latency: "80ms", kilobitsPerSecond: 64 }),
      crash({ replica: "virginia-1", at, down, powerCut: true }),
      restart({ replica: "virginia-1", at, down }),
      pause({ replica: "virginia-1", at, lasts }),
      clockJump({ replica: "virginia-1", at, back: "3s" }),
      clockJump({ replica: "virginia-1", at, forward: "1m" }),
      clockDrift({ replica: "virginia-1", at, lasts, partsPerMillion: 200 }),
      slowDisk({ replica: "virginia-1", at, lasts, writes: "50ms" }),
      fullDisk({ replica: "virginia-1", at, lasts }),
      oldDisk({ replica: "virginia-1", at, down, age: "500ms" }),
      rawFault({ at: 9, type: "stall", path: [0, 1], forMs: 8 }),
    ];
    const node = { at: 1000, node: 2 };
    expect(planOf({ ...script, faults }).faults).toEqual([
      {
        at: 1000,
        type: "cut",
        shape: "script",
        paths: [
          [0, 2],
          [2, 0],
        ],
        forMs: 2000,
      },
      {
        at: 1000,
        type: "cut",
        shape: "script",
        paths: [
          [0, 2],
          [1, 2],
        ],
        forMs: 2000,
      },
      {
        at: 1000,
        type: "cut",
        shape: "script",
        paths: [
          [1, 0],
          [1, 2],
          [0, 1],
          [2, 1],
        ],
        forMs: 2000,
      },
      {
        at: 1000,
        type: "degrade",
        paths: [
          [0, 1],
          [1, 0],
        ],
        latencyMs: 80,
        bytesPerMs: 8,
        forMs: 2000,
      },
      { ...node, type: "crash", aim: "now", isPowerCut: true, downMs: 3000 },
      { ...node, type: "stop", downMs: 3000 },
      { ...node, type: "pause", forMs: 2000 },
      { ...node, type: "clock-jump", byMs: -3000 },
      { ...node, type: "clock-jump", byMs: 60_000 },
      { ...node, type: "clock-drift", ppm: 200, forMs: 2000 },
      { ...node, type: "disk-slow", meanMs: 50, forMs: 2000 },
      { ...node, type: "disk-full", forMs: 2000 },
      { ...node, type: "disk-old-copy", ageMs: 500, downMs: 3000 },
      { at: 9, type: "stall", path: [0, 1], forMs: 8 },
    ]);
  });

  it("spreads a workload over the replicas that it is sent to, in the shares that it has", () => {
    const workload = {
      operationsPerSecond: 100,
      keys: 5,
      reads: 0.5,
      deletes: 0,
      at: "frankfurt",
      from: "5s",
    } as const;
    const { operations } = planOf({ ...script, workload });
    expect(operations.length).toBeGreaterThan(1200);
    expect(new Set(operations.map(({ node }) => node))).toEqual(new Set([0, 1]));
    expect(new Set(operations.map(({ type }) => type))).toEqual(new Set(["get", "put"]));
    expect(Math.min(...operations.map(({ at }) => at))).toBeGreaterThan(5000);
    const reads = operations.filter(({ type }) => type === "get").length / operations.length;
    expect(reads).toBeGreaterThan(0.4);
    expect(reads).toBeLessThan(0.6);
  });

  it("has what its clients and watchers come to", () => {
    const place = { replica: "virginia-1", key: "k" } as const;
    const { operations, watches } = planOf({
      ...script,
      clients: [
        read({ ...place, name: "seen", at: "1s", ofMajority: true, session: "ann" }),
        put({ ...place, name: "swap", at: "2s", ifUnchangedSince: "seen", session: "bob" }),
        put({ ...place, name: "once", at: "3s", ifAbsent: true, session: "ann" }),
        batch({ name: "both", at: "4s", replica: "frankfurt-1", puts: ["a", "b"], removes: ["c"], ack: "disk" }),
      ],
      watchers: [{ name: "w", at: "1s", replica: "virginia-1", moves: [{ at: "2s", replica: "frankfurt-2" }] }],
    });
    const base = { node: 2, key: "k", ack: "memory" };
    expect(operations).toEqual([
      { ...base, id: 0, at: 1000, type: "get", valueBytes: 0, consistency: "quorum", session: 0 },
      { ...base, id: 1, at: 2000, type: "update", expects: 0, valueBytes: 100, session: 1 },
      { ...base, id: 2, at: 3000, type: "put-absent", valueBytes: 100, session: 0 },
      {
        id: 3,
        at: 4000,
        node: 0,
        type: "batch",
        key: "a",
        alsoKeys: ["b", "c"],
        deletedKeys: ["c"],
        ack: "disk",
        valueBytes: 100,
      },
    ]);
    expect(watches).toMatchObject([{ id: 0, prefix: "", at: 1000, node: 2, moves: [{ at: 2000, node: 1 }] }]);
    expect(planOf(script).watches).toBeUndefined();
  });

  it("has the sessions, conditions and batches of its workloads, at the replicas that they are sent to", () => {
    const shares = { reads: 0.2, deletes: 0, updates: 0.3, inserts: 0.2, batches: 0.3 };
    const workload = { operationsPerSecond: 100, keys: 5, ...shares, at: "frankfurt" } as const;
    const { operations } = planOf({
      ...script,
      clients: [read({ name: "x", at: "1s", replica: "virginia-1", key: "k", session: "ann" })],
      workload: [workload, { ...workload, sessions: { clients: 4, moves: 0.5 } }],
    });
    const drawn = operations.filter(({ id }) => id > 0);
    expect(drawn.length).toBeGreaterThan(3000);
    for (const type of ["get", "update", "put-absent", "batch"] as const) {
      const share = drawn.filter((operation) => operation.type === type).length / drawn.length;
      expect(share, type).toBeGreaterThan(0.15);
    }
    expect(new Set(drawn.map(({ type }) => type)).size).toBe(4);
    expect(new Set(drawn.map(({ node }) => node))).toEqual(new Set([0, 1]));
    expect(new Set(operations.map(({ session }) => session))).toEqual(new Set([undefined, 0, 1, 2, 3, 4]));
    expect(drawn.filter(({ expects }) => expects !== undefined).length).toBeGreaterThan(300);
    expect(new Set(operations.map(({ id }) => id)).size).toBe(operations.length);
  });

  it("is one that a scenario file takes", () => {
    const plan = planOf({
      ...script,
      workload: { operationsPerSecond: 10 },
      clients: [
        put({ name: "a", at: "3s", replica: "virginia-1", key: "ключ", session: "ann" }),
        put({ name: "b", at: "4s", replica: "virginia-1", key: "ключ", ifUnchangedSince: "a" }),
        batch({ name: "c", at: "5s", replica: "virginia-1", puts: ["a"], removes: ["ключ"] }),
      ],
      watchers: [{ name: "w", at: "1s", replica: "virginia-1", prefix: "кл" }],
      faults: [cut({ between: ["frankfurt", "virginia"], at: "1s", lasts: "2s" })],
    });
    expect(decodePlan(encodePlan(plan))).toEqual(plan);
  });
});

describe("a script that cannot be is refused with what is wrong:", () => {
  const fault = { at: "1s", lasts: "1s" } as const;
  const act = { name: "x", at: "1s", replica: "virginia-1", key: "k" } as const;
  it.each<[string, Partial<Script>, string]>([
    ["no replicas", { replicas: {} }, "replicas: there are none"],
    ["half a replica", { replicas: { frankfurt: 0.5 } }, "replicas.frankfurt: must be a whole number"],
    ["a region at an unknown distance", { replicas: { frankfurt: 1, ship: 1 } }, "no round trip is known between"],
    ["no time", { lasts: "20 s" as Duration }, 'lasts: "20 s" is no time; write 500ms, 30s, 5m, 6h or 7d'],
    [
      "an unknown replica",
      { faults: [crash({ replica: "tokyo-1", at: "1s", down: "1s" })] },
      'crash: no replica "tokyo-1"; there are frankfurt-1, frankfurt-2, virginia-1',
    ],
    [
      "an unknown place",
      { faults: [cut({ between: ["mars", "virginia"], ...fault })] },
      'cut: no replica or region "mars"',
    ],
    [
      "a cut through a replica",
      { faults: [cut({ between: ["frankfurt", "frankfurt-2"], ...fault })] },
      "on both sides",
    ],
    ["everybody isolated", { faults: [isolate({ place: ["frankfurt", "virginia"], ...fault })] }, "nobody else"],
    [
      "a fault after the end",
      { faults: [pause({ replica: "virginia-1", at: "20s", lasts: "1s" })] },
      "pause: begins at 20 s, but the script lasts 20 s",
    ],
    [
      "a raw fault of a replica that is not there",
      { faults: [rawFault({ at: 1, type: "pause", node: 3, forMs: 1 })] },
      "pause: there is no replica number 3, only 3 replicas",
    ],
    ["an act after the end", { clients: [read({ ...act, at: "21s" })] }, 'client "x": acts after the end'],
    ["two acts of one name", { clients: [read(act), remove(act)] }, "two have the same name"],
    [
      "a condition on an act that there is not",
      { clients: [put({ ...act, ifUnchangedSince: "nothing" })] },
      'client "x": no client "nothing" to have seen "k"',
    ],
    ["two conditions", { clients: [put({ ...act, ifAbsent: true, ifUnchangedSince: "x" })] }, "not both"],
    ["an empty batch", { clients: [batch({ name: "x", at: "1s", replica: "virginia-1" })] }, "a batch of nothing"],
    [
      "a batch with a key twice",
      { clients: [batch({ name: "x", at: "1s", replica: "virginia-1", puts: ["a"], removes: ["a"] })] },
      "in the batch twice",
    ],
    [
      "a watcher after the end",
      { watchers: [{ name: "w", at: "21s", replica: "virginia-1" }] },
      'watcher "w": acts after the end',
    ],
    [
      "a watcher of nobody",
      { watchers: [{ name: "w", at: "1s", replica: "mars-1" }] },
      'watcher "w": no replica "mars-1"',
    ],
    [
      "half a client",
      { workload: { operationsPerSecond: 1, sessions: { clients: 0.5 } } },
      "clients must be a whole number above 0",
    ],
    ["shares above one", { workload: { operationsPerSecond: 1, reads: 0.9, deletes: 0.2 } }, "together at most 1"],
    ["a workload without end", { workload: { operationsPerSecond: 1e9 } }, "over 1000000 operations"],
    ["a workload beyond the end", { workload: { operationsPerSecond: 1, until: "1h" } }, "after the end of the script"],
  ])("%s", async (_, changes, reason) => {
    await expect(async () => simulate({ ...script, ...changes })).rejects.toThrow(ScriptError);
    await expect(async () => simulate({ ...script, ...changes })).rejects.toThrow(reason);
  });
});

describe("a script's result", () => {
  it("tells what single clients wrote, read and were refused", async () => {
    const result = await simulate({
      replicas: { frankfurt: 1, virginia: 1 },
      settings: { shards: 4 },
      lasts: "20s",
      clients: [
        put({ name: "first", at: "5s", replica: "frankfurt-1", key: "k", ack: "all" }),
        read({ name: "there", at: "6s", replica: "virginia-1", key: "k" }),
        put({ name: "short", at: "11s", replica: "frankfurt-1", key: "k", ack: "all" }),
        read({ name: "cut off", at: "12s", replica: "virginia-1", key: "k" }),
        read({ name: "down", at: "18s", replica: "virginia-1", key: "k" }),
        remove({ name: "gone", at: "19s", replica: "frankfurt-1", key: "k" }),
        read({ name: "after", at: "19500ms", replica: "frankfurt-1", key: "k" }),
      ],
      faults: [
        cut({ between: ["frankfurt", "virginia"], at: "10s", lasts: "7s" }),
        crash({ replica: "virginia-1", at: "17500ms", down: "1s" }),
      ],
    });
    expect(result.violations, inWords(result)).toEqual([]);
    expect(result.act("first")).toMatchObject({ type: "written", isAckMet: true });
    expect(result.act("first").tookMs).toBeGreaterThan(80);
    expect(result.act("there").saw).toBe("first");
    expect(result.act("short")).toMatchObject({ type: "written", isAckMet: false });
    expect(result.act("cut off").saw).toBe("first");
    expect(result.act("down")).toMatchObject({ type: "refused", code: "UNREACHABLE", saw: undefined });
    expect(result.act("after")).toMatchObject({ type: "read", saw: undefined });
    expect(result.counts).toEqual({ asked: 7, answered: 6, refused: 1, failed: 0, unanswered: 0, short: 1 });
    expect(result.availability).toBeCloseTo(6 / 7);
    expect(result.caughtUp.map(({ type }) => type)).toContain("network");
    expect(result.bytesOf("virginia-1", { from: "11s", until: "16s" })).toBe(0);
    expect(result.bytesOf("virginia-1")).toBeGreaterThan(100);
    expect(() => result.act("nobody")).toThrow('no client "nobody"; there are first, there');
    expect(() => result.bytesOf("mars-1")).toThrow("no replica");
  });

  it("tells what conditions, batches, sessions and watchers came to", async () => {
    const k = { key: "k" } as const;
    const result = await simulate({
      replicas: { frankfurt: 1, virginia: 1 },
      settings: { shards: 4 },
      lasts: "20s",
      clients: [
        put({ ...k, name: "once", at: "5s", replica: "frankfurt-1", ifAbsent: true }),
        put({ ...k, name: "twice", at: "6s", replica: "frankfurt-1", ifAbsent: true }),
        read({ ...k, name: "seen", at: "7s", replica: "virginia-1" }),
        put({ ...k, name: "swap", at: "8s", replica: "frankfurt-1", ifUnchangedSince: "seen" }),
        put({ ...k, name: "late swap", at: "9s", replica: "frankfurt-1", ifUnchangedSince: "seen" }),
        batch({ name: "many", at: "10s", replica: "frankfurt-1", puts: ["a", "b"], removes: ["k"] }),
        read({ ...k, name: "gone", at: "11s", replica: "frankfurt-1" }),
        put({ ...k, name: "mine", at: "14s", replica: "frankfurt-1", session: "ann" }),
        read({ ...k, name: "elsewhere", at: "15s", replica: "virginia-1", session: "ann" }),
        read({ ...k, name: "a stranger's", at: "15s", replica: "virginia-1" }),
        read({ ...k, name: "of a majority", at: "18s", replica: "virginia-1", ofMajority: true }),
      ],
      watchers: [
        { name: "all", at: "4s", replica: "virginia-1", moves: [{ at: "12s", replica: "frankfurt-1" }] },
        { name: "some", at: "10500ms", replica: "frankfurt-1", prefix: "b" },
      ],
      faults: [cut({ between: ["frankfurt", "virginia"], at: "13s", lasts: "4s" })],
    });
    expect(result.violations, inWords(result)).toEqual([]);
    const refused = { type: "refused", code: "PRECONDITION_FAILED" };
    expect(["once", "swap", "many"].map((name) => result.act(name).type)).toEqual(["written", "written", "written"]);
    expect([result.act("twice"), result.act("late swap")]).toMatchObject([refused, refused]);
    expect(result.act("seen").saw).toBe("once");
    expect(result.act("gone").saw).toBeUndefined();
    expect(result.act("elsewhere")).toMatchObject({ type: "refused", code: "SESSION_BEHIND" });
    expect(result.act("a stranger's")).toMatchObject({ type: "read", saw: undefined });
    expect(result.act("of a majority").saw).toBe("mine");
    const all = result.watcher("all");
    expect(all).toMatchObject({ connections: 2, resets: 1 });
    const heard = all.heard.filter(({ key }) => key === "k").map(({ type, by }) => [type, by]);
    expect(heard).toEqual([
      ["put", "once"],
      ["put", "swap"],
      ["delete", undefined],
      ["put", "mine"],
    ]);
    expect(result.watcher("some").heard).toMatchObject([{ type: "found", key: "b", by: "many" }]);
    expect(() => result.watcher("none")).toThrow('no watcher "none"; there are all, some');
  });

  it("reads well", async () => {
    const result = await simulate({ ...script, settings: { shards: 4 }, workload: { operationsPerSecond: 20 } });
    expect(inWords(result).split("\n")).toEqual([
      "script seed 1: no violation",
      expect.stringMatching(/^ {2}3 replicas, 0 faults, \d+\.\d s simulated in \d/),
      expect.stringMatching(
        /^ {2}\d+ operations: 100\.00 % answered, 0 refused, 0 failed, 0 unanswered, 0 short of their ack$/,
      ),
      expect.stringMatching(/^ {2}all equal: \d/),
      expect.stringMatching(/^ {2}\d\.\d\d MB between replicas, trace [0-9a-f]{16}$/),
    ]);
  });
});
