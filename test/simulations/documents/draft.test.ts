import { describe, expect, it } from "vitest";
import * as Y from "yjs";
import { contentsOfUpdate } from "../../../simulations/documents/contents.ts";
import type { DocumentOperation, EditType } from "../../../simulations/documents/document-operation.ts";
import { Draft, textOf } from "../../../simulations/documents/draft.ts";
import type { Key } from "../../../src/base/ids.ts";

function edit(
  id: number,
  type: EditType,
  length: number,
  place: number,
): DocumentOperation & { readonly type: EditType } {
  return { id, at: 0, client: 0, node: 0, type, key: "d" as Key, ack: "memory", length, place };
}

describe("a draft", () => {
  it("types words that name their operation, erases, and sets places of a map", () => {
    const draft = new Draft(5);
    draft.edit(edit(1, "insert", 6, 0));
    draft.edit(edit(2, "insert", 0, 1));
    expect(textOf(draft.document)).toBe("<1>abc<2>");
    draft.edit(edit(3, "erase", 100, 1 / 3));
    expect(textOf(draft.document)).toBe("<1>");
    draft.edit(edit(4, "set", 4, 0.5));
    expect(draft.document.getMap("map").toJSON()).toEqual({ "place 2": "<4>a" });
  });

  it("tells what was typed since it was asked last, as one update by its client", () => {
    const draft = new Draft(5);
    draft.edit(edit(1, "insert", 3, 0));
    draft.edit(edit(2, "insert", 3, 1));
    expect(contentsOfUpdate(draft.take() ?? new Uint8Array()).made).toEqual([
      { client: 5, from: 0, to: 3 },
      { client: 5, from: 3, to: 6 },
    ]);
    expect(draft.take()).toBeUndefined();
  });

  it("tells all that somebody lacks, and not what came from the replica as its own", () => {
    const [one, other] = [new Draft(5), new Draft(6)];
    one.edit(edit(1, "insert", 3, 0));
    other.pull((vector) => Y.encodeStateAsUpdate(one.document, vector));
    expect([textOf(other.document), other.take()]).toEqual(["<1>", undefined]);
    other.edit(edit(2, "insert", 3, 1));
    const all = other.takeAll(Y.encodeStateVector(new Y.Doc()));
    expect(
      contentsOfUpdate(all)
        .made.map(({ client }) => client)
        .sort(),
    ).toEqual([5, 6]);
    expect(other.take()).toBeUndefined();
  });
});
