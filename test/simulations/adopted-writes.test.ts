/** What a replica has of somebody else, as it begins anew, and brings to those who closed the lives of its writer. */

import { expect, it } from "vitest";
import { stampOfVersion } from "../../simulations/checkers/stamp.ts";
import { isolate, put, read, simulate } from "../../simulations/index.ts";
import type { OriginId, ReplicaId } from "../../src/base/ids.ts";
import { replicaNumber, replicaOf } from "../../src/core/origin.ts";

it.each([
  ["sydney-1", "tokyo-1", "lower"],
  ["tokyo-1", "sydney-1", "greater"],
])("a write of %s is shown under an origin of %s, a %s one, and stands", async (writer, adopter) => {
  const result = await simulate({
    replicas: { dublin: 2, sydney: 1, tokyo: 1 },
    lasts: "40s",
    settings: { shards: 1, retentionMs: 6000, antiEntropyMs: 200 },
    clients: [
      // Dublin is to know of the life that it closes.
      put({ name: "before", at: "3s", replica: writer, key: "other" }),
      put({ name: "write", at: "18s", replica: writer, key: "k" }),
      read({ name: "elsewhere", at: "35s", replica: "dublin-1", key: "k" }),
    ],
    faults: [isolate({ place: "dublin", at: "5s", lasts: "15s" }), isolate({ place: writer, at: "20s", lasts: "17s" })],
  });
  const answers = result.history.map(({ answer }) => answer);
  const versions = answers.flatMap((answer) => (answer?.type === "read" ? (answer.read.version ?? []) : []));
  const origins = versions.map((version) => replicaOf(stampOfVersion(version, false).origin as OriginId));
  expect(origins).toEqual([replicaNumber(adopter as ReplicaId)]);
  expect(result.act("elsewhere").saw).toBe("write");
  expect(result.violations).toEqual([]);
});
