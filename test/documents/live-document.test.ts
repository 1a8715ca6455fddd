import { describe, expect, it } from "vitest";
import * as Y from "yjs";
import { AtollError } from "../../src/base/errors.ts";
import type { Key } from "../../src/base/ids.ts";
import { documentLimits } from "../../src/documents/document-limits.ts";
import { LiveDocument } from "../../src/documents/live-document.ts";
import { FakeDocumentStore, FakeSurroundings } from "../support/fake-documents.ts";

const KEY = "doc" as Key;

/** A live document over a fake store, and what its user is told. */
function opened(store = new FakeDocumentStore(), limits = {}) {
  const surroundings = new FakeSurroundings();
  const { around } = surroundings;
  const live = new LiveDocument({ key: KEY, store, around, limits: { ...documentLimits, ...limits } });
  const told: Uint8Array[] = [];
  const ends: AtollError[] = [];
  const user = { updated: (update: Uint8Array) => void told.push(update), ended: (e: AtollError) => void ends.push(e) };
  live.users.add(user);
  return { store, surroundings, live, told, ends, text: () => live.doc.getText("text").toString() };
}

/** Somebody's doc, and the updates that it made. */
function client(...from: readonly Uint8Array[]) {
  const doc = new Y.Doc();
  for (const update of from) Y.applyUpdate(doc, update);
  const updates: Uint8Array[] = [];
  doc.on("update", (update) => updates.push(update));
  return { doc, updates, type: (text: string) => doc.getText("text").insert(doc.getText("text").length, text) };
}

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof AtollError) return error.code;
    throw error;
  }
  return "";
}

describe("a live document", () => {
  it("is what the store holds, as one transaction", () => {
    const store = new FakeDocumentStore();
    const { updates, type } = client();
    for (const letter of "abc") type(letter);
    for (const update of updates) store.arrive(KEY, update);
    const { text, told } = opened(store);
    expect(text()).toBe("abc");
    expect(told).toEqual([]);
  });

  it("shows all that has come, where Yjs would wait for what is there", () => {
    const [low, high] = [new Y.Doc(), new Y.Doc()];
    low.clientID = 1;
    high.clientID = 2;
    const updates: Uint8Array[] = [];
    for (const doc of [low, high]) doc.on("update", (update, origin) => origin !== "peer" && updates.push(update));
    const type = (doc: Y.Doc, other: Y.Doc, letter: string) => {
      doc.getText("text").insert(doc.getText("text").length, letter);
      Y.applyUpdate(other, Y.encodeStateAsUpdate(doc), "peer");
    };
    high.getArray("first").push([1]);
    type(low, high, "a");
    type(high, low, "b");
    type(low, high, "c");
    type(low, high, "d");
    const [first, a, b, c, d] = updates as [Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array];
    const order = [d, b, first, a, c];
    const plain = new Y.Doc();
    for (const update of order) Y.applyUpdate(plain, update);
    expect(plain.getText("text").toString()).toBe("a");

    const { store, live, told, text } = opened();
    for (const update of order) store.arrive(KEY, update);
    live.tick(0);
    expect(text()).toBe("abcd");
    const reader = new Y.Doc();
    for (const update of told) Y.applyUpdate(reader, update);
    expect(reader.getText("text").toString()).toBe("abcd");
  });

  it("stores what a client sends as the very bytes, and tells them, once", () => {
    const { store, live, told } = opened();
    const { updates, type } = client();
    type("a");
    live.receive(updates[0] as Uint8Array, "client");
    expect(store.held.get(KEY)?.updates).toEqual(updates);
    expect(told).toEqual(updates);
    live.receive(updates[0] as Uint8Array, "client");
    expect([store.appends, told.length]).toEqual([1, 1]);
  });

  it("stores again what it knows where an acknowledgement is asked for", async () => {
    const { store, live } = opened();
    const { updates, type } = client();
    type("a");
    const [update] = updates as [Uint8Array];
    await live.receive(update, "client");
    expect(await live.receive(update, "client")).toBeUndefined();
    expect((await live.receive(update, "client", { ack: "all" }))?.acks).toEqual({ reached: 2, wanted: 2, met: true });
    expect(store.appends).toBe(2);
  });

  it("tells what comes from the store, and does not store it again", () => {
    const { store, told, text } = opened();
    const { updates, type } = client();
    type("a");
    store.arrive(KEY, updates[0] as Uint8Array);
    expect([text(), store.appends, told]).toEqual(["a", 0, updates]);
  });

  it("ends with its deletion where all that is held of it waits for what it stands on", async () => {
    const { store, live, ends } = opened();
    const { updates, type } = client();
    type("a");
    type("b");
    store.arrive(KEY, updates[1] as Uint8Array);
    expect(live.isEmpty).toBe(true);
    await store.deleteDocument(KEY);
    expect(ends.map(({ code }) => code)).toEqual(["DOCUMENT_RESET"]);
  });

  it("stores edits of code in the process, also those that had to wait for what the store brought", () => {
    const { store, live, text } = opened();
    live.doc.getText("text").insert(0, "here ");
    expect(store.appends).toBe(1);
    const { updates, type } = client(...(store.held.get(KEY)?.updates ?? []));
    type("one ");
    type("two ");
    Y.applyUpdate(live.doc, updates[1] as Uint8Array, "process");
    expect(store.appends).toBe(1);
    store.arrive(KEY, updates[0] as Uint8Array);
    expect(text()).toBe("here one two ");
    const other = opened(store);
    expect(other.text()).toBe("here one two ");
  });

  it("takes what comes from the store in any order", () => {
    const { store, told, text } = opened();
    const { updates, type } = client();
    for (const letter of "abc") type(letter);
    for (const update of [...updates].reverse()) store.arrive(KEY, update);
    expect([text(), store.appends]).toEqual(["abc", 0]);
    const follower = client(...told);
    expect(follower.doc.getText("text").toString()).toBe("abc");
  });

  it("refuses what stands on what is not here, and keeps nothing of it", () => {
    const { store, live, told } = opened();
    const { updates, type } = client();
    type("a");
    type("b");
    expect(codeOf(() => live.receive(updates[1] as Uint8Array, "client"))).toBe("PREDECESSORS_MISSING");
    expect([live.doc.store.pendingStructs, store.appends, told]).toEqual([null, 0, []]);
  });

  it("refuses bytes that are no update, and goes on", () => {
    const { live, store, ends } = opened();
    expect(codeOf(() => live.receive(Uint8Array.of(1, 255, 255), "client"))).toBe("BAD_UPDATE");
    expect([live.end, store.appends, ends]).toEqual([undefined, 0, []]);
  });
});

