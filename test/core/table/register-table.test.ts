import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Key } from "../../../src/base/ids.ts";
import { SeededRandom } from "../../../src/base/random.ts";
import { identityHash } from "../../../src/core/record/identity.ts";
import { fieldAt, keyAt, kindAt, RecordWriter, recordLength, sequenceAt } from "../../../src/core/record/record.ts";
import { Arena } from "../../../src/core/table/arena.ts";
import { RegisterTable } from "../../../src/core/table/register-table.ts";

const SEED = { k0: 0x01234567, k1: 0x89abcdef };

interface Identity {
  readonly kind: number;
  readonly key: string;
  readonly field: string | undefined;
}

interface Content {
  readonly sequence: number;
  readonly valueLength: number;
}

const identityOf = (kind: number, key: string, field?: string): Identity => ({ kind, key, field });
const nameOf = (identity: Identity): string => JSON.stringify([identity.kind, identity.key, identity.field ?? null]);

/** The table and an obvious twin, which must agree after every step. */
class Twins {
  readonly arena: Arena;
  readonly table: RegisterTable;
  readonly twin = new Map<string, Content & { readonly slot: number; readonly identity: Identity }>();
  readonly #writer = new RecordWriter(16);
  readonly #probe = new RecordWriter(16);

  constructor(arena = new Arena()) {
    this.arena = arena;
    this.table = new RegisterTable(arena, SEED);
  }

  #write(identity: Identity, content: Content): number {
    return this.#writer.write({
      flags: 0,
      kind: identity.kind,
      key: identity.key as Key,
      field: identity.field,
      value: new Uint8Array(content.valueLength).fill(content.sequence & 127),
      timestamp: content.sequence,
      origin: 1,
      sequence: content.sequence,
    });
  }

  find(identity: Identity): number {
    this.#probe.writeIdentity(identity.kind, identity.key, identity.field);
    return this.table.find(this.#probe.view, 0);
  }

  put(identity: Identity, content: Content): void {
    const length = this.#write(identity, content);
    const { view, bytes } = this.#writer;
    const name = nameOf(identity);
    const held = this.twin.get(name);
    const found = this.table.find(view, 0);
    expect(found).toBe(held?.slot ?? 0);
    if (found === 0) {
      const slot = this.table.insert(view, bytes, 0, length);
      this.twin.set(name, { ...content, slot, identity });
    } else {
      this.table.replace(found, bytes, 0, length);
      this.twin.set(name, { ...content, slot: found, identity });
    }
  }

  remove(identity: Identity): void {
    const slot = this.find(identity);
    expect(slot).toBe(this.twin.get(nameOf(identity))?.slot ?? 0);
    if (slot === 0) return;
    this.table.remove(slot);
    this.twin.delete(nameOf(identity));
    expect(this.table.isHeld(slot)).toBe(false);
    expect(this.find(identity)).toBe(0);
  }

  /** Everything held is found, says what it should, and nothing else is held. */
  verify(): void {
    const { table } = this;
    expect(table.count).toBe(this.twin.size);
    for (const { slot, sequence, valueLength, identity } of this.twin.values()) {
      const [view, bytes, at] = [table.viewOf(slot), table.bytesOf(slot), table.offsetOf(slot)];
      const isRight =
        this.find(identity) === slot &&
        table.isHeld(slot) &&
        kindAt(view, at) === identity.kind &&
        keyAt(view, bytes, at) === identity.key &&
        fieldAt(view, bytes, at) === identity.field &&
        sequenceAt(view, at) === sequence &&
        recordLength(view, at) ===
          32 + (identity.field === undefined ? 0 : 2 + identity.field.length) + identity.key.length + valueLength;
      if (!isRight) expect.unreachable(`slot ${slot} of ${nameOf(identity)}`);
    }
    let held = 0;
    for (let slot = 1; slot < table.slotEnd; slot++) if (table.isHeld(slot)) held++;
    expect(held).toBe(this.twin.size);
  }
}

/** Slots of a chain from its sentinel, checked both ways. */
function chainOf(table: RegisterTable, sentinel: number): number[] {
  const slots: number[] = [];
  for (let slot = table.next(sentinel); slot !== sentinel; slot = table.next(slot)) slots.push(slot);
  const back: number[] = [];
  for (let slot = table.previous(sentinel); slot !== sentinel; slot = table.previous(slot)) back.push(slot);
  expect(back.reverse()).toEqual(slots);
  return slots;
}

