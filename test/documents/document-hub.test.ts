import { describe, expect, it } from "vitest";
import type { AtollError } from "../../src/base/errors.ts";
import type { Key, ReplicaId } from "../../src/base/ids.ts";
import type { OpenDocument } from "../../src/documents/document-hub.ts";
import { fakeHub } from "../support/fake-documents.ts";
import { LiveMachines } from "../support/live-machines.ts";
import { Machines } from "../support/machines.ts";

const A = "a" as Key;
const B = "b" as Key;
const C = "c" as Key;
const member = { heard: () => {} };

function write({ live }: OpenDocument, text = "x"): OpenDocument["live"] {
  live.doc.getText("text").insert(0, text);
  return live;
}

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return (error as AtollError).code;
  }
  return "";
}

describe("a hub", () => {
  it("opens a document once, however many ask", () => {
    const { hub, store } = fakeHub();
    const [one, other] = [hub.open(A), hub.open(A)];
    expect(one.live).toBe(other.live);
    expect([hub.size, store.followersOf(A)]).toEqual([1, 1]);
  });

  it("keeps a document that nobody uses for a while, then lets it go, and its timer with the last", () => {
    const { hub, store, advance, surroundings } = fakeHub({ unusedMs: 10_000 });
    const first = hub.open(A);
    const live = write(first);
    first.release();
    first.release();
    advance(9_000);
    expect(hub.open(A).live).toBe(live);
    advance(20_000);
    const again = hub.open(A);
    expect(again.live).toBe(live);
    again.release();
    advance(20_000);
    expect(hub.size).toBe(1);
    const { hub: other, advance: pass, surroundings: around } = fakeHub({ unusedMs: 10_000 });
    const alone = other.open(A);
    write(alone);
    alone.release();
    pass(10_500);
    expect([other.size, around.timers, alone.live.end?.code]).toEqual([0, 0, "DOCUMENT_CHANGED"]);
    expect([store.followersOf(A), surroundings.timers]).toEqual([1, 1]);
  });

  it("keeps nothing of a document that was only asked for", () => {
    const { hub, store } = fakeHub();
    hub.open(A).release();
    expect([hub.size, store.followersOf(A)]).toEqual([0, 0]);
  });

  it("opens another once one has ended", async () => {
    const { hub, store } = fakeHub();
    const before = hub.open(A);
    write(before);
    await store.deleteDocument(A);
    const after = hub.open(A);
    expect([after.live === before.live, after.live.isEmpty]).toEqual([false, true]);
    before.release();
    expect([hub.size, after.live.end]).toEqual([1, undefined]);
  });

  it("deletes a document, also where there is no room to open it, and knows copies of it afterwards", async () => {
    const { hub, store } = fakeHub({ documentsOpenMax: 1 });
    const first = hub.open(A);
    const copy = write(first).diff();
    await hub.delete(A);
    first.release();
    const second = hub.open(A);
    const offer = (isFromCopy: boolean) => codeOf(() => hub.receive(second.live, copy, "client", { isFromCopy }));
    expect([offer(true), store.held.has(A)]).toEqual(["DOCUMENT_RESET", false]);
    // Whoever says so by himself may have it back.
    expect([offer(false), store.held.has(A)]).toEqual(["", true]);
    await hub.delete(B);
    expect(hub.size).toBe(1);
  });

  it("makes room by letting go of what was left first, and refuses where all are used", () => {
    const { hub } = fakeHub({ documentsOpenMax: 2 });
    const [a, b] = [hub.open(A), hub.open(B)];
    for (const each of [a, b]) write(each);
    expect(codeOf(() => hub.open(C))).toBe("TOO_MANY_DOCUMENTS");
    b.release();
    a.release();
    hub.open(C);
    expect([a.live.end, b.live.end?.code, hub.size]).toEqual([undefined, "DOCUMENT_CHANGED", 2]);
  });

  it("bounds the bytes of all that is open", () => {
    const { hub, advance } = fakeHub({ openBytesMax: 1_000 });
    const a = hub.open(A);
    write(a, "x".repeat(1_000));
    advance(1_000);
    expect(codeOf(() => hub.open(B))).toBe("TOO_MANY_DOCUMENTS");
    a.release();
    expect(codeOf(() => hub.open(B))).toBe("");
    expect(a.live.end?.code).toBe("DOCUMENT_CHANGED");
  });

  it("compacts a document before it lets it go", () => {
    const { hub, store, advance } = fakeHub({ unusedMs: 1_000 });
    const a = hub.open(A);
    for (let i = 0; i < 100; i++) write(a);
    a.release();
    advance(1_500);
    expect([hub.size, store.compactions, store.held.get(A)?.updates.length]).toEqual([0, 1, 1]);
  });

  it("ends all documents when it closes, and opens no more", () => {
    const { hub, store, surroundings } = fakeHub();
    const a = hub.open(A);
    hub.close();
    expect([a.live.end?.code, codeOf(() => hub.open(A))]).toEqual(["SHUTTING_DOWN", "SHUTTING_DOWN"]);
    expect([store.listeners.size, surroundings.timers]).toEqual([0, 0]);
    a.release();
  });

  it("counts what is open, who uses it, and what is sent", () => {
    const { hub } = fakeHub();
    const a = hub.open(A);
    a.awareness.join(member, hub.now);
    void hub.receive(a.live, Uint8Array.of(0, 0), "client");
    expect(() => hub.receive(a.live, Uint8Array.of(7), "client")).toThrow();
    const values = hub.statistics().map(({ name, samples }) => [name, samples.map(({ value }) => value)]);
    expect(Object.fromEntries(values)).toEqual({
      documents_open: [1],
      documents_open_bytes: [0],
      document_connections: [1],
      document_updates_total: [1, 1],
    });
  });

  it("answers whispers about documents that nobody has open here, if they expect somebody", () => {
    const { store } = fakeHub();
    const from = "other" as ReplicaId;
    for (const kind of [0, 1, 2, 3]) store.hear({ type: "message", from, topic: A, message: Uint8Array.of(kind, 0) });
    const gone = { topic: A, message: Uint8Array.of(2), to: from };
    expect(store.whispered).toEqual([gone, gone]);
  });

  it("takes whispers that are none of this version for nothing, and says so", () => {
    const { hub, store, surroundings } = fakeHub();
    hub.open(A).awareness.join(member, hub.now);
    const from = "other" as ReplicaId;
    for (const message of [[], [9], [3, 255]]) {
      store.hear({ type: "message", from, topic: A, message: Uint8Array.from(message) });
    }
    expect(surroundings.logged).toEqual(["awareness-refused"]);
  });
});

describe("hubs of three replicas", () => {
  it("converge through a cut, each edit stored once", async () => {
    const names = ["a", "b", "c"] as const;
    const machines = await Machines.started([...names], "hubs", {});
    const live = new LiveMachines(machines, names);
    const open = names.map((name) => live.open(name, "doc"));
    const texts = () => new Set(open.map((each) => each.live.doc.getText("text").toString()));
    machines.cut(["a"], ["b", "c"]);
    for (const [place, each] of open.entries()) write(each, `${place}`);
    live.run(3_000);
    expect(texts().size).toBe(2);
    machines.heal();
    live.run(5_000);
    expect(texts().size).toBe(1);
    expect([...texts()][0]?.length).toBe(3);
  });
});
