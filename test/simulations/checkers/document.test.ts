import { describe, expect, it } from "vitest";
import { checkDocument } from "../../../simulations/checkers/document.ts";

import type { DocumentAnswer, DocumentEntry } from "../../../simulations/documents/document-history.ts";
import type { FinalDocument } from "../../../simulations/documents/final-document.ts";
import type { ShownDocument } from "../../../simulations/documents/shown-document.ts";
import type { LifeEnd } from "../../../simulations/simulator/node.ts";
import type { ShardId } from "../../../src/base/ids.ts";
import { originOf } from "../../../src/core/origin.ts";
import { VersionVector } from "../../../src/core/version-vector.ts";
import { done, span, written } from "./document-builder.ts";
import { crash, evidence, KEY, node, WALL } from "./evidence-builder.ts";

const FINAL_MS = 10_000;

function shown(...stamps: number[]): ShownDocument {
  return { contents: { made: stamps.map(span), deleted: [] }, text: stamps.join(), isWaiting: false };
}

function final(held: ShownDocument, changes: Partial<FinalDocument> = {}): FinalDocument {
  return { key: KEY, version: "v", held, live: held, heldBytes: 10, stateBytes: 10, ...changes };
}

function messages(history: readonly DocumentEntry[], ...finals: readonly FinalDocument[]): string[] {
  const nodes = finals.map((each) => node({ documents: [each], finalWallMs: WALL + FINAL_MS }));
  return checkDocument({ ...evidence([], nodes), documents: history }).map(({ message }) => message);
}

