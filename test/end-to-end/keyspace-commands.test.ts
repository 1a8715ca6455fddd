/** `atoll keyspaces` and `atoll members` against three real replicas in two regions, as an operator would use them. */

import { beforeAll, expect, it } from "vitest";
import { runAtoll } from "../cli/run-atoll.ts";
import { createCluster, type ReplicaProcess, startAll } from "./replica-process.ts";
import { untilTrue } from "./until.ts";

let fra: ReplicaProcess;
let muc: ReplicaProcess;
let nyc: ReplicaProcess;

beforeAll(async () => {
  const regions = ["eu", "eu", "us"];
  const replicas = await createCluster(["fra", "muc", "nyc"], (place) => ({ region: regions[place] ?? "" }));
  await startAll(replicas);
  [fra, muc, nyc] = replicas as [ReplicaProcess, ReplicaProcess, ReplicaProcess];
});

/** Without the spaces that align a table. */
async function atoll(at: ReplicaProcess, ...args: readonly string[]) {
  const { code, stdout, stderr } = await runAtoll([...args, "--url", `http://127.0.0.1:${at.port}`]);
  return { code, stdout: stdout.toString().replaceAll(/ +/g, " "), stderr };
}

async function get(at: ReplicaProcess, key: string, keyspace: string): Promise<string | undefined> {
  const { code, stdout } = await atoll(at, "get", key, "--keyspace", keyspace);
  return code === 0 ? stdout : undefined;
}

const contradictions: readonly [string, string, readonly string[]][] = [
  ["POLICY_REGION_NOT_ALLOWED", 'region "us", which is not allowed', ["--replication", "eu=1,us=1", "--regions", "eu"]],
  ["POLICY_REGION_WITHOUT_COPIES", 'region "us" is allowed', ["--replication", "eu=1", "--regions", "eu,us"]],
  ["POLICY_BAD_REPLICATION", "0 copies", ["--replication", "0"]],
  ["POLICY_BAD_REPLICATION", '0 copies in region "eu"', ["--replication", "eu=0"]],
  ["POLICY_BAD_REPLICATION", "65 copies", ["--replication", "65"]],
  ["POLICY_BAD_REGION", 'region "eu" is named twice', ["--regions", "eu,eu"]],
  ["POLICY_BAD_REGION", "a region is", ["--regions", ""]],
  ["POLICY_TTL_OVER_MAX", "over the maximum", ["--ttl", "2h", "--max-ttl", "1h"]],
  ["KEYSPACE_WITHOUT_OWNERS", "they are in eu, us", ["--regions", "mars"]],
  ["KEYSPACE_WITHOUT_OWNERS", "they are in eu, us", ["--replication", "mars=1,venus=2"]],
];
it("a policy that contradicts itself is refused in a sentence, and there is no keyspace", {
  timeout: 90_000,
}, async () => {
  const refused = await Promise.all(
    contradictions.map(([, , flags]) => atoll(fra, "keyspaces", "create", "wrong", ...flags)),
  );
  for (const [place, [code, reason, flags]] of contradictions.entries()) {
    const answer = refused[place];
    expect(answer, flags.join(" ")).toEqual({
      code: 1,
      stdout: "",
      stderr: expect.stringMatching(/^atoll: [^\n]+\n$/),
    });
    expect(answer?.stderr).toContain(reason);
    expect(answer?.stderr).toContain(`(${code})`);
  }
  const { code, stdout } = await atoll(fra, "keyspaces");
  expect([code, stdout]).toEqual([0, expect.not.stringContaining("wrong")]);
});

it("one that is to be kept by more members than there are is served by those there are, and shown as lacking some", async () => {
  expect(await atoll(fra, "keyspaces", "create", "five", "--replication", "5")).toEqual({
    code: 0,
    stdout: "created five: replication 5\n",
    stderr: "atoll: under-replicated: 3 of 5 copies\n",
  });
  expect(await atoll(fra, "put", "k", "v", "--keyspace", "five", "--ack", "all")).toMatchObject({
    code: 0,
    stderr: "",
  });
  for (const replica of [fra, muc, nyc]) expect(await get(replica, "k", "five")).toBe("v");
  expect((await atoll(nyc, "keyspaces")).stdout).toContain("│ five │ 5 │ any │ - │ - │ - │ 3 of 5 copies │");
});

