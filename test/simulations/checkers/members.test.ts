import { expect, it } from "vitest";
import type { NodeEvidence } from "../../../simulations/checkers/evidence.ts";
import { checkMembers } from "../../../simulations/checkers/members.ts";
import type { CommandEntry, Members } from "../../../simulations/commands/command-history.ts";
import type { CommandOperation, CommandType } from "../../../simulations/commands/command-operation.ts";
import type { Key, OriginId, ShardId } from "../../../src/base/ids.ts";
import { originOf, replicaOf } from "../../../src/core/origin.ts";
import { VersionVector } from "../../../src/core/version-vector.ts";
import { crash, evidence, node } from "./evidence-builder.ts";

const KEY = "hash0" as Key;
const [FIRST, SECOND] = [1 as OriginId, 2 as OriginId];

/** As stores make them: timestamp and origin in hex. */
function versionOf(stamp: number, origin: number): string {
  return `${stamp.toString(16)}-${origin.toString(16)}`;
}

interface Told {
  readonly at: number;
  readonly node?: number;
  /** Of what it wrote; absent: nothing. */
  readonly stamp?: number;
  readonly sequence?: number;
  readonly held?: Members;
  readonly covers?: readonly [OriginId, number];
  readonly member?: string;
  readonly shown?: ReadonlyMap<string, string>;
}

let ids = 0;

function command(
  type: CommandType,
  { at, node: index = 0, stamp, sequence = 1, held, covers, member, shown }: Told,
): CommandEntry {
  const operation: CommandOperation = {
    ...{ id: ids++, at, node: index, type, of: "hash", key: KEY },
    ...(type === "drop" || type === "read" ? {} : { member: member ?? "m" }),
  };
  const knew = new VersionVector();
  if (covers !== undefined) knew.advance(...covers);
  const dot = { shard: 0 as ShardId, origin: index === 0 ? FIRST : SECOND, sequence };
  return {
    ...{ operation, node: index, life: 1, invokedAt: at, knew, held: held ?? new Map(), added: 0n, answeredAt: at },
    answer: {
      type: "done",
      ...{
        dot: stamp === undefined ? undefined : dot,
        timestamp: stamp,
        version: stamp === undefined ? undefined : versionOf(stamp, dot.origin),
      },
      ...{ member: operation.member, ...(shown && { shown }) },
    },
  };
}

/** As a replica has it that shows what an addition wrote. */
function members(...additions: readonly CommandEntry[]): Members {
  return new Map(
    additions.map(({ operation, answer }) => {
      const { timestamp = 0, version = "" } = answer?.type === "done" ? answer : {};
      return [operation.member ?? "", { timestamp, version, value: `${operation.id}` }];
    }),
  );
}

function messages(history: readonly CommandEntry[], final: Members, ends = [node().ends, node().ends]): string[] {
  const nodes = ends.map((each) => node({ ends: each, collections: [{ key: KEY, members: final }] }));
  return checkMembers({ ...evidence([], nodes), commands: history }).map(({ message }) => message);
}

it("finds nothing wrong with a member that was added, removed and added anew", () => {
  const first = command("add", { at: 1, stamp: 10 });
  const removal = command("remove", { at: 2, stamp: 11, held: members(first) });
  const again = command("add", { at: 3, stamp: 20 });
  expect(messages([first, removal, again], members(again))).toEqual([]);
  expect(messages([first, removal], members())).toEqual([]);
});

it("misses what was added and nobody removed", () => {
  const addition = command("add", { at: 1, stamp: 10 });
  expect(messages([addition], members())).toContainEqual(
    expect.stringContaining("nothing that may have happened removed it"),
  );
});

it("misses what was added while somebody removed what was there before", () => {
  const first = command("add", { at: 1, stamp: 10 });
  const unseen = command("add", { at: 2, node: 1, stamp: 12 });
  const removal = command("remove", { at: 3, stamp: 13, held: members(first) });
  expect(messages([first, unseen, removal], members())).toContainEqual(
    expect.stringContaining(`command ${unseen.operation.id}`),
  );
  expect(messages([first, unseen, removal], members(unseen))).toEqual([]);
});

it("asks nothing of what a crash took", () => {
  const addition = command("add", { at: 1, stamp: 10 });
  expect(messages([addition], members(), [[crash(5)], []])).toEqual([]);
});

it("finds a member that comes back after it was removed", () => {
  const addition = command("add", { at: 1, node: 1, stamp: 10 });
  const removal = command("remove", { at: 2, stamp: 11, held: members(addition) });
  expect(messages([addition, removal], members(addition))).toContainEqual(expect.stringContaining("removed"));
  expect(messages([addition, removal], members(addition), [[crash(5)], []])).toEqual([]);
});