/** Identities that share their hash with another one: what a birthday brings among so many. */
function collidingIdentities(count: number): Identity[] {
  const probe = new RecordWriter();
  const byHash = new Map<number, Identity>();
  const colliding = new Set<Identity>();
  for (let i = 0; i < count; i++) {
    const identity = identityOf(0, `c${i}`);
    probe.writeIdentity(0, identity.key);
    const hash = identityHash(probe.view, 0, SEED.k0, SEED.k1);
    const other = byHash.get(hash);
    if (other !== undefined) colliding.add(other).add(identity);
    byHash.set(hash, identity);
  }
  return [...colliding];
}

const anyIdentity: fc.Arbitrary<Identity> = fc.record({
  kind: fc.integer({ min: 0, max: 1 }),
  key: fc.constantFrom("a", "b", "ab", "abc", "\0", "\xff\xff\xff\xff", "__proto__", "k".repeat(1024)),
  field: fc.constantFrom(undefined, "", "c", "bc"),
});

const anyContent: fc.Arbitrary<Content> = fc.record({
  sequence: fc.integer({ min: 1, max: 2 ** 48 - 1 }),
  valueLength: fc.oneof(fc.nat(20), fc.nat(70_000)),
});

describe("RegisterTable", () => {
  it("does what a Map does, whatever the commands", () => {
    const commands = fc.array(
      fc.oneof(
        fc.record({ type: fc.constant("put" as const), identity: anyIdentity, content: anyContent }),
        fc.record({ type: fc.constant("remove" as const), identity: anyIdentity }),
        fc.record({ type: fc.constant("sentinel" as const) }),
      ),
      { maxLength: 100, size: "max" },
    );
    fc.assert(
      fc.property(commands, (list) => {
        const twins = new Twins();
        for (const command of list) {
          if (command.type === "put") twins.put(command.identity, command.content);
          else if (command.type === "remove") twins.remove(command.identity);
          else twins.table.createSentinel();
        }
        twins.verify();
        for (const { identity } of [...twins.twin.values()]) twins.remove(identity);
        expect(twins.arena.usedBytes).toBe(0);
      }),
      { numRuns: 200 },
    );
  });

  it.each(["grow", "churn", "shrink"])("does what a Map does through a long run (%s)", (seed) => {
    const random = new SeededRandom(seed);
    const twins = new Twins();
    const share = { grow: 0.95, churn: 0.5, shrink: 0.7 }[seed] ?? 0.5;
    for (let step = 1; step <= 60_000; step++) {
      const identity = identityOf(0, `key-${random.below(20_000)}`, random.chance(0.1) ? "f" : undefined);
      const isLate = seed === "shrink" && step > 30_000;
      if (random.chance(isLate ? 0.1 : share)) twins.put(identity, { sequence: step, valueLength: random.below(300) });
      else twins.remove(identity);
      if (step % 20_000 === 0) twins.verify();
    }
    for (const { identity } of [...twins.twin.values()]) twins.remove(identity);
    expect(twins.table.count).toBe(0);
    expect(twins.arena.usedBytes).toBe(0);
  });

  it("stays right when clusters of the index run together and around its end", () => {
    // Few slots and many identities: every position of a small index is part of a cluster now and then.
    const random = new SeededRandom("clusters");
    for (let round = 0; round < 150; round++) {
      const twins = new Twins();
      const names = Array.from({ length: 13 }, () => identityOf(random.below(2), `k${random.below(1000)}`));
      for (let step = 1; step < 60; step++) {
        const identity = random.pick(names);
        if (random.chance(0.55)) twins.put(identity, { sequence: step, valueLength: 1 });
        else twins.remove(identity);
        for (const name of names) {
          if (twins.find(name) !== (twins.twin.get(nameOf(name))?.slot ?? 0)) expect.unreachable(nameOf(name));
        }
      }
    }
  });

  it("tells registers apart whose whole hash is the same", () => {
    const colliding = collidingIdentities(200_000);
    expect(colliding.length).toBeGreaterThanOrEqual(4);
    const twins = new Twins();
    for (const [i, identity] of colliding.entries()) twins.put(identity, { sequence: i + 1, valueLength: 1 });
    twins.verify();
    for (const identity of colliding) {
      twins.remove(identity);
      twins.verify();
    }
  });

  it("is unchanged when memory is full", () => {
    const twins = new Twins(new Arena(1));
    const small = identityOf(0, "small");
    twins.put(small, { sequence: 1, valueLength: 100 });
    const full = expect.objectContaining({ code: "MEMORY_FULL" });
    expect(() => twins.put(small, { sequence: 2, valueLength: 5000 })).toThrow(full);
    expect(() => twins.put(identityOf(0, "large"), { sequence: 3, valueLength: 5000 })).toThrow(full);
    expect(twins.find(identityOf(0, "large"))).toBe(0);
    twins.verify();
    twins.put(small, { sequence: 4, valueLength: 100 });
    twins.verify();
  });

  it("never moves a slot while it is held, so that one may walk and remove by slot", () => {
    const twins = new Twins();
    for (let i = 0; i < 5000; i++) twins.put(identityOf(0, `k${i}`), { sequence: i + 1, valueLength: i % 90 });
    const bySlot = new Map([...twins.twin.values()].map((entry) => [entry.slot, entry.identity]));
    for (let slot = 1; slot < twins.table.slotEnd; slot++) {
      const identity = bySlot.get(slot);
      if (!twins.table.isHeld(slot) || identity === undefined) continue;
      expect(keyAt(twins.table.viewOf(slot), twins.table.bytesOf(slot), twins.table.offsetOf(slot))).toBe(identity.key);
      if (slot % 3 !== 0) twins.remove(identity);
    }
    twins.verify();
  });

  it("uses freed slots again before new ones, without their marks", () => {
    const twins = new Twins();
    for (let i = 0; i < 100; i++) twins.put(identityOf(0, `k${i}`), { sequence: 1, valueLength: 1 });
    const end = twins.table.slotEnd;
    for (let slot = 1; slot < end; slot++) twins.table.setMark(slot, 255);
    for (let i = 0; i < 100; i++) twins.remove(identityOf(0, `k${i}`));
    for (let i = 0; i < 100; i++) twins.put(identityOf(0, `n${i}`), { sequence: 1, valueLength: 1 });
    expect(twins.table.slotEnd).toBe(end);
    for (let slot = 1; slot < end; slot++) expect(twins.table.getMark(slot)).toBe(0);
  });

  it("holds what it held when room is made in advance, and ends as large as one that grew by itself", () => {
    const [reserved, grown] = [new Twins(), new Twins()];
    for (const twins of [reserved, grown]) {
      for (let i = 0; i < 3000; i++) {
        if (i === 10 && twins === reserved) twins.table.reserve(3000);
        twins.put(identityOf(0, `k${i}`), { sequence: 1, valueLength: 1 });
      }
      for (let i = 0; i < 3000; i++) expect(twins.find(identityOf(0, `k${i}`))).toBe(i + 1);
    }
    expect(reserved.table.residentBytes).toBe(grown.table.residentBytes);
  });

  it("overwrites in place when the new record needs a block of the same size", () => {
    const twins = new Twins();
    const identity = identityOf(0, "key");
    twins.put(identity, { sequence: 1, valueLength: 5 });
    const slot = twins.find(identity);
    const [view, at] = [twins.table.viewOf(slot), twins.table.offsetOf(slot)];
    twins.put(identity, { sequence: 2, valueLength: 3 });
    expect([twins.table.viewOf(slot), twins.table.offsetOf(slot)]).toEqual([view, at]);
    expect(sequenceAt(view, at)).toBe(2);
    twins.put(identity, { sequence: 3, valueLength: 900 });
    twins.verify();
    twins.put(identity, { sequence: 4, valueLength: 0 });
    twins.verify();
    expect(twins.arena.usedBytes).toBe(36);
  });

  it("tells registers apart that share their bytes: kind, and where key ends and field begins", () => {
    const twins = new Twins();
    const all = [
      identityOf(0, "abc"),
      identityOf(0, "abc", ""),
      identityOf(0, "ab", "c"),
      identityOf(0, "a", "bc"),
      identityOf(1, "abc"),
    ];
    for (const [i, identity] of all.entries()) twins.put(identity, { sequence: i + 1, valueLength: i });
    expect(new Set(all.map((identity) => twins.find(identity))).size).toBe(5);
    twins.verify();
  });

  it("keeps marks by bit", () => {
    const { table } = new Twins();
    const slot = table.createSentinel();
    table.setMark(slot, 5);
    table.setMark(slot, 128);
    table.clearMark(slot, 1);
    expect(table.getMark(slot)).toBe(132);
  });

  it("costs next to nothing while it is empty", () => {
    expect(new RegisterTable(new Arena(), SEED).residentBytes).toBeLessThan(256);
  });

  it("refuses what would break it", () => {
    const twins = new Twins();
    const { table } = twins;
    const identity = identityOf(0, "key");
    twins.put(identity, { sequence: 1, valueLength: 1 });
    const slot = twins.find(identity);
    const writer = new RecordWriter();
    writer.writeIdentity(0, "key");
    expect(() => table.insert(writer.view, writer.bytes, 0, 35)).toThrow("BUG: insert");
    const sentinel = table.createSentinel();
    expect(() => table.remove(sentinel)).toThrow("BUG:");
    expect(() => table.replace(sentinel, writer.bytes, 0, 35)).toThrow("BUG:");
    expect(() => table.viewOf(sentinel)).toThrow("BUG:");
    expect(() => table.removeSentinel(slot)).toThrow("BUG:");
    expect(() => table.unlink(slot)).toThrow("BUG:");
    table.linkAfter(slot, sentinel);
    expect(() => table.linkAfter(slot, sentinel)).toThrow("BUG:");
    expect(() => table.remove(slot)).toThrow("BUG:");
    expect(() => table.removeSentinel(sentinel)).toThrow("BUG:");
    table.unlink(slot);
    table.removeSentinel(sentinel);
    table.remove(slot);
    expect(() => table.remove(slot)).toThrow("BUG:");
    expect([table.isHeld(slot), table.isSentinel(sentinel), table.isHeld(99)]).toEqual([false, false, false]);
    expect(table.count).toBe(0);
  });
});

