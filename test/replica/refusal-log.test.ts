import { beforeEach, describe, expect, it } from "vitest";
import type { ErrorCode } from "../../src/base/errors.ts";
import { REFUSAL_KINDS_MAX, RefusalLog } from "../../src/replica/refusal-log.ts";

const NOW = 1_800_000_000_000;
const MINUTE_MS = 60_000;

let lines: { readonly level: string; readonly fields: Readonly<Record<string, unknown>> }[];
let log: RefusalLog;

beforeEach(() => {
  lines = [];
  log = new RefusalLog((level, event, fields) => {
    expect(event).toBe("link-refused");
    lines.push({ level, fields });
  });
});

function refuse(address: string, code: ErrorCode, now: number, inbound = true): void {
  log.note({ address, code, message: "so", inbound }, now);
}

function warnings() {
  return lines.splice(0).flatMap(({ level, fields }) => (level === "warn" ? [fields] : []));
}

describe("refused connections", () => {
  it("are told once at first, and once a minute after that with the number of those left out", () => {
    for (let i = 0; i < 1000; i++) refuse(`10.0.0.1:${20_000 + i}`, "PEER_BAD_SECRET", NOW + i);
    expect(warnings()).toEqual([{ address: "10.0.0.1:20000", code: "PEER_BAD_SECRET", message: "so", inbound: true }]);
    log.tick(NOW + MINUTE_MS - 1);
    expect(warnings()).toEqual([]);
    log.tick(NOW + MINUTE_MS);
    expect(warnings()).toMatchObject([{ address: "10.0.0.1:20999", times: 999 }]);
    refuse("10.0.0.1:5", "PEER_BAD_SECRET", NOW + MINUTE_MS + 1);
    log.tick(NOW + 2 * MINUTE_MS);
    expect(warnings()).toMatchObject([{ times: 1 }]);
    log.tick(NOW + 3 * MINUTE_MS);
    refuse("10.0.0.1:6", "PEER_BAD_SECRET", NOW + 3 * MINUTE_MS);
    expect(warnings()).toMatchObject([{ address: "10.0.0.1:6" }]);
  });

  it("are told apart by who it was and why, and by the port of an address that was dialled", () => {
    refuse("10.0.0.1:1", "PEER_BAD_SECRET", NOW);
    refuse("10.0.0.2:1", "PEER_BAD_SECRET", NOW);
    refuse("10.0.0.1:1", "PEER_OTHER_CLUSTER", NOW);
    refuse("[::1]:1", "PEER_BAD_SECRET", NOW);
    refuse("[::1]:2", "PEER_BAD_SECRET", NOW);
    for (const port of [1, 2, 2]) refuse(`10.0.0.9:${port}`, "PEER_BAD_SECRET", NOW, false);
    expect(warnings().map(({ address }) => address)).toEqual([
      "10.0.0.1:1",
      "10.0.0.2:1",
      "10.0.0.1:1",
      "[::1]:1",
      "10.0.0.9:1",
      "10.0.0.9:2",
    ]);
  });

  it("of more kinds than are told apart are one kind for each code", () => {
    for (let i = 0; i < 5000; i++) refuse(`10.0.${i >> 8}.${i & 255}:1`, "PEER_BAD_SECRET", NOW);
    expect(warnings()).toHaveLength(REFUSAL_KINDS_MAX + 1);
    log.tick(NOW + MINUTE_MS);
    expect(warnings()).toMatchObject([{ times: 5000 - REFUSAL_KINDS_MAX - 1 }]);
  });

  it("are no warnings where nobody is to blame", () => {
    refuse("10.0.0.1:1", "UNREACHABLE", NOW, false);
    refuse("10.0.0.1:1", "PEER_REPLACED", NOW);
    expect(lines.map(({ level }) => level)).toEqual(["debug", "debug"]);
  });

  it("are told again when the clock was set back", () => {
    refuse("10.0.0.1:1", "PEER_BAD_SECRET", NOW);
    log.tick(NOW - MINUTE_MS);
    refuse("10.0.0.1:1", "PEER_BAD_SECRET", NOW - MINUTE_MS);
    expect(warnings()).toHaveLength(2);
  });
});
