import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { ReplicaId } from "../../src/base/ids.ts";
import { formatMembers } from "../../src/cli/members.ts";
import { createAuth } from "../../src/doors/auth.ts";
import { openDoors, type TestDoors } from "../support/doors.ts";
import { runHere } from "./run-here.ts";

let doors: TestDoors;
beforeAll(async () => {
  doors = await openDoors();
});
afterAll(() => doors.server.close(100));
beforeEach(() => {
  const other = { region: "us", life: 1 };
  doors.store.removed.length = 0;
  doors.store.others = [
    { ...other, id: "nyc" as ReplicaId, address: "nyc:7400", state: "alive", owned: 12 },
    { ...other, id: "sin" as ReplicaId, address: "sin:7400", state: "dead", owned: 1 },
  ];
});

async function atoll(...args: readonly string[]) {
  const { code, stdout, stderr } = await runHere([...args, "--url", doors.url]);
  return { code, stdout: stdout.toString(), stderr };
}

test("lists members, with what they own, as a table and as JSON", async () => {
  const { code, stdout } = await atoll("members");
  const shown = stdout.replaceAll(/ +/g, " ");
  expect(code).toBe(0);
  expect(shown).toContain("│ replica-a │ eu │ 127.0.0.1:7400 │ self │ - │");
  expect(shown).toContain("│ nyc │ us │ nyc:7400 │ alive │ 12 shards │");
  const json = await atoll("members", "--json");
  expect(JSON.parse(json.stdout)).toMatchObject([{ id: "replica-a" }, { id: "nyc", owned: 12 }, { id: "sin" }]);
});

test("removes one, insisting where it is told to, and passes on in one line what is refused", async () => {
  expect(await atoll("members", "remove", "sin")).toEqual({
    code: 1,
    stdout: "",
    stderr: "atoll: nobody else has 1 shards of keyspace s (MEMBER_LAST_OWNER)\n",
  });
  expect(await atoll("members", "remove", "sin", "--force")).toEqual({ code: 0, stdout: "removed sin\n", stderr: "" });
  expect(doors.store.removed).toEqual([{ id: "sin", force: true }]);
  expect(await atoll("members", "remove", "nyc")).toMatchObject({
    code: 1,
    stderr: "atoll: it is alive (MEMBER_ALIVE)\n",
  });
  expect(await atoll("members", "remove", "who")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("NOT_FOUND"),
  });
});

test("heeds what stands before `remove`", async () => {
  const args = ["members", "--url", doors.url, "remove", "sin", "--force"];
  expect((await runHere(args)).code).toBe(0);
  expect(doors.store.removed).toHaveLength(1);
});

test("needs the scope admin to remove, and none of that to list", async () => {
  const auth = createAuth([{ token: "read-read-read-read", scopes: ["read"] }]);
  const guarded = await openDoors({ auth });
  const headers = { authorization: "Bearer read-read-read-read" };
  const removal = await fetch(`${guarded.url}/v1/admin/members/sin`, { method: "DELETE", headers });
  const leave = await fetch(`${guarded.url}/v1/admin/leave`, { method: "POST", headers });
  expect([removal.status, leave.status]).toEqual([403, 403]);
  expect((await fetch(`${guarded.url}/v1/cluster`, { headers })).status).toBe(200);
  await guarded.server.close(100);
});

test("shows what another version leaves out as a hyphen, and steers no terminal", () => {
  const member = { id: "x" as ReplicaId, region: "\u001b[2J", address: "x:1", state: "leaving", life: 1 } as const;
  expect(formatMembers([member]).replaceAll(/ +/g, " ")).toContain("│ x │ \\u001b[2J │ x:1 │ leaving │ - │");
});