describe("chains", () => {
  it("keep the order that a list would have, whatever is linked and unlinked", () => {
    const random = new SeededRandom("chains");
    const twins = new Twins();
    const { table } = twins;
    const chains = Array.from({ length: 4 }, () => ({ sentinel: table.createSentinel(), list: [] as number[] }));
    const loose: number[] = [];
    for (let i = 0; i < 3000; i++) {
      const identity = identityOf(0, `k${i}`);
      twins.put(identity, { sequence: i + 1, valueLength: 3 });
      loose.push(twins.find(identity));
    }
    for (let step = 0; step < 30_000; step++) {
      const chain = random.pick(chains);
      if (random.chance(0.52) && loose.length > 0) {
        const slot = loose.pop() ?? 0;
        const position = random.below(chain.list.length + 1);
        table.linkAfter(slot, chain.list[position - 1] ?? chain.sentinel);
        chain.list.splice(position, 0, slot);
      } else if (chain.list.length > 0) {
        const [slot] = chain.list.splice(random.below(chain.list.length), 1);
        table.unlink(slot ?? 0);
        expect([table.next(slot ?? 0), table.previous(slot ?? 0)]).toEqual([0, 0]);
        loose.push(slot ?? 0);
      }
    }
    for (const chain of chains) expect(chainOf(table, chain.sentinel)).toEqual(chain.list);
    twins.verify();
  });

  it("take sentinels as cursors: one may stand in another's chain", () => {
    const twins = new Twins();
    const { table } = twins;
    const head = table.createSentinel();
    twins.put(identityOf(0, "a"), { sequence: 1, valueLength: 1 });
    const slot = twins.find(identityOf(0, "a"));
    table.linkAfter(slot, head);
    const cursor = table.createSentinel();
    table.linkAfter(cursor, head);
    expect(chainOf(table, head)).toEqual([cursor, slot]);
    expect(table.isSentinel(cursor)).toBe(true);
    table.unlink(cursor);
    table.linkAfter(cursor, slot);
    expect(chainOf(table, head)).toEqual([slot, cursor]);
    table.unlink(cursor);
    table.removeSentinel(cursor);
    expect(table.isSentinel(cursor)).toBe(false);
    expect(chainOf(table, head)).toEqual([slot]);
  });
});
