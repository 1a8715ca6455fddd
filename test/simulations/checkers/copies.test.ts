import { describe, expect, it } from "vitest";
import { checkCopies, letGoIn } from "../../../simulations/checkers/copies.ts";
import type { Evidence } from "../../../simulations/checkers/evidence.ts";
import type { NodeSample } from "../../../simulations/sampling/sample.ts";
import type { ReplicaId, ShardId } from "../../../src/base/ids.ts";
import { crash, node } from "./evidence-builder.ts";
import { IDS, look, originAt, placed, placedSample } from "./placed.ts";

const HELD = 5;

/** A look at a node that covers so much of what node 2 wrote, and takes the first so many for owners. */
function covers(index: number, covered: number, copies = 2, life = 1): NodeSample {
  const sample = placedSample(index, undefined, covered === 0 ? [] : [[originAt(2), covered]]);
  const ownersByShard = new Map<ShardId, readonly ReplicaId[]>([[0 as ShardId, IDS.slice(0, copies)]]);
  return { ...sample, life, placed: { view: 7, ownersByShard, ready: new Set() } };
}

/** Node 2 holds the shard at the first look, the others what they have at the second one, where they run. */
function then(after: readonly (NodeSample | undefined)[], changes: Partial<Evidence> = {}): Evidence {
  const before = [after[0] ?? covers(0, HELD), after[1] ?? covers(1, HELD), covers(2, HELD)];
  return placed([], { samples: [look(500, ...before), look(1000, ...after)], ...changes });
}

function messages(evidence: Evidence): string[] {
  return checkCopies(evidence).map(({ message }) => message);
}

const LETS_GO = covers(2, 0);
const LEFT = [node(), node(), node({ ends: [{ life: 1, at: 800, type: "leave", durableUpTo: 800 }] })];

describe("copies", () => {
  it("is content with who lets go of what all owners have", () => {
    const evidence = then([covers(0, HELD), covers(1, HELD + 1), LETS_GO]);
    expect(letGoIn(evidence)).toHaveLength(1);
    expect(messages(evidence)).toEqual([]);
  });

  it("catches who lets go of what an owner lacks, of all or of a part", () => {
    for (const covered of [0, HELD - 1]) {
      expect(messages(then([covers(0, HELD), covers(1, covered), LETS_GO]))).toEqual([
        "replica 2 let go of shard 0 by 1.000s, and only replica 0 has all that it covered, where 2 are to",
      ]);
    }
    expect(messages(then([covers(0, 1), covers(1, 1), LETS_GO]))[0]).toContain("and nobody has all");
  });

  it("catches who leaves before, and nobody who is restarted", () => {
    const after = [covers(0, HELD), covers(1, 0), undefined];
    expect(messages(then(after, { nodes: LEFT }))).toHaveLength(1);
    expect(messages(then([covers(0, HELD), covers(1, HELD), undefined], { nodes: LEFT }))).toEqual([]);
    expect(messages(then(after))).toEqual([]);
    expect(messages(then([covers(0, HELD), covers(1, 0), covers(2, 0, 2, 2)]))).toEqual([]);
  });

  it("counts as few as a policy asked for that came and went in between", () => {
    const evidence = then([covers(0, HELD), covers(1, 0), LETS_GO]);
    const withPolicy = (at: number): Evidence => ({
      ...evidence,
      ...(evidence.placement !== undefined && {
        placement: { ...evidence.placement, policies: [{ at, copies: 1 }] },
      }),
    });
    expect(messages(withPolicy(700))).toEqual([]);
    expect(messages(withPolicy(1001))).toHaveLength(1);
    expect(messages(withPolicy(-2600))).toHaveLength(1);
  });

  it("counts as many as the least that anybody takes for owners, and were there", () => {
    expect(messages(then([covers(0, HELD), covers(1, 0, 1), LETS_GO]))).toEqual([]);
    const alone = look(600, covers(0, HELD), undefined, covers(2, HELD));
    const samples = [alone, look(1000, covers(0, HELD), covers(1, 0, 2, 2), LETS_GO)];
    const left = node({ ends: [{ life: 1, at: 400, type: "leave", durableUpTo: 400 }] });
    expect(messages(placed([], { samples, nodes: [node(), left, node()] }))).toEqual([]);
    expect(messages(placed([], { samples, nodes: [node(), node({ ends: [crash(400, 400)] }), node()] }))).toHaveLength(
      1,
    );
  });

  it("leaves open what one has that is down, or has ended since, unless it came later or he keeps nothing", () => {
    const [has, lacks] = [covers(0, HELD), covers(1, 0)];
    const early = look(500, has, lacks, covers(2, HELD));
    const late = look(500, covers(0, HELD - 1), lacks, covers(2, HELD - 1));
    const down = [look(1000, has, undefined, covers(2, HELD)), look(1500, has, undefined, LETS_GO)];
    const before = look(1000, covers(0, HELD - 1), undefined, covers(2, HELD - 1));
    const messagesOf = (samples: Evidence["samples"], other = node()) =>
      messages(placed([], { samples, nodes: [node(), other, node()] }));
    expect(messagesOf([early, ...down])).toEqual([]);
    expect(messagesOf([late, before, ...down.map((each) => ({ ...each, at: each.at + 500 }))])).toHaveLength(1);
    expect(messagesOf([early, ...down], node({ durable: false }))).toHaveLength(1);
    const restarted = [early, look(1000, has, covers(1, 0, 2, 2), LETS_GO)];
    expect(messagesOf(restarted)).toHaveLength(1);
    expect(messagesOf(restarted, node({ ends: [crash(900)] }))).toEqual([]);
  });

  it("says nothing of what a replica lost that began anew, nor of a keyspace that all keep", () => {
    const anew = [node(), node(), node({ judgements: [{ at: 700, wallMs: 700, shard: undefined }] })];
    const after = [covers(0, HELD), covers(1, 0), LETS_GO];
    expect(messages(then(after, { nodes: anew }))).toEqual([]);
    const { placement: _, ...everywhere } = then(after);
    expect(messages(everywhere)).toEqual([]);
  });
});