describe("the size of a live document", () => {
  it("is bounded in bytes: what does not fit even once it is compacted is refused, and nothing changes", () => {
    const { store, live, text, ends } = opened();
    const { updates, type } = client();
    for (const letter of "abcdefgh") type(letter);
    for (const update of updates) live.receive(update, "client");
    type("i".repeat(100));
    const last = updates.at(-1) as Uint8Array;
    store.bytesMax = Y.encodeStateAsUpdate(live.doc).length + last.length;
    expect(store.bytesOf(KEY) + last.length).toBeGreaterThan(store.bytesMax);
    live.receive(last, "client");
    expect(text()).toHaveLength(108);
    type("j");
    store.bytesMax = store.bytesOf(KEY);
    expect(codeOf(() => live.receive(updates.at(-1) as Uint8Array, "client"))).toBe("DOCUMENT_TOO_LARGE");
    expect([text().length, ends]).toEqual([108, []]);
  });

  it("is bounded in structs, counted as Yjs has merged them", () => {
    const { live } = opened(undefined, { structsMax: 3 });
    const { updates, type } = client();
    for (const letter of "abcdefgh") type(letter);
    for (const update of updates) live.receive(update, "client");
    for (const place of [1, 2]) {
      const other = client(live.diff());
      other.doc.getText("text").insert(place, "x");
      const [update] = other.updates as [Uint8Array];
      if (place === 1) live.receive(update, "client");
      else expect(codeOf(() => live.receive(update, "client"))).toBe("DOCUMENT_TOO_LARGE");
    }
  });

  it("is bounded in clients that wrote in it", () => {
    const { live } = opened(undefined, { clientsMax: 2 });
    const codes = [1, 2, 3].map(() => {
      const { updates, type } = client();
      type("a");
      return codeOf(() => live.receive(updates[0] as Uint8Array, "client"));
    });
    expect(codes).toEqual(["", "", "DOCUMENT_TOO_LARGE"]);
  });
});

