import { afterAll, beforeAll, expect, test } from "vitest";
import { formatKeyspaces, parseSettings } from "../../src/cli/keyspaces.ts";
import { createNode, type KeyspaceStatus, type Node } from "../../src/index.ts";
import { runHere } from "./run-here.ts";

let node: Node;
beforeAll(async () => {
  node = await createNode({ port: 0, data: "none", region: "eu" });
  await node.start();
});
afterAll(() => node.stop());

async function atoll(...args: readonly string[]) {
  const { code, stdout, stderr } = await runHere([...args, "--url", node.address]);
  return { code, stdout: stdout.toString(), stderr };
}

test("creates a keyspace, warns of copies that it lacks, changes it, lists it", async () => {
  const flags = [
    "--replication",
    "eu=1,us=1",
    "--regions",
    "eu, us",
    "--ttl",
    "60s",
    "--max-ttl",
    "1h",
    "--memory",
    "12.5%",
  ];
  expect(await atoll("keyspaces", "create", "sessions", ...flags)).toEqual({
    code: 0,
    stdout: "created sessions: replication eu=1,us=1, ttl 1m, max ttl 1h, memory 12.5%\n",
    stderr: "atoll: no member is in us\natoll: under-replicated: 0 of 1 copies in us\n",
  });
  const changed = await atoll("keyspaces", "create", "sessions", "--replication", "1", "--regions", "eu");
  expect(changed).toEqual({ code: 0, stdout: "changed sessions: replication 1, in eu\n", stderr: "" });
  const listed = await atoll("keyspaces");
  expect(listed.stdout.replaceAll(/ +/g, " ")).toContain("│ sessions │ 1 │ eu │ - │ - │ - │ - │");
  expect(listed.stdout.replaceAll(/ +/g, " ")).toContain("│ default │ all │ any │ - │ - │ - │ - │");
  const json = await atoll("keyspaces", "--json");
  expect(JSON.parse(json.stdout)).toMatchObject([{ name: "default" }, { name: "sessions", regions: ["eu"] }]);
  expect((await atoll("put", "k", "v", "--keyspace", "sessions")).code).toBe(0);
  expect((await atoll("get", "k", "--keyspace", "sessions")).stdout).toBe("v");
  expect((await atoll("get", "k")).code).toBe(1);
});

test("passes on in one line what the replica refuses", async () => {
  const refused = await atoll("keyspaces", "create", "s", "--replication", "2", "--regions", "mars");
  expect(refused).toEqual({
    code: 1,
    stdout: "",
    stderr: "atoll: no member may keep copies: they are in eu (KEYSPACE_WITHOUT_OWNERS)\n",
  });
});

test.each([
  ["--replication", "two"],
  ["--replication", "eu=1,eu=2"],
  ["--replication", "eu=1,us"],
  ["--ttl", "soon"],
  ["--max-ttl", "0"],
  ["--memory", "half"],
  ["--memory", "101%"],
  ["--memory", "0%"],
])("refuses %s %s before it asks anybody", async (flag, value) => {
  const { code, stderr } = await atoll("keyspaces", "create", "s", flag, value);
  expect(code).toBe(2);
  expect(stderr).toMatch(new RegExp(`^atoll: ${flag} must be [^\n]+\n$`));
});

test("reads every setting", () => {
  expect(parseSettings({})).toEqual({ replication: "all" });
  const options = { replication: " eu = 1, us=2", regions: "eu,us", ttl: "1s", maxTtl: "1m", memory: "0.01%" };
  const times = { defaultTtlMs: 1000, maxTtlMs: 60_000 };
  expect(parseSettings(options)).toEqual({
    ...{ replication: { eu: 1, us: 2 }, regions: ["eu", "us"], memoryShare: 0.0001 },
    ...times,
  });
});

test("shows regions that no member is in", () => {
  const shown = (status: Partial<KeyspaceStatus>) => {
    return formatKeyspaces([{ name: "s", replication: 2, underReplicated: [], ...status }]).replaceAll(/ +/g, " ");
  };
  expect(shown({})).toContain("│ s │ 2 │ any │");
  expect(shown({ regions: ["eu", "mars"], emptyRegions: ["mars"] })).toContain("│ s │ 2 │ eu, mars (no member) │");
  expect(shown({ replication: { mars: 1 }, emptyRegions: ["mars"] })).toContain("│ s │ mars=1 │ mars (no member) │");
});

test.each(["list", "delete"])("says of %s what there is instead", async (word) => {
  expect(await atoll("keyspaces", word, "s")).toEqual({
    code: 2,
    stdout: "",
    stderr: `atoll: keyspaces knows no "${word}": there is create, and without a word it lists them\n`,
  });
  expect((await atoll("members", word)).stderr).toContain(`members knows no "${word}": there is remove`);
});

test("shows the time to live that a put gets, and every shortfall", () => {
  const underReplicated = [
    { region: "us", wanted: 2, has: 1 },
    { wanted: 3, has: 2 },
  ];
  const shown = formatKeyspaces([{ name: "s", replication: { us: 2 }, maxTtlMs: 60_000, underReplicated }]);
  expect(shown.replaceAll(/ +/g, " ")).toContain(
    "│ s │ us=2 │ us │ 1m │ 1m │ - │ 1 of 2 copies in us; 2 of 3 copies │",
  );
});