describe("the checker of documents", () => {
  it("holds replicas to the same document, in version, content and text", () => {
    const history = [done(1), done(2)];
    expect(messages(history, final(shown(1, 2)), final(shown(1, 2)))).toEqual([]);
    expect(messages(history, final(shown(1, 2)), final(shown(1, 2), { version: "w" }))[0]).toContain("version");
    expect(messages(history, final(shown(1, 2)), final(shown(1)))[0]).toContain("replica 0 holds");
    const garbled = { ...shown(1, 2), text: "?" };
    expect(messages(history, final(shown(1, 2)), final(garbled))[0]).toContain("another text than replica 0");
  });

  it("holds what clients see to what is stored", () => {
    const history = [done(1), done(2)];
    expect(messages(history, final(shown(1, 2), { live: shown(1) }))[0]).toContain("its registers hold");
  });

  it("lets clients not yet have heard of an end that the next sweep tells them of, and of no other", () => {
    const lease = (ttlMs: number) => done(2, { type: "lease", ttlMs });
    const told = (ttlMs: number) => messages([done(1), lease(ttlMs)], final(shown(), { live: shown(1) })).join();
    expect(told(FINAL_MS - 10)).not.toContain("its registers hold");
    expect(told(FINAL_MS / 2)).toContain("its registers hold");
    const halfShown = messages([done(1), done(3), lease(FINAL_MS - 10)], final(shown(3), { live: shown(1, 3) })).join();
    expect(halfShown).toContain("its registers hold");
  });

  it("misses an edit that was acknowledged and that nothing removed", () => {
    expect(messages([done(1)], final(shown()))[0]).toContain("lacks clocks 0 to 0 of client 1");
  });

  it("misses nothing that went with the memory of the only one that had it", () => {
    const nodes = [node({ documents: [final(shown())], ends: [crash(5)] })];
    expect(checkDocument({ ...evidence([], nodes), documents: [done(1)] })).toEqual([]);
    const onDisk = done(1, { ack: "disk" });
    expect(checkDocument({ ...evidence([], nodes), documents: [onDisk] })).toHaveLength(1);
  });

  it("lets a deletion remove what did not know of it, and nothing else", () => {
    const deletion = done(2, { type: "delete" });
    const [before, unseen, after] = [done(1), done(3, { upTo: 1 }), done(4)];
    expect(messages([before, deletion, unseen, after], final(shown(4)))).toEqual([]);
    expect(messages([before, deletion, unseen, after], final(shown()))[0]).toContain("lacks clocks 0 to 0 of client 4");
    for (const back of [1, 3]) {
      expect(messages([before, deletion, unseen, after], final(shown(4, back)))[0]).toContain("was deleted");
    }
  });

  it("takes an edit that was told of a deletion by another edit for one that knew it", () => {
    const deletion = done(2, { type: "delete" });
    const told = done(3, { upTo: 1, generation: 2 });
    expect(messages([deletion, told], final(shown(3)))).toEqual([]);
    expect(messages([deletion, told], final(shown()))[0]).toContain("lacks");
  });

  it("takes no edit for one that knew a deletion that went with its life, however much of that life counts as covered", () => {
    const lost = { replica: 9, life: 1 };
    const dot = { shard: 0 as ShardId, origin: originOf(lost.replica, lost.life), sequence: 1 };
    const later = done(3, { type: "delete", node: 1, answer: { ...written(3), dot } as DocumentAnswer });
    const knew = new VersionVector();
    knew.seal(lost.replica, lost.life + 1);
    const history = [done(2, { type: "delete" }), later, done(4, { knew })];
    const found = (ends: readonly LifeEnd[]) =>
      checkDocument({ ...evidence([], [node({ documents: [final(shown())] }), node({ ends })]), documents: history });
    expect(found([crash(3.5)])).toEqual([]);
    expect(found([])[0]?.message).toContain("lacks clocks 0 to 0 of client 4");
  });

  it("lets an edit stand that came after what was purged, above the deletion", () => {
    const edit = done(3, { upTo: 1, purgedUpTo: 2 });
    expect(messages([done(2, { type: "delete" }), edit], final(shown(3)))).toEqual([]);
  });

  it("lets the edit of a newcomer stand that came after a deletion of which it had not heard", () => {
    const risen = (edit: DocumentEntry, durable: boolean) => {
      const history = [done(2, { type: "delete" }), { ...edit, node: 1, life: 2 }];
      const document = final(shown(edit.invokedAt));
      const nodes = [node({ documents: [document] }), node({ documents: [document], durable })];
      return checkDocument({ ...evidence([], nodes), documents: history }).map(({ message }) => message);
    };
    const unaware = done(3, { upTo: 0 });
    expect(risen(unaware, false)).toEqual([]);
    expect(risen(unaware, true)[0]).toContain("was deleted");
    expect(risen(done(1), false)[0]).toContain("was deleted");
  });

  it("demands nothing of a deletion that may not have happened, and allows it everything", () => {
    const unknown = done(2, { type: "delete", answeredAt: undefined, answer: undefined });
    for (const held of [shown(1), shown()]) expect(messages([done(1), unknown], final(held))).toEqual([]);
    const refused = done(2, { type: "delete", answer: { type: "refused", code: "UNREACHABLE" } });
    expect(messages([done(1), refused], final(shown()))[0]).toContain("lacks");
  });

  it("finds what nobody sent", () => {
    expect(messages([done(1)], final(shown(1, 9)))[0]).toContain("which nobody sent");
  });

  it("ends a document with its last lease, and not before", () => {
    const ended = done(2, { type: "lease", ttlMs: 1000 });
    expect(messages([done(1), ended], final(shown()))).toEqual([]);
    expect(messages([done(1), ended], final(shown(1)))[0]).toContain("has expired");
    const lasting = done(2, { type: "lease", ttlMs: 2 * FINAL_MS });
    expect(messages([done(1), lasting], final(shown(1)))).toEqual([]);
    expect(messages([done(1), lasting], final(shown()))[0]).toContain("lacks");
  });

  it("keeps a document whose lease was prolonged in time, unless somebody who had not heard of it edits", () => {
    const [lease, longer] = [done(2, { type: "lease", ttlMs: 1000 }), done(3, { type: "lease", ttlMs: 2 * FINAL_MS })];
    expect(messages([done(1), lease, longer], final(shown()))[0]).toContain("lacks");
    const other = done(2000, { upTo: 2 });
    expect(messages([done(1), lease, longer, other], final(shown(2000)))).toEqual([]);
    const late = done(1500, { type: "lease", ttlMs: 2 * FINAL_MS });
    expect(messages([done(1), lease, late], final(shown()))).toEqual([]);
  });

  it("holds a read to what its replica took, and to the deletions that it took", () => {
    const read = (...stamps: number[]) => done(9, { type: "read", answer: { type: "read", shown: shown(...stamps) } });
    expect(messages([done(1), read(1)], final(shown(1)))).toEqual([]);
    expect(messages([done(1), read()], final(shown(1)))[0]).toContain("did not show");
    const deletion = done(2, { type: "delete" });
    expect(messages([done(1), deletion, read(1)], final(shown()))[0]).toContain("showed");
    expect(messages([done(1), { ...deletion, node: 1 }, read(1)], final(shown()), final(shown()))).toEqual([]);
  });

  it("lets something wait only where what it follows may have been lost", () => {
    const waiting = { ...shown(1), isWaiting: true };
    expect(messages([done(1)], final(waiting))[0]).toContain("waits");
    const unanswered = done(2, { answeredAt: undefined, answer: undefined });
    expect(messages([done(1), unanswered], final(waiting))).toEqual([]);
  });

  it("finds a document that takes more room than compaction leaves it", () => {
    const sized = (heldBytes: number) => final(shown(1), { heldBytes, stateBytes: 10_000 });
    expect(messages([done(1)], sized(13_600))).toEqual([]);
    expect(messages([done(1)], sized(13_601))[0]).toContain("takes 13601 bytes");
  });

  it("finds an operation that a replica which runs refuses for no reason", () => {
    const refused = (code: string) => done(1, { answer: { type: "refused", code } });
    expect(messages([refused("DOCUMENT_RESET")], final(shown()))).toEqual([]);
    expect(messages([refused("MEMORY_FULL")], final(shown()))[0]).toContain("MEMORY_FULL");
  });
});