it("finds a member that comes back after the whole was deleted by somebody who covered it", () => {
  const addition = command("add", { at: 1, node: 1, stamp: 10, sequence: 4 });
  const drop = command("drop", { at: 2, stamp: 30, covers: [SECOND, 4] });
  const unaware = command("drop", { at: 2, stamp: 30, covers: [SECOND, 3] });
  expect(messages([addition, drop], members(addition))).toContainEqual(expect.stringContaining("removed"));
  expect(messages([addition, unaware], members(addition))).toEqual([]);
  expect(messages([addition, unaware], members())).toContainEqual(
    expect.stringContaining("nothing that may have happened"),
  );
});

it("finds an older value of a field where a newer one was acknowledged, and one that nobody wrote", () => {
  const older = command("add", { at: 1, stamp: 10 });
  const newer = command("add", { at: 2, stamp: 20 });
  expect(messages([older, newer], members(older))).toContainEqual(expect.stringContaining("greater stamp"));
  const strange = new Map([["m", { timestamp: 5, version: versionOf(5, FIRST), value: "?" }]]);
  expect(messages([newer], strange)).toContainEqual(expect.stringContaining("nobody was told of"));
});

it("finds a read that does not show what the same replica took before", () => {
  const addition = command("add", { at: 1, stamp: 10 });
  const read = command("read", { at: 2, shown: new Map() });
  const removal = command("remove", { at: 2, stamp: 11, held: members(addition) });
  expect(messages([addition, read], members(addition))).toContainEqual(expect.stringContaining("did not show"));
  expect(messages([addition, removal, read], members())).toEqual([]);
  const elsewhere = command("read", { at: 2, node: 1, shown: new Map() });
  expect(messages([addition, elsewhere], members(addition))).toEqual([]);
});

it("takes a member for what was added before its replica, or another, began anew, under the dot that it got then", () => {
  const addition = command("add", { at: 5, stamp: 10 });
  const again = (origin: number): Members =>
    new Map([["m", { timestamp: 10, version: versionOf(10, origin), value: `${addition.operation.id}` }]]);
  const found = (origin: number, at: number, others: NodeEvidence["judgements"] = []): string[] => {
    const judgements = [{ at, wallMs: at, shard: undefined }];
    const collections = [{ key: KEY, members: again(origin) }];
    const nodes = [node({ judgements, collections }), node({ judgements: others })];
    return checkMembers({ ...evidence([], nodes), commands: [addition] }).map(({ message }) => message);
  };
  const later = originOf(replicaOf(FIRST), 9);
  expect(found(later, 6)).toEqual([]);
  expect(found(later, 4)).toContainEqual(expect.stringContaining("nobody was told of"));
  const adopted = originOf(7, 9);
  const decided = (shard: number) => [
    { at: 6, wallMs: 6, shard: undefined, origin: adopted },
    { at: 7, wallMs: 7, shard, origin: adopted },
  ];
  expect(found(adopted, 6)).toContainEqual(expect.stringContaining("nobody was told of"));
  expect(found(adopted, 6, decided(1))).toContainEqual(expect.stringContaining("nobody was told of"));
  expect(found(adopted, 6, decided(0))).toEqual([]);
});

it("goes by what a deletion showed, not by dots, where these are of two writes or their writer began anew", () => {
  const addition = command("add", { at: 1, node: 1, stamp: 10, sequence: 4 });
  const drop = command("drop", { at: 2, stamp: 30, covers: [SECOND, 4] });
  const shown = { ...drop, held: members(addition) };
  const found = (taking: CommandEntry, others: readonly CommandEntry[], judgements: NodeEvidence["judgements"]) => {
    const collections = [{ key: KEY, members: members(addition) }];
    const nodes = [node({ collections }), node({ judgements })];
    const commands = [addition, taking, ...others];
    return checkMembers({ ...evidence([], nodes), commands }).some(({ message }) =>
      /added and .* removed$/.test(message),
    );
  };
  const begunAnew = [{ at: 3, wallMs: 3, shard: undefined }];
  const other = { ...command("add", { at: 3, node: 1, stamp: 12, member: "other" }), life: 2 };
  expect([found(drop, [], []), found(drop, [], begunAnew), found(drop, [other], [])]).toEqual([true, false, false]);
  expect([found(shown, [other], [])]).toEqual([true]);
});
