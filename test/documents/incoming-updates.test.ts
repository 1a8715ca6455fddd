import { describe, expect, test } from "vitest";
import * as Y from "yjs";
import { SeededRandom } from "../../src/base/random.ts";
import { isCollectable } from "../../src/documents/collectable.ts";
import { type DocumentLimits, documentLimits } from "../../src/documents/document-limits.ts";
import { IncomingUpdates } from "../../src/documents/incoming-updates.ts";
import { checkUpdate } from "../../src/documents/update-check.ts";
import { realUpdates } from "./real-updates.ts";
import { all, any, collected, first, firstIn, letter, rightOf, text, uint, update } from "./update-bytes.ts";

const [STRING, TYPE, ANY] = [4, 7, 8] as const;

function receiver(limits: Partial<DocumentLimits> = {}, doc = new Y.Doc({ gcFilter: isCollectable })) {
  const incoming = new IncomingUpdates(doc, { ...documentLimits, ...limits });
  const receive = (bytes: Uint8Array, origin?: unknown) => incoming.receive(bytes, checkUpdate(bytes), origin);
  const stateOf = (client: number) => Y.getState(doc.store, client);
  return { doc, incoming, receive, stateOf };
}

const ofClient = (client: number, clock: number, length = 1) =>
  update([{ client, clock, structs: [collected(length)] }]);

describe("what refers to something that is not there", () => {
  test("waits, and is applied as soon as it has come, with the origin it came with", () => {
    const { doc, incoming, receive, stateOf } = receiver();
    const origins: unknown[] = [];
    doc.on("update", (_: Uint8Array, origin: unknown) => origins.push(origin));
    expect(receive(ofClient(7, 2), "third")).toBe(false);
    expect(receive(ofClient(7, 1), "second")).toBe(false);
    expect([stateOf(7), incoming.waitingCount]).toEqual([0, 2]);
    expect(doc.store.pendingStructs).toBeNull();
    expect(receive(ofClient(7, 0), "first")).toBe(true);
    expect([stateOf(7), incoming.waitingCount, incoming.waitingBytes]).toEqual([3, 0, 0]);
    expect(origins).toEqual(["first", "second", "third"]);
  });

  test("waits as it came, though the bytes be used again", () => {
    const { incoming, receive } = receiver();
    const bytes = ofClient(7, 1);
    receive(bytes);
    bytes.fill(255);
    expect(incoming.waiting()).toEqual([ofClient(7, 1)]);
  });

  test("waits for deletions too", () => {
    const { doc, receive } = receiver();
    const deletion = update([], [{ client: 7, ranges: [[0, 1]] }]);
    expect(receive(deletion)).toBe(false);
    receive(update([{ client: 7, structs: [first(STRING, letter)] }]));
    expect(doc.getText("r").toString()).toBe("");
    expect(doc.store.pendingDs).toBeNull();
  });

  test("is refused when its bytes go over what may wait, and what waits still waits", () => {
    const bytes = ofClient(7, 1);
    const { incoming, receive } = receiver({ pendingBytesMax: 2 * bytes.length });
    receive(bytes);
    receive(bytes);
    expect(() => receive(bytes)).toThrow(expect.objectContaining({ code: "PREDECESSORS_MISSING" }));
    expect(incoming.waitingBytes).toBe(2 * bytes.length);
    expect(receive(ofClient(7, 0))).toBe(true);
    expect(incoming.waitingCount).toBe(0);
    expect(receive(ofClient(7, 5))).toBe(false);
  });

  test("is refused when its structs and deletions go over what may wait", () => {
    const { receive } = receiver({ pendingStructsMax: 2 });
    const two = update([{ client: 7, clock: 1, structs: [collected(1)] }], [{ client: 9, ranges: [[0, 1]] }]);
    expect(receive(two)).toBe(false);
    expect(() => receive(ofClient(7, 1))).toThrow(expect.objectContaining({ code: "PREDECESSORS_MISSING" }));
  });

  test("does not grow with those who send it: 3,000 of a kilobyte", () => {
    const { doc, incoming, receive } = receiver();
    let refused = 0;
    for (let i = 0; i < 3000; i++) {
      const bytes = update([{ client: i + 1, structs: [rightOf(999_999, 5, STRING, text("x".repeat(1000)))] }]);
      try {
        receive(bytes);
      } catch {
        refused++;
      }
    }
    expect(incoming.waitingBytes).toBeLessThanOrEqual(documentLimits.pendingBytesMax);
    expect(refused).toBe(3000 - incoming.waitingCount);
    expect(doc.store.clients.size).toBe(0);
  });
});

test("real updates in any order, some twice, make the same document", () => {
  for (let seed = 0; seed < 10; seed++) {
    const random = new SeededRandom(`order ${seed}`);
    const updates = realUpdates(random);
    const [there, here] = [receiver(), receiver({ pendingStructsMax: Infinity, pendingBytesMax: Infinity })];
    for (const bytes of updates) there.receive(bytes);
    const order = updates.flatMap((bytes) => (random.chance(0.3) ? [bytes, bytes] : [bytes]));
    for (let i = order.length - 1; i > 0; i--) {
      const j = random.below(i + 1);
      [order[i], order[j]] = [order[j] as Uint8Array, order[i] as Uint8Array];
    }
    for (const bytes of order) here.receive(bytes);
    expect(here.incoming.waitingCount).toBe(0);
    expect(Y.encodeStateVector(here.doc)).toEqual(Y.encodeStateVector(there.doc));
    expect(here.doc.toJSON()).toEqual(there.doc.toJSON());
  }
});

describe("two stories of the same structs, by which Yjs would be thrown out of step", () => {
  const story = update([{ client: 7, structs: [first(STRING, text("0123456789"))] }]);

  test("are taken as far as they go on from what is there", () => {
    const { receive, stateOf, doc } = receiver();
    receive(ofClient(7, 0, 5));
    expect(receive(story)).toBe(true);
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
  const theirs = receiver({}, new Y.Doc());
  for (const bytes of realUpdates(new SeededRandom("collect"))) {
    ours.receive(bytes);
    theirs.receive(bytes);
  }
  expect(Y.encodeStateAsUpdate(ours.doc)).toEqual(Y.encodeStateAsUpdate(theirs.doc));
});
