import { afterAll, beforeAll, expect, test } from "vitest";
import type { ReplicaId } from "../../src/base/ids.ts";
import { keyFromText } from "../../src/base/key.ts";
import { formatConflicts } from "../../src/cli/conflicts.ts";
import { keyToText } from "../../src/client/percent.ts";
import { createNode, type Node } from "../../src/index.ts";
import type { ConflictReceipt } from "../../src/store.ts";
import { runHere } from "./run-here.ts";

let node: Node;
beforeAll(async () => {
  node = await createNode({ port: 0, data: "none" });
  await node.start();
});
afterAll(() => node.stop());

const receipt: ConflictReceipt = {
  key: keyFromText("é\n"),
  loser: { type: "put", version: "1-1", replica: "berlin" as ReplicaId, life: 1, stampedAt: 1_700_000_000_000 },
  winner: { type: "delete", version: "2-2", life: 2, stampedAt: 1_700_000_000_001 },
  lost: "here",
  notedAt: 1_700_000_001_000,
};

test("shows who lost what to whom, and counts where all keys were asked about", () => {
  const text = formatConflicts({ conflicts: [receipt], counts: { here: 3, elsewhere: 4 } }, keyToText);
  const [, , , row] = text.split("\n");
  expect(row?.replaceAll(/ +/g, " ")).toBe(
    "│ %C3%A9%0A │ put │ berlin │ 2023-11-14T22:13:20.000Z │ delete │ - │ 2023-11-14T22:13:20.001Z │ 2023-11-14T22:13:21.000Z │",
  );
  expect(text.split("\n").at(-1)).toBe("7 since this replica started: 3 lost here, 4 elsewhere to one that won here");
  expect(formatConflicts({ conflicts: [] }, keyToText)).toBe("none under this prefix");
});

test("asks the replica, as a table or as JSON", async () => {
  const shown = await runHere(["conflicts", "--url", node.address]);
  expect(shown.stdout.toString()).toBe("0 since this replica started: 0 lost here, 0 elsewhere to one that won here\n");
  const json = await runHere(["conflicts", "--json", "--url", node.address]);
  expect(JSON.parse(json.stdout.toString())).toEqual({ conflicts: [], counts: { here: 0, elsewhere: 0 } });
  const some = await runHere(["conflicts", "user:", "--json", "--url", node.address]);
  expect(JSON.parse(some.stdout.toString())).toEqual({ conflicts: [] });
  const bad = await runHere(["conflicts", "--limit", "0", "--url", node.address]);
  expect(bad).toMatchObject({ code: 2, stderr: "atoll: --limit must be a whole number from 1 to 10000\n" });
});
