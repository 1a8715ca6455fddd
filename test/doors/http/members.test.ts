/** Members through the HTTP door: removed, and this one asked to leave. */

import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import type { ReplicaId } from "../../../src/base/ids.ts";
import { openDoors, type TestDoors } from "../../support/doors.ts";

let doors: TestDoors;
beforeAll(async () => {
  doors = await openDoors();
});
afterAll(() => doors.server.close(100));

const other = { region: "us", address: "127.0.0.1:7410", life: 1 } as const;
const alive = { ...other, id: "replica-b" as ReplicaId, state: "alive" } as const;
const gone = { ...other, id: "replica-c" as ReplicaId, state: "dead" } as const;
const lastOwner = { ...gone, id: "replica-d" as ReplicaId, owned: 1 };
beforeEach(() => {
  doors.store.others = [alive, gone, lastOwner];
  doors.store.removed.length = 0;
});

async function send(method: string, path: string): Promise<readonly [status: number, body: unknown]> {
  const answer = await fetch(`${doors.url}/v1/admin/${path}`, { method });
  const text = await answer.text();
  return [answer.status, text === "" ? "" : JSON.parse(text)];
}

it.each([
  ["one that is gone", "replica-c", false],
  ["one that is gone, insisting", "replica-c?force=true", true],
  ["one that is gone, percent-encoded, not insisting", "replica%2Dc?force=false", false],
])("removes %s", async (_name, path, force) => {
  expect(await send("DELETE", `members/${path}`)).toEqual([204, ""]);
  expect(doors.store.removed).toEqual([{ id: "replica-c", force }]);
});

it.each([
  ["one that is alive", "replica-b", 409, "MEMBER_ALIVE"],
  ["the last owner", "replica-d", 409, "MEMBER_LAST_OWNER"],
  ["this replica", "replica-a", 400, "CANNOT_REMOVE_SELF"],
  ["nobody", "nobody", 404, "NOT_FOUND"],
  ["no id", "", 404, "NOT_FOUND"],
  ["what can be no id", "..%2Fx", 404, "NOT_FOUND"],
  ["insisting in other words", "replica-c?force=yes", 400, "BAD_REQUEST"],
  ["with a parameter that is not known", "replica-c?ack=all", 400, "BAD_REQUEST"],
  ["with half an escape", "replica%2", 400, "BAD_PERCENT_ENCODING"],
])("does not remove %s: %s is %s %s", async (_name, path, status, code) => {
  expect(await send("DELETE", `members/${path}`)).toEqual([status, expect.objectContaining({ status, code })]);
  expect(doors.store.removed).toEqual([]);
});

it("leaves where somebody is there to take over, however often it is asked", async () => {
  doors.store.others = [];
  expect(await send("POST", "leave")).toMatchObject([409, { code: "LAST_MEMBER" }]);
  expect(doors.store.isLeaving).toBe(false);
  doors.store.others = [alive];
  for (let i = 0; i < 2; i++) expect(await send("POST", "leave")).toEqual([202, { leaving: true }]);
  expect(doors.store.isLeaving).toBe(true);
  expect(await send("GET", "leave")).toMatchObject([405, { code: "METHOD_NOT_ALLOWED" }]);
});
