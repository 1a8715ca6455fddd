import { describe, expect, it } from "vitest";
import * as Y from "yjs";
import {
  contentsOfDocument,
  contentsOfUpdate,
  firstMissing,
  firstUnexplained,
  isWaiting,
  nameOfContents,
} from "../../../simulations/documents/contents.ts";

function documentBy(clientID: number): Y.Doc {
  const document = new Y.Doc();
  document.clientID = clientID;
  return document;
}

/** One update for each edit. */
function edits(document: Y.Doc, ...run: (() => void)[]): Uint8Array[] {
  const updates: Uint8Array[] = [];
  document.on("update", (update: Uint8Array) => updates.push(update));
  for (const edit of run) edit();
  return updates;
}

const document = documentBy(7);
const text = document.getText("text");
const [hello = new Uint8Array(), world = new Uint8Array(), erased = new Uint8Array()] = edits(
  document,
  () => text.insert(0, "hello"),
  () => text.insert(5, " world"),
  () => text.delete(0, 2),
);
const made = (from: number, to: number) => [{ client: 7, from, to }];

describe("contents", () => {
  it("are the clocks that an update makes and deletes", () => {
    expect(contentsOfUpdate(hello)).toEqual({ made: made(0, 5), deleted: [] });
    expect(contentsOfUpdate(world)).toEqual({ made: made(5, 11), deleted: [] });
    expect(contentsOfUpdate(erased)).toEqual({ made: [], deleted: made(0, 2) });
    expect(contentsOfDocument(document)).toEqual({ made: made(0, 11), deleted: made(0, 2) });
  });

  it("leave out what an update skips, and what a document cannot place yet", () => {
    const merged = Y.mergeUpdates([hello, contentsAfter(world)]);
    expect(contentsOfUpdate(merged).made).toEqual([...made(0, 5), ...made(11, 12)]);
    const late = new Y.Doc();
    Y.applyUpdate(late, world);
    expect(contentsOfDocument(late)).toEqual({ made: [], deleted: [] });
    expect([isWaiting(late), isWaiting(document)]).toEqual([true, false]);
  });

  it("are missing where a document lacks a clock or a deletion of an update", () => {
    const shown = contentsOfDocument(document);
    expect(firstMissing(contentsOfUpdate(erased), shown)).toBeUndefined();
    expect(firstMissing({ made: made(5, 12), deleted: [] }, shown)).toEqual(made(5, 12)[0]);
    expect(firstMissing({ made: [], deleted: made(1, 3) }, shown)).toEqual(made(1, 3)[0]);
  });

  it("are unexplained where no update made them", () => {
    const updates = [hello, world].map(contentsOfUpdate);
    expect(firstUnexplained(contentsOfDocument(document), updates)).toBeUndefined();
    expect(firstUnexplained(contentsOfDocument(document), updates.slice(1))).toEqual(made(0, 11)[0]);
  });

  it("have one name for the same clocks, however they are cut", () => {
    const whole = { made: made(0, 11), deleted: made(0, 2) };
    expect(nameOfContents({ made: [...made(5, 11), ...made(0, 5)], deleted: made(0, 2) })).toBe(nameOfContents(whole));
    expect(nameOfContents({ ...whole, deleted: made(0, 3) })).not.toBe(nameOfContents(whole));
  });
});

/** An update of one character that follows on an update of which nothing else is known. */
function contentsAfter(update: Uint8Array): Uint8Array {
  const next = new Y.Doc();
  Y.applyUpdate(next, hello);
  Y.applyUpdate(next, update);
  next.clientID = 7;
  const before = Y.encodeStateVector(next);
  next.getText("text").insert(0, "x");
  return Y.encodeStateAsUpdate(next, before);
}