it("one that names a region without members beside others is created, and shown with that", async () => {
  expect(await atoll(fra, "keyspaces", "create", "mistyped", "--replication", "1", "--regions", "us,uss")).toEqual({
    code: 0,
    stdout: "created mistyped: replication 1, in us, uss\n",
    stderr: "atoll: no member is in uss\n",
  });
  expect((await atoll(fra, "put", "k", "v", "--keyspace", "mistyped")).code).toBe(0);
  expect(await get(muc, "k", "mistyped")).toBe("v");
  const rows = async () => (await atoll(muc, "keyspaces")).stdout;
  expect(await rows()).toContain("│ mistyped │ 1 │ us, uss (no member) │ - │ - │ - │ - │");
  expect((await atoll(fra, "keyspaces", "create", "mistyped", "--replication", "eu=1,uss=1")).stderr).toBe(
    "atoll: no member is in uss\natoll: under-replicated: 0 of 1 copies in uss\n",
  );
  expect(await rows()).toContain("│ mistyped │ eu=1,uss=1 │ eu, uss (no member) │ - │ - │ - │ 0 of 1 copies in uss │");
  expect(await get(nyc, "k", "mistyped")).toBe("v");
});

it("the last owner of a keyspace neither leaves nor is removed without a word, and the keyspace goes on without it", {
  timeout: 180_000,
}, async () => {
  await atoll(fra, "keyspaces", "create", "american", "--replication", "1", "--regions", "us");
  const isKnown = async () => {
    const { body } = await nyc.http.send({ method: "GET", path: "/v1/admin/keyspaces" });
    return body.toString().includes("american");
  };
  await untilTrue("nyc knows the keyspace", isKnown, { withinMs: 60_000 });
  // At its owner: what fra takes as a guest, when nyc is slow to answer, fra would have still.
  expect((await atoll(nyc, "put", "only", "there", "--keyspace", "american", "--ack", "disk")).code).toBe(0);
  const leave = await nyc.http.send({ method: "POST", path: "/v1/admin/leave" });
  expect([leave.status, JSON.parse(leave.body.toString())]).toMatchObject([409, { code: "MEMBER_LAST_OWNER" }]);
  expect(leave.body.toString()).toContain("keyspace american");
  expect((await atoll(fra, "members", "remove", "nyc")).stderr).toContain("nyc is alive: stop it first (MEMBER_ALIVE)");

  await nyc.kill();
  const isDead = async () => (await fra.status()).members.some(({ id, state }) => id === "nyc" && state === "dead");
  await untilTrue("nyc is dead", isDead, { withinMs: 60_000 });
  expect((await atoll(fra, "members")).stdout).toMatch(/nyc │ us │ [^│]* │ dead/);
  const refused = await atoll(fra, "members", "remove", "nyc");
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("(MEMBER_LAST_OWNER)") });
  expect(refused.stderr).toMatch(/nobody but nyc is known to have \d+ shards of keyspace american/);
  expect(await atoll(fra, "members", "remove", "nyc", "--force")).toEqual({
    code: 0,
    stdout: "removed nyc\n",
    stderr: "",
  });
  expect((await atoll(fra, "members")).stdout).not.toContain("nyc");

  const shown = (await atoll(fra, "keyspaces")).stdout;
  expect(shown).toContain("│ american │ 1 │ us (no member) │ - │ - │ - │ 0 of 1 copies │");
  expect(await get(fra, "only", "american")).toBeUndefined();
  expect((await atoll(fra, "put", "since", "v", "--keyspace", "american")).code).toBe(0);
  expect(await get(fra, "since", "american")).toBe("v");
  expect((await atoll(fra, "keyspaces", "create", "american", "--replication", "2")).stderr).toBe("");
  const isAtMuc = async () => {
    const { body } = await muc.http.send({ method: "GET", path: "/v1/keyspaces/american/kv/since" });
    return body.toString() === "v";
  };
  await untilTrue("muc has what fra took as a guest", isAtMuc, { withinMs: 60_000 });
});
