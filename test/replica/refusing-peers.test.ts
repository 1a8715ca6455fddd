import { beforeEach, expect, it } from "vitest";
import type { ErrorCode } from "../../src/base/errors.ts";
import type { ReplicaId } from "../../src/base/ids.ts";
import { RefusingPeers } from "../../src/replica/refusing-peers.ts";

const LINK = 1;
const peer = { id: "b" as ReplicaId, life: 1, region: "r", address: "b:1" };

let refusing: RefusingPeers;

beforeEach(() => {
  refusing = new RefusingPeers();
});

function refuse(address: string, code: ErrorCode, inbound = false): void {
  refusing.refused({ address, code, message: "why", inbound });
}

it("names who refuses this replica, and why", () => {
  refuse("b:1", "PEER_BAD_SECRET");
  expect(refusing.reasons()).toEqual(["refused by b:1: PEER_BAD_SECRET (why)"]);
  refuse("b:1", "PEER_OTHER_CLUSTER");
  for (const address of ["c:1", "d:1", "e:1", "f:1"]) refuse(address, "PEER_DUPLICATE_ID");
  expect(refusing.reasons()).toEqual([
    "refused by b:1: PEER_OTHER_CLUSTER (why)",
    "refused by c:1: PEER_DUPLICATE_ID (why)",
    "refused by d:1: PEER_DUPLICATE_ID (why)",
    "refused by 2 more",
  ]);
});

it.each<ErrorCode>(["UNREACHABLE", "PEER_TIMEOUT", "PEER_SELF", "TOO_MANY_CONNECTIONS", "SHUTTING_DOWN", "NOT_READY"])(
  "does not count %s as a refusal, and takes back what the address said before",
  (code) => {
    refuse("b:1", "PEER_BAD_SECRET");
    refuse("b:1", code);
    expect(refusing.reasons()).toEqual([]);
  },
);

it("does not count whom this replica refuses", () => {
  refuse("b:1", "PEER_BAD_SECRET", true);
  expect(refusing.reasons()).toEqual([]);
});

it("names nobody while there is a link, nor whom it had one with since", () => {
  refuse("b:1", "PEER_BAD_SECRET");
  refuse("c:1", "PEER_BAD_SECRET");
  refusing.up(LINK, peer);
  expect(refusing.reasons()).toEqual([]);
  refusing.down(LINK, "lost", "UNREACHABLE");
  expect(refusing.reasons()).toEqual(["refused by c:1: PEER_BAD_SECRET (why)"]);
});

it("counts a link that was ended by a refusal", () => {
  refusing.up(LINK, peer);
  refusing.down(LINK, "clashes with another", "PEER_DUPLICATE_ID");
  expect(refusing.reasons()).toEqual(["refused by b:1: PEER_DUPLICATE_ID (clashes with another)"]);
});

it("forgets addresses that are not dialled any more", () => {
  refuse("b:1", "PEER_BAD_SECRET");
  refusing.keep(new Set(["c:1"]));
  expect(refusing.reasons()).toEqual([]);
});