describe("a live document ends", () => {
  it("when it is deleted: its users are told that it is over", async () => {
    const { store, live, ends } = opened();
    live.doc.getText("text").insert(0, "x");
    await store.deleteDocument(KEY);
    expect([ends.map(({ code }) => code), live.end?.code]).toEqual([["DOCUMENT_RESET"], "DOCUMENT_RESET"]);
    expect(codeOf(() => live.receive(Uint8Array.of(0, 0), "client"))).toBe("DOCUMENT_RESET");
    expect([store.followersOf(KEY), live.users.size]).toEqual([0, 0]);
  });

  it("when it changed in ways that cannot be told: its users are to come again", () => {
    const { store, live, ends } = opened();
    live.doc.getText("text").insert(0, "x");
    store.tell(KEY, { type: "reset", isOver: false });
    expect(ends.map(({ code }) => code)).toEqual(["DOCUMENT_CHANGED"]);
  });

  it("not when nothing was in it: it is read anew", async () => {
    const { store, live, ends, text } = opened();
    await store.deleteDocument(KEY);
    store.tell(KEY, { type: "reset", isOver: true });
    expect([live.end, ends]).toEqual([undefined, []]);
    const { updates, type } = client();
    type("a");
    live.receive(updates[0] as Uint8Array, "client");
    expect([text(), store.held.get(KEY)?.updates]).toEqual(["a", updates]);
  });

  it("not when its first edit meets a deletion that it is still to be told of", () => {
    const { store, live, ends } = opened();
    store.failNext = new AtollError("DOCUMENT_RESET", "deleted meanwhile");
    live.doc.getText("text").insert(0, "x");
    expect([store.appends, ends]).toEqual([1, []]);
  });

  it("when an edit cannot be stored, before anybody else hears of it; who sent it is told why", () => {
    const { store, live, told, ends } = opened();
    live.doc.getText("text").insert(0, "x");
    const heard = told.length;
    store.failNext = new AtollError("STAMPS_EXHAUSTED", "no stamp is left");
    const { updates, type } = client(live.diff());
    type("y");
    expect(codeOf(() => live.receive(updates[0] as Uint8Array, "client"))).toBe("STAMPS_EXHAUSTED");
    expect([told.length, ends.map(({ code }) => code)]).toEqual([heard, ["DOCUMENT_CHANGED"]]);
    expect(opened(store).text()).toBe("x");
  });
});

describe("a damaged document", () => {
  it("is let go where it cannot even be read", () => {
    const store = new FakeDocumentStore();
    const followers = () => store.followersOf(KEY);
    const open = store.openDocument.bind(store);
    const fail = () => {
      throw new AtollError("SHUTTING_DOWN", "stopping");
    };
    store.openDocument = (key, listener) => ({ ...open(key, listener), read: fail });
    expect(codeOf(() => opened(store))).toBe("SHUTTING_DOWN");
    expect(followers()).toBe(0);
  });

  it("is logged, served as far as it can be read, and never compacted", () => {
    const store = new FakeDocumentStore();
    const { updates, type } = client();
    type("a");
    store.arrive(KEY, Uint8Array.of(1, 1, 1, 0, 99));
    store.arrive(KEY, updates[0] as Uint8Array);
    const { surroundings, live, text } = opened(store);
    expect([text(), surroundings.logged]).toEqual(["a", ["document-damaged"]]);
    type("b");
    live.receive(updates[1] as Uint8Array, "client");
    expect(text()).toBe("ab");
    store.isSnapshotDue = true;
    surroundings.advance(60_000);
    live.tick(surroundings.now);
    expect(store.compactions).toBe(0);
  });
});

describe("the bytes of a live document", () => {
  it("are those that the store holds, whoever changed them, and none of one that has ended", async () => {
    const { store, live, surroundings } = opened();
    const held = () => [live.bytes, store.bytesOf(KEY)];
    const expectEqual = () => expect(new Set(held()).size, `${held()}`).toBe(1);
    expectEqual();
    for (let i = 0; i < 100; i++) live.doc.getText("text").insert(0, "a");
    expectEqual();
    const { updates, type } = client();
    type("b");
    store.arrive(KEY, updates[0] as Uint8Array);
    expectEqual();
    const before = live.bytes;
    live.tick(surroundings.now + 5_000);
    expectEqual();
    expect(live.bytes).toBeLessThan(before);
    await store.deleteDocument(KEY);
    expectEqual();
  });
});

