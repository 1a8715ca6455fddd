import { describe, expect, test } from "vitest";
import * as Y from "yjs";
import { SeededRandom } from "../../src/base/random.ts";
import { isCollectable } from "../../src/documents/collectable.ts";
import { documentLimits } from "../../src/documents/document-limits.ts";
import { prepareUpdate } from "../../src/documents/prepare-update.ts";
import { checkUpdate, isMissing } from "../../src/documents/update-check.ts";
import { realUpdates } from "./real-updates.ts";
import { all, any, collected, first, firstIn, letter, rightOf, text, uint, update } from "./update-bytes.ts";

const [STRING, TYPE, ANY] = [4, 7, 8] as const;

function receiver(doc = new Y.Doc({ gcFilter: isCollectable })) {
  const prepare = (bytes: Uint8Array) => prepareUpdate(doc, bytes, checkUpdate(bytes), documentLimits);
  const receive = (bytes: Uint8Array) => Y.applyUpdate(doc, prepare(bytes));
  const stateOf = (client: number) => Y.getState(doc.store, client);
  return { doc, prepare, receive, stateOf };
}

const ofClient = (client: number, clock: number, length = 1) =>
  update([{ client, clock, structs: [collected(length)] }]);
const MISSING = expect.objectContaining({ code: "PREDECESSORS_MISSING" });

describe("what refers to something that is not there", () => {
  test("is refused until it is there", () => {
    const { prepare, receive, stateOf } = receiver();
    expect(() => prepare(ofClient(7, 1))).toThrow(MISSING);
    receive(ofClient(7, 0));
    receive(ofClient(7, 1));
    expect(stateOf(7)).toBe(2);
  });

  test("is refused for its deletions too", () => {
    const { doc, prepare, receive } = receiver();
    const deletion = update([], [{ client: 7, ranges: [[0, 1]] }]);
    expect(() => prepare(deletion)).toThrow(MISSING);
    receive(update([{ client: 7, structs: [first(STRING, letter)] }]));
    receive(deletion);
    expect(doc.getText("r").toString()).toBe("");
  });

  test("leaves nothing behind: 3,000 of a kilobyte", () => {
    const { doc, prepare } = receiver();
    for (let i = 0; i < 3000; i++) {
      const bytes = update([{ client: i + 1, structs: [rightOf(999_999, 5, STRING, text("x".repeat(1000)))] }]);
      expect(() => prepare(bytes)).toThrow(MISSING);
    }
    expect(doc.store).toMatchObject({ pendingStructs: null, pendingDs: null, clients: new Map() });
  });
});

test("real updates are applied as Yjs applies them, and those that are known in part are cut", () => {
  let cut = 0;
  for (let seed = 0; seed < 10; seed++) {
    const random = new SeededRandom(`prepare ${seed}`);
    const [ours, theirs] = [receiver(), new Y.Doc()];
    const updates = realUpdates(random);
    // The last are whole states, and bring what was left out.
    for (const bytes of updates.filter((_, i) => i >= updates.length - 3 || random.chance(0.5))) {
      const state = Y.decodeStateVector(Y.encodeStateVector(theirs));
      if (isMissing(checkUpdate(bytes), state)) continue;
      const news = ours.prepare(bytes);
      if (news.length !== bytes.length) cut++;
      Y.applyUpdate(ours.doc, news);
      Y.applyUpdate(theirs, bytes);
    }
    expect(Y.encodeStateAsUpdate(ours.doc)).toEqual(Y.encodeStateAsUpdate(theirs));
  }
  expect(cut).toBeGreaterThan(0);
});

test("bytes within values are copied, of an update that is part of what was received", () => {
  const { prepare } = receiver();
  const received = new Uint8Array(10_000);
  const bytes = update([{ client: 7, structs: [first(ANY, all(uint(1), any([Uint8Array.of(1)])))] }]);
  received.set(bytes, 100);
  const news = prepare(received.subarray(100, 100 + bytes.length));
  expect([news, news.buffer.byteLength]).toEqual([bytes, bytes.length]);
});

describe("two stories of the same structs, by which Yjs would be thrown out of step", () => {
  const story = update([{ client: 7, structs: [first(STRING, text("0123456789"))] }]);

  test("are taken as far as they go on from what is there", () => {
    const { receive, stateOf, doc } = receiver();
    receive(ofClient(7, 0, 5));
    receive(story);
    expect(stateOf(7)).toBe(10);
    expect(() => checkUpdate(Y.encodeStateAsUpdate(doc))).not.toThrow();
  });

  test("make Yjs by itself throw, which is why", () => {
    const doc = new Y.Doc();
    Y.applyUpdate(doc, ofClient(7, 0, 5));
    expect(() => Y.applyUpdate(doc, story)).toThrow();
  });
});

describe("a value of a map that is cut by an insertion, and its map deleted", () => {
  const updates = [
    update([{ client: 7, structs: [first(TYPE, uint(1))] }]),
    update([{ client: 8, structs: [all(firstKeyed(), uint(2), any(1), any(2))] }]),
    update([{ client: 9, structs: [rightOf(8, 0, ANY, all(uint(1), any(3)))] }]),
    update([], [{ client: 7, ranges: [[0, 1]] }]),
  ];

  function firstKeyed() {
    return firstIn(7, 0, ANY | 32, text("key"));
  }

  test("is left in place, and the document goes on", () => {
    const { doc, receive } = receiver();
    let events = 0;
    doc.on("update", () => events++);
    for (const bytes of updates) receive(bytes);
    receive(ofClient(1, 0));
    expect(events).toBe(5);
    expect(() => checkUpdate(Y.encodeStateAsUpdate(doc))).not.toThrow();
  });

  test("would throw out of Yjs, and leave the document silent", () => {
    const doc = new Y.Doc();
    let events = 0;
    for (const bytes of updates.slice(0, 3)) Y.applyUpdate(doc, bytes);
    doc.on("update", () => events++);
    expect(() => Y.applyUpdate(doc, updates[3] as Uint8Array)).toThrow();
    Y.applyUpdate(doc, ofClient(1, 0));
    expect(events).toBe(0);
  });
});

test("what is wholly deleted is collected as ever", () => {
  const ours = receiver();
  const theirs = receiver(new Y.Doc());
  for (const bytes of realUpdates(new SeededRandom("collect"))) {
    ours.receive(bytes);
    theirs.receive(bytes);
  }
  expect(Y.encodeStateAsUpdate(ours.doc)).toEqual(Y.encodeStateAsUpdate(theirs.doc));
});
