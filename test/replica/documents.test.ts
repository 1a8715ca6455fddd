import { describe, expect, it } from "vitest";
import { bytesFromLatin1, latin1FromBytes } from "../../src/base/bytes.ts";
import type { Key } from "../../src/base/ids.ts";
import { DEFAULT_SPACE } from "../../src/base/shard-id.ts";
import type { DocumentEvent, DocumentHandle, DocumentView, Whisper } from "../../src/document-store.ts";
import type { Documents } from "../../src/replica/documents.ts";
import { pageOfKeys } from "../../src/replica/key-pages.ts";
import { defineKeyspace } from "../../src/replica/keyspace-definitions.ts";
import { WHISPERED_BYTES_MAX } from "../../src/replica/peers.ts";
import { documentsOf } from "../support/live-machines.ts";
import { id, Machines } from "../support/machines.ts";

const KEY = "doc" as Key;

/** Somebody who has a document open: an update is a set of letters here, and so is the document. */
class Reader {
  readonly handle: DocumentHandle;
  readonly events: string[] = [];
  /** Of the last reset. */
  isOver: boolean | undefined;
  #letters = "";

  constructor(documents: Documents, key = KEY) {
    this.handle = documents.openDocument(key, (event) => this.#hear(event));
    this.read();
  }

  get letters(): string {
    return [...new Set(this.#letters)].sort().join("");
  }

  read(): this {
    this.#letters = lettersOf(this.handle.read());
    return this;
  }

  async type(letters: string): Promise<void> {
    await this.handle.append(bytesFromLatin1(letters));
    this.#letters += letters;
  }

  compact(): boolean {
    return this.handle.compact(() => bytesFromLatin1(this.letters));
  }

  #hear(event: DocumentEvent): void {
    this.events.push(event.type);
    if (event.type === "update") this.#letters += latin1FromBytes(event.update);
    else {
      this.isOver = event.isOver;
      this.read();
    }
  }
}

function lettersOf(view: DocumentView | undefined): string {
  return view?.updates.map((update) => latin1FromBytes(update)).join("") ?? "";
}

async function three(seed: string, config = {}) {
  const machines = await Machines.started(["a", "b", "c"], seed, config);
  const [a, b, c] = ["a", "b", "c"].map((name) => documentsOf(machines, name)) as [Documents, Documents, Documents];
  return { machines, a, b, c };
}

describe("a document at several replicas", () => {
  it("is read in an order that few of it stand against: snapshots, then the rest as it was written", async () => {
    const { machines, a, b } = await three("order");
    const [one, other] = [new Reader(a), new Reader(b)];
    for (const letter of "abc") await one.type(letter);
    machines.run(500);
    for (const letter of "de") await one.type(letter);
    machines.skewMs.set(machines.at("b").id, 5);
    expect(other.compact()).toBe(true);
    for (const letter of "fg") await other.type(letter);
    machines.run(500);
    const view = one.handle.read();
    expect(view?.updates.map((update) => latin1FromBytes(update))).toEqual(["abc", "d", "e", "f", "g"]);
    const { updates: _, ...facts } = view as DocumentView;
    expect(one.handle.readFacts()).toEqual(facts);
    expect(one.handle.bytes).toBeGreaterThan(7);
  });

  it("tells those who follow it of every update from elsewhere, and nobody of one's own", async () => {
    const { machines, a, b } = await three("follow");
    const [one, other, third] = [new Reader(a), new Reader(a), new Reader(b)];
    await one.type("x");
    machines.run(500);
    await third.type("y");
    machines.run(500);
    expect([one.letters, other.letters, third.letters]).toEqual(["xy", "xy", "xy"]);
    expect([one.events, other.events, third.events]).toEqual([["update"], ["update", "update"], ["update"]]);
  });

  it("merges what was written on both sides of a cut", async () => {
    const { machines, a, b } = await three("cut");
    const [one, other] = [new Reader(a), new Reader(b)];
    machines.cut(["a"], ["b", "c"]);
    for (const letter of "abc") await one.type(letter);
    for (const letter of "xyz") await other.type(letter);
    expect([one.compact(), other.compact()]).toEqual([true, true]);
    machines.run(2000);
    expect([one.letters, other.letters]).toEqual(["abc", "xyz"]);
    machines.heal();
    machines.run(5000);
    expect([one.letters, other.letters]).toEqual(["abcxyz", "abcxyz"]);
    expect(machines.differences()).toEqual([]);
  });

  it("is there again after a crash, whatever the disk had taken of it", async () => {
    const { machines, a } = await three("crash");
    const one = new Reader(a);
    for (const letter of "abcdef") await one.type(letter);
    machines.run(200);
    one.compact();
    await one.type("g");
    machines.run(200);
    machines.crash("a");
    await machines.start("a");
    expect(new Reader(documentsOf(machines, "a")).letters).toBe("abcdefg");
    machines.run(5000);
    expect(machines.differences()).toEqual([]);
  });

  it("refuses to grow beyond its bound, and takes more once it was compacted", async () => {
    const { a } = await three("bound", { documentBytesMax: 200 });
    const one = new Reader(a);
    for (let i = 0; i < 7; i++) await one.type("aaaaaaaaa");
    await expect(one.type("abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz")).rejects.toMatchObject({
      code: "DOCUMENT_TOO_LARGE",
    });
    expect(one.compact()).toBe(true);
    await one.type("abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz");
  });

  it("is not compacted to more than peers take, when it was written apart to more than its bound", async () => {
    const { machines, a, b, c } = await three("apart", { documentBytesMax: 200, valueBytesMax: 300 });
    const readers = [a, b, c].map((documents) => new Reader(documents));
    machines.cut(["a"], ["b", "c"]);
    machines.cut(["b"], ["c"]);
    const letters = "abcdefghijklmnopqrstuvwxyz";
    const all = [
      letters,
      letters.toUpperCase(),
      letters.replaceAll(/./g, (x) => String.fromCharCode(x.charCodeAt(0) + 64)),
    ];
    for (const [at, one] of readers.entries()) await one.type((all[at] as string).repeat(6));
    machines.run(1000);
    machines.heal();
    machines.run(5000);
    const [one, other] = readers as [Reader, Reader];
    expect(one.letters).toHaveLength(78);
    expect(one.handle.compact(() => new Uint8Array(280))).toBe(false);
    machines.run(1000);
    expect(machines.differences()).toEqual([]);
    expect(machines.at("b").peers.badFrames).toBe(0);
    expect(one.compact()).toBe(true);
    machines.run(1000);
    expect(other.handle.bytes).toBeLessThan(200);
  });

  it("refuses an update that with its bond is more than peers take", async () => {
    const { a } = await three("bonded", { documentBytesMax: 300, valueBytesMax: 300 });
    const one = new Reader(a);
    await expect(one.type("x".repeat(290))).rejects.toMatchObject({ code: "DOCUMENT_TOO_LARGE" });
    await one.type("x".repeat(285));
  });

  it("is not compacted while something of it is still to be told", async () => {
    const { machines, a, b } = await three("telling");
    const [one, other] = [new Reader(a), new Reader(b)];
    await one.type("x");
    await one.type("y");
    const { outbox } = machines.at("a");
    outbox.deliveries.push(() => undefined);
    expect(one.handle.compact(() => new Uint8Array(0))).toBe(false);
    machines.run(500);
    expect(one.compact()).toBe(true);
    machines.run(500);
    expect(other.letters).toBe("xy");
  });

  it("is listed once among the keys, however much is held of it, and beside a value of its key", async () => {
    const { machines, a } = await three("listed");
    const keys = () =>
      [...pageOfKeys(machines.at("a"), DEFAULT_SPACE, { prefix: "", limit: 100 }, machines.now).keys].sort();
    for (const letter of "abc") await new Reader(a).type(letter);
    machines.put("a", "plain", "value");
    expect(keys()).toEqual(["doc", "plain"]);
    machines.put("a", "doc", "value");
    expect(keys()).toEqual(["doc", "plain"]);
    machines.delete("a", "doc");
    expect(keys()).toEqual(["doc", "plain"]);
    await a.deleteDocument(KEY);
    expect(keys()).toEqual(["plain"]);
  });

  it("is the same to read wherever the same is held", async () => {
    const { machines, a, b, c } = await three("version");
    await new Reader(a).type("x");
    machines.run(1000);
    const versions = [a, b, c].map((each) => new Reader(each).handle.read()?.version);
    expect(new Set(versions).size).toBe(1);
    await new Reader(a).type("y");
    expect(new Reader(a).handle.read()?.version).not.toBe(versions[0]);
  });
});

describe("a document's deletion", () => {
  it("resets who follows it, everywhere, and refuses what they write before they have read", async () => {
    const { machines, a, b } = await three("delete");
    const [one, other] = [new Reader(a), new Reader(b)];
    await one.type("x");
    machines.run(500);
    let told = 0;
    const deaf = b.openDocument(KEY, () => told++);
    deaf.read();
    await a.deleteDocument(KEY);
    machines.run(500);
    expect([one.events, other.events, told]).toEqual([["reset"], ["update", "reset"], 1]);
    expect([one.letters, other.letters]).toEqual(["", ""]);
    expect([one.isOver, other.isOver]).toEqual([true, true]);
    expect(() => deaf.append(bytesFromLatin1("late"))).toThrow(expect.objectContaining({ code: "DOCUMENT_RESET" }));
    await other.type("n");
    machines.run(500);
    expect([one.letters, other.letters]).toEqual(["n", "n"]);
  });

  it("drops what was written across a cut, whichever side comes back", async () => {
    const { machines, a, b } = await three("generations");
    const [one, other] = [new Reader(a), new Reader(b)];
    await one.type("x");
    machines.run(500);
    machines.cut(["a"], ["b", "c"]);
    await other.type("y");
    await a.deleteDocument(KEY);
    await one.type("n");
    machines.run(1000);
    machines.heal();
    machines.run(5000);
    expect([one.letters, other.letters]).toEqual(["n", "n"]);
    expect(machines.differences()).toEqual([]);
  });

  it("is told by what came after it to who has not heard of it", async () => {
    const { machines, a, b, c } = await three("told");
    const [one, other, third] = [new Reader(a), new Reader(b), new Reader(c)];
    await one.type("x");
    machines.run(500);
    machines.cut(["a"], ["c"]);
    await a.deleteDocument(KEY);
    machines.flush("a");
    machines.deliverTo("b");
    await other.type("n");
    machines.flush("b");
    machines.deliverTo("c");
    expect(third.letters).toBe("n");
  });

  it("resets nobody who has read what came after it, when it comes at last", async () => {
    const { machines, a, b, c } = await three("late");
    await new Reader(a).type("o");
    machines.run(500);
    const third = new Reader(c);
    machines.cut(["a"], ["c"]);
    await a.deleteDocument(KEY);
    machines.run(50);
    await new Reader(b).type("n");
    machines.run(20);
    expect([third.letters, third.events]).toEqual(["n", ["reset"]]);
    machines.heal();
    machines.run(5000);
    expect([third.letters, third.events]).toEqual(["n", ["reset"]]);
    expect(machines.differences()).toEqual([]);
  });

  it("takes a lease with it that was stamped by a faster clock", async () => {
    const { machines, a, b } = await three("faster");
    const [one, other] = [new Reader(a), new Reader(b)];
    machines.skewMs.set(id("b"), -20_000);
    await one.type("x");
    await a.expireDocument(KEY, 5000);
    machines.run(500);
    await b.deleteDocument(KEY);
    await other.type("n");
    machines.run(10_000);
    expect([one.letters, other.letters]).toEqual(["n", "n"]);
  });

  it("leaves nothing behind once everybody has it, and a new document begins on what is left", async () => {
    const { machines, a, b } = await three("purge");
    const one = new Reader(a);
    await one.type("x");
    await a.deleteDocument(KEY);
    machines.run(10_000);
    expect(["a", "b", "c"].map((name) => registersAt(machines, name))).toEqual([0, 0, 0]);
    await one.type("n");
    machines.run(1000);
    expect(new Reader(b).letters).toBe("n");
  });
});

describe("a document's lease", () => {
  it("is what the keyspace gives a document that begins, and no more than it allows", async () => {
    const { machines, a, b } = await three("default lease");
    const settings = { replication: "all", defaultTtlMs: 2000, maxTtlMs: 5000 } as const;
    defineKeyspace(machines.at("a"), "default", settings, machines.now);
    machines.run(500);
    const [one, other] = [new Reader(a), new Reader(b)];
    await other.type("x");
    machines.run(1500);
    await one.type("y");
    machines.run(400);
    expect([one.letters, other.letters]).toEqual(["xy", "xy"]);
    machines.run(600);
    // Writing does not prolong it.
    expect([one.letters, other.letters]).toEqual(["", ""]);
    await one.type("n");
    expect(() => a.checkTtl(5001)).toThrowError(expect.objectContaining({ code: "TTL_OVER_MAX" }));
    await expect(a.expireDocument(KEY, 5001)).rejects.toMatchObject({ code: "TTL_OVER_MAX" });
    await a.expireDocument(KEY, 5000);
    machines.run(4000);
    expect([one.letters, other.letters]).toEqual(["n", "n"]);
    await a.expireDocument(KEY, undefined);
    machines.run(1900);
    expect([one.letters, other.letters]).toEqual(["n", "n"]);
    machines.run(600);
    expect([one.letters, other.letters]).toEqual(["", ""]);
    machines.run(10_000);
    expect(machines.differences()).toEqual([]);
  });

  it("hides the document everywhere when it ends, and the document goes once nobody can prolong it", async () => {
    const { machines, a, b } = await three("lease");
    const [one, other] = [new Reader(a), new Reader(b)];
    await one.type("x");
    await a.expireDocument(KEY, 2000);
    machines.run(1000);
    expect(other.handle.read()?.expiresAt).toBeDefined();
    machines.run(2000);
    expect([one.events, other.events]).toEqual([["reset"], ["update", "reset"]]);
    expect([one.letters, other.letters]).toEqual(["", ""]);
    machines.run(10_000);
    expect(["a", "b", "c"].map((name) => registersAt(machines, name))).toEqual([0, 0, 0]);
  });

  it("can be prolonged in time on the far side of a cut, and then nothing is lost", async () => {
    const { machines, a, b } = await three("prolong");
    const [one, other] = [new Reader(a), new Reader(b)];
    await one.type("x");
    await a.expireDocument(KEY, 3000);
    machines.run(1000);
    machines.cut(["a"], ["b", "c"]);
    await b.expireDocument(KEY, 60_000);
    await other.type("y");
    machines.run(5000);
    expect([one.letters, other.letters]).toEqual(["", "xy"]);
    machines.heal();
    machines.run(5000);
    expect([one.letters, other.letters]).toEqual(["xy", "xy"]);
    expect(machines.differences()).toEqual([]);
  });

  it("shows nothing of what comes to a document that has run out here, and all of it once it turns out to last", async () => {
    const { machines, a, b, c } = await three("lasting");
    machines.cut(["c"], ["a", "b"]);
    await new Reader(a).type("x");
    await a.expireDocument(KEY, 2000);
    machines.run(1000);
    machines.cut(["a"], ["b", "c"]);
    await a.expireDocument(KEY, 60_000);
    machines.run(3000);
    const [other, stranger] = [new Reader(b), new Reader(c)];
    await stranger.type("n");
    machines.heal();
    machines.cut(["a"], ["b", "c"]);
    machines.run(2000);
    expect([other.letters, other.events, other.compact()]).toEqual(["", [], false]);
    machines.heal();
    machines.run(5000);
    expect([other.letters, stranger.letters]).toEqual(["nx", "nx"]);
    expect(machines.differences()).toEqual([]);
  });

  it("waits for who cannot be heard before the document goes", async () => {
    const { machines, a } = await three("away");
    await new Reader(a).type("x");
    await a.expireDocument(KEY, 2000);
    machines.run(1000);
    machines.cut(["c"], ["a", "b"]);
    machines.run(10_000);
    expect(registersAt(machines, "a")).toBeGreaterThan(0);
    machines.heal();
    machines.run(10_000);
    expect(registersAt(machines, "a")).toBe(0);
  });

  it("that has run out gives way to a new document, at who never saw the old one", async () => {
    const { machines, a, b } = await three("anew");
    const one = new Reader(a);
    await one.type("x");
    await a.expireDocument(KEY, 1000);
    machines.run(500);
    machines.cut(["c"], ["a", "b"]);
    machines.now += 600;
    expect(() => one.handle.append(bytesFromLatin1("late"))).toThrow(
      expect.objectContaining({ code: "DOCUMENT_RESET" }),
    );
    const other = new Reader(b);
    expect(other.letters).toBe("");
    await other.type("n");
    machines.heal();
    machines.run(5000);
    expect([one.read().letters, other.letters]).toEqual(["n", "n"]);
    expect(machines.differences()).toEqual([]);
  });

  it("is refused where there is no document, or no such time", async () => {
    const { a } = await three("refused");
    await expect(a.expireDocument(KEY, 1000)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await new Reader(a).type("x");
    await expect(a.expireDocument(KEY, 0.5)).rejects.toMatchObject({ code: "BAD_TTL" });
  });
});

describe("a whisper", () => {
  it("reaches those that are linked, and leaves nothing behind", async () => {
    const { machines, a, b } = await three("whisper");
    const heard: Whisper[] = [];
    b.onWhisper((whisper) => heard.push(whisper));
    const before = registersAt(machines, "b");
    a.whisper(KEY, bytesFromLatin1("psst"));
    a.whisper(KEY, bytesFromLatin1("not for b"), id("c"));
    machines.run(100);
    machines.cut(["a"], ["b"]);
    machines.carryOut(id("b"));
    expect(heard.map((each) => ("message" in each ? latin1FromBytes(each.message) : each.type))).toEqual([
      "psst",
      "gone",
    ]);
    expect(registersAt(machines, "b")).toBe(before);
  });

  it("is left out where one step whispers more to a peer than a link would take", async () => {
    const { machines } = await three("whispers");
    const { outbox } = machines.at("a");
    const before = outbox.frames.length;
    for (let n = 0; n < 100; n++) machines.at("a").whisper(KEY, new Uint8Array(WHISPERED_BYTES_MAX / 4), id("b"));
    expect(outbox.frames.length - before).toBe(4);
    machines.at("a").whisper(KEY, bytesFromLatin1("psst"));
    expect(outbox.frames.length - before).toBe(5);
  });
});

function registersAt(machines: Machines, name: string): number {
  return machines.at(name).shards.all.reduce((sum, shard) => sum + shard.table.count, 0);
}

describe("a document that has run out at several replicas", () => {
  it("keeps what both sides of a cut write when they begin it anew", async () => {
    const { machines, a, b } = await three("anew");
    await new Reader(a).type("o");
    machines.run(1000);
    await a.expireDocument(KEY, 2000);
    machines.run(1000);
    machines.cut(["a"], ["b", "c"]);
    machines.run(3000);
    const [left, right] = [new Reader(a), new Reader(b)];
    await left.type("l");
    machines.run(100);
    await right.type("r");
    machines.run(2000);
    machines.heal();
    machines.run(5000);
    expect([left.letters, right.letters]).toEqual(["lr", "lr"]);
    expect([left.events, right.events]).toEqual([["update"], ["update"]]);
    expect(machines.differences()).toEqual([]);
  });

  it("keeps what is written before it is heard that another replica ended it", async () => {
    for (let ms = 0; ms <= 2000; ms += 200) {
      const { machines, a, b } = await three(`ending ${ms}`);
      await new Reader(a).type("o");
      machines.run(1000);
      await a.expireDocument(KEY, 2000);
      machines.run(2000 + ms);
      machines.cut(["a"], ["b", "c"]);
      const late = new Reader(b);
      await late.type("n");
      machines.run(3000);
      machines.heal();
      machines.run(5000);
      expect([ms, late.letters, new Reader(a).letters]).toEqual([ms, "n", "n"]);
    }
  });
});