describe("a live document is compacted", () => {
  it("once it rests, if that saves enough or the store asks for it", () => {
    const { store, surroundings, live } = opened();
    const { updates, type } = client();
    for (let i = 0; i < 100; i++) type("a");
    for (const update of updates) live.receive(update, "client");
    live.tick(surroundings.now + 1_000);
    expect(store.compactions).toBe(0);
    live.tick(surroundings.now + 4_000);
    expect(store.compactions).toBe(1);
    expect(store.held.get(KEY)?.updates).toEqual([Y.encodeStateAsUpdate(live.doc)]);
    type("a");
    live.receive(updates.at(-1) as Uint8Array, "client");
    live.tick(surroundings.now + 8_000);
    expect(store.compactions).toBe(1);
    store.isSnapshotDue = true;
    type("a");
    live.receive(updates.at(-1) as Uint8Array, "client");
    live.tick(surroundings.now + 12_000);
    expect(store.compactions).toBe(2);
  });

  it("in a turn of its own when too much has come for a rest to be waited for", () => {
    const { store, surroundings, live } = opened();
    store.isSnapshotDue = true;
    const text = live.doc.getText("text");
    for (let i = 0; i < 4_000; i++) text.insert(0, "a");
    expect(store.compactions).toBe(0);
    surroundings.turn();
    expect(store.compactions).toBe(1);
  });

  it("later, where it was no moment for it", () => {
    const { store, surroundings, live } = opened();
    store.isSnapshotDue = true;
    store.canCompact = false;
    live.doc.getText("text").insert(0, "a");
    surroundings.advance(5_000);
    live.tick(surroundings.now);
    store.canCompact = true;
    live.tick(surroundings.now);
    expect(store.compactions).toBe(0);
    surroundings.advance(5_000);
    live.tick(surroundings.now);
    expect(store.compactions).toBe(1);
  });

  it("not again until it changes, where it was merged to more than its bound and the store refused", () => {
    const { store, surroundings, live } = opened();
    live.doc.getText("text").insert(0, "a".repeat(100));
    store.isSnapshotDue = true;
    store.canCompact = false;
    store.bytesMax = 50;
    surroundings.advance(5_000);
    live.tick(surroundings.now);
    store.canCompact = true;
    surroundings.advance(5_000);
    live.tick(surroundings.now);
    expect(store.compactions).toBe(0);
    const { updates, type } = client(live.diff());
    type("b");
    store.arrive(KEY, updates[0] as Uint8Array);
    surroundings.advance(5_000);
    live.tick(surroundings.now);
    expect(store.compactions).toBe(1);
  });
});

describe("a difference", () => {
  it("tells whoever brings what others waited for what it lacks of these", () => {
    const { store, live } = opened();
    const { updates, type } = client();
    for (const letter of "abc") type(letter);
    const visitor = client(updates[0] as Uint8Array);
    live.users.add({
      updated: (update, origin) => void (origin !== visitor && Y.applyUpdate(visitor.doc, update)),
      ended: () => {},
    });
    for (const update of updates.slice(1)) store.arrive(KEY, update);
    live.receive(updates[0] as Uint8Array, visitor);
    expect(visitor.doc.getText("text").toString()).toBe("abc");
  });

  it("leaves out what waits, so that a client has no gaps, and can send back all that it has", () => {
    const { store, live, told } = opened();
    const { updates, type } = client();
    type("first ");
    type("second ");
    live.doc.getText("text").insert(0, "here ");
    store.arrive(KEY, updates[1] as Uint8Array);
    const visitor = client(live.diff(Uint8Array.of(0)));
    expect(visitor.doc.store.pendingStructs).toBeNull();
    visitor.type("theirs ");
    void live.receive(Y.encodeStateAsUpdate(visitor.doc, live.vector()), "visitor");
    expect(client(live.diff()).doc.getText("text").toString()).toBe("here theirs ");
    live.compact();
    store.arrive(KEY, updates[0] as Uint8Array);
    for (const update of told) Y.applyUpdate(visitor.doc, update);
    const text = visitor.doc.getText("text").toString();
    expect(text.split(" ").sort()).toEqual(["", "first", "here", "second", "theirs"]);
    expect(opened(store).text()).toBe(text);
  });

  it("is made once for all who lack the same, until something changes or the moment is over", () => {
    const { live, surroundings } = opened();
    live.doc.getText("text").insert(0, "first");
    const nothing = Uint8Array.of(0);
    const all = live.diff(nothing);
    expect(live.diff(Uint8Array.of(0))).toBe(all);
    expect(live.diff(live.vector())).toEqual(Uint8Array.of(0, 0));
    live.tick(surroundings.now);
    expect(live.diff(nothing)).not.toBe(all);
    live.doc.getText("text").insert(0, "second ");
    expect(client(live.diff(nothing)).doc.getText("text").toString()).toBe("second first");
    const held = live.diff(nothing);
    for (const clock of [1, 2, 3, 4]) live.diff(Uint8Array.of(1, 99, clock));
    expect(live.diff(nothing)).not.toBe(held);
    const long = new Uint8Array(4_097);
    expect(live.diff(long)).not.toBe(live.diff(long));
  });

  it("is all to nobody, what is lacking to a state vector, and refused for what is none", () => {
    const { live } = opened(undefined, { clientsMax: 100 });
    live.doc.getText("text").insert(0, "first");
    const vector = live.vector();
    live.doc.getText("text").insert(5, " second");
    expect(client(live.diff()).doc.getText("text").toString()).toBe("first second");
    expect(live.diff(vector).length).toBeLessThan(live.diff().length);
    expect(codeOf(() => live.diff(Uint8Array.of(9)))).toBe("BAD_MESSAGE");
    expect(codeOf(() => live.diff(new Uint8Array(1_201)))).toBe("BAD_MESSAGE");
    expect(codeOf(() => live.diff(new Uint8Array(1_200)))).toBe("");
  });
});
