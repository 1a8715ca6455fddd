/** One pass over the bytes of an update, which gathers its facts; see `update-check.ts`. */

import { BadBytes, latin1FromBytes } from "../base/bytes.ts";
import { CLOCK_MAX, type UpdateLimits } from "./document-limits.ts";
import type { ClockRange, UpdateFacts } from "./update-facts.ts";
import { hasCircle, type Section } from "./update-order.ts";
import { tooLarge, UpdateReader } from "./update-reader.ts";

const KIND_BITS = 31;
const KIND_COLLECTED = 0;
const KIND_SKIP = 10;
const HAS_ORIGIN = 128;
const HAS_RIGHT_ORIGIN = 64;
const HAS_KEY = 32;

/** The least bytes of each: a count of more than what follows can hold is a lie. */
const CLIENT_BYTES = 3;
const STRUCT_BYTES = 2;
const DELETING_CLIENT_BYTES = 2;
const RANGE_BYTES = 2;

export class UpdateWalk {
  readonly #reader: UpdateReader;
  readonly #limits: UpdateLimits;
  readonly #sections = new Map<number, Section>();
  /** By client, the clock of what follows on the last gap; 0 where there is none. */
  readonly #gapEnds = new Map<number, number>();
  /** By client, one past the greatest clock that others refer to. */
  readonly #referred = new Map<number, number>();
  readonly #deletesUpTo = new Map<number, number>();
  readonly #roots = new Set<string>();
  #lastRoot: Uint8Array = new Uint8Array(0);
  #structs = 0;
  #deletes = 0;

  constructor(update: Uint8Array, limits: UpdateLimits) {
    this.#reader = new UpdateReader(update, limits);
    this.#limits = limits;
  }

  /** Reads all. Throws `BadBytes`, and `AtollError` with `UPDATE_TOO_LARGE`. */
  facts(): UpdateFacts {
    this.#readStructs();
    this.#readDeleteSet();
    this.#reader.finish();
    if (hasCircle(this.#sections)) throw new BadBytes("structs that wait for each other");
    const { values, types, subdocuments, holdsBytes, bytes } = this.#reader;
    return {
      bytes: bytes.length,
      structs: this.#structs,
      deletes: this.#deletes,
      values,
      types,
      subdocuments,
      roots: this.#roots.size,
      holdsBytes,
      ranges: this.#ranges(),
      needs: this.#needs(),
      deletesUpTo: this.#deletesUpTo,
    };
  }

  #readStructs(): void {
    const clients = this.#count(CLIENT_BYTES, this.#limits.clientsPerUpdateMax, "clients");
    for (let i = 0; i < clients; i++) {
      const structs = this.#count(STRUCT_BYTES, this.#limits.structsPerUpdateMax - this.#structs, "structs");
      this.#structs += structs;
      this.#readSection(structs);
    }
  }

  #readSection(structs: number): void {
    const client = this.#reader.varint();
    let clock = this.#reader.varint(CLOCK_MAX);
    // Yjs would forget the first of the two.
    if (this.#sections.has(client)) throw new BadBytes(`client ${client} twice`);
    const section: Section = { clock, end: 0, structs: 0, references: [], next: 0, done: 0, isWaiting: false };
    let gapEnd = 0;
    this.#sections.set(client, section);
    for (let i = 0; i < structs; i++) {
      const info = this.#reader.u8();
      const next = clock + this.#readStruct(info, client, section, clock);
      if (next > CLOCK_MAX) throw new BadBytes(`a clock of ${next}`);
      if (info !== KIND_SKIP) {
        // The first, or after a skip.
        if (section.end !== clock) gapEnd = clock;
        if (section.end === 0) section.clock = clock;
        section.end = next;
        section.structs++;
      }
      clock = next;
    }
    if (gapEnd > 0) this.#gapEnds.set(client, gapEnd);
  }

  /** Returns by how much the clock goes on. */
  #readStruct(info: number, client: number, section: Section, clock: number): number {
    // Whether Yjs minds the other bits of these two depends on where it reads them.
    if (info === KIND_COLLECTED || info === KIND_SKIP) return this.#reader.runLength();
    const kind = info & KIND_BITS;
    if (kind === KIND_COLLECTED || kind === KIND_SKIP) throw new BadBytes("a struct of unknown kind");
    if ((info & HAS_ORIGIN) !== 0) this.#readReference(client, section, clock);
    if ((info & HAS_RIGHT_ORIGIN) !== 0) this.#readReference(client, section, clock);
    if ((info & (HAS_ORIGIN | HAS_RIGHT_ORIGIN)) === 0) {
      this.#readParent(client, section, clock);
      if ((info & HAS_KEY) !== 0) this.#reader.name();
    }
    return this.#reader.content(kind);
  }

  #readParent(client: number, section: Section, clock: number): void {
    const isRoot = this.#reader.varint(1) === 1;
    if (!isRoot) return this.#readReference(client, section, clock);
    const at = this.#reader.name();
    const name = this.#reader.bytes.subarray(at, this.#reader.position);
    // Most often it is the same name again.
    if (this.#roots.size > 0 && areEqual(name, this.#lastRoot)) return;
    this.#lastRoot = name;
    this.#roots.add(latin1FromBytes(name));
    if (this.#roots.size > this.#limits.rootsMax) throw tooLarge(`more than ${this.#limits.rootsMax} shared types`);
  }

  /** Yjs looks up what the same client wrote without asking whether it is there. */
  #readReference(client: number, section: Section, clock: number): void {
    const toClient = this.#reader.varint();
    const toClock = this.#reader.varint(CLOCK_MAX - 1);
    if (toClient === client) {
      if (toClock >= clock) throw new BadBytes("a struct that refers to what comes after it");
    } else {
      section.references.push(clock, toClient, toClock);
      raise(this.#referred, toClient, toClock + 1);
    }
  }

  #readDeleteSet(): void {
    const clients = this.#count(DELETING_CLIENT_BYTES, this.#limits.clientsPerUpdateMax, "clients");
    for (let i = 0; i < clients; i++) {
      const client = this.#reader.varint();
      const ranges = this.#count(RANGE_BYTES, this.#limits.deletesPerUpdateMax - this.#deletes, "deletions");
      this.#deletes += ranges;
      for (let j = 0; j < ranges; j++) {
        const end = this.#reader.varint(CLOCK_MAX) + this.#reader.runLength();
        if (end > CLOCK_MAX) throw new BadBytes(`a clock of ${end}`);
        raise(this.#deletesUpTo, client, end);
      }
    }
  }

  #count(bytesEach: number, max: number, what: string): number {
    const count = this.#reader.count(bytesEach);
    if (count > max) throw tooLarge(`too many ${what}`);
    return count;
  }

  #ranges(): Map<number, ClockRange> {
    const ranges = new Map<number, ClockRange>();
    for (const [client, { clock, end, structs }] of this.#sections) {
      if (end > 0) ranges.set(client, { clock, end, structs });
    }
    return ranges;
  }

  #needs(): Map<number, number> {
    const needs = this.#gapEnds;
    for (const [client, clock] of this.#referred) {
      if (clock > (this.#sections.get(client)?.end ?? 0)) raise(needs, client, clock);
    }
    return needs;
  }
}

function raise(clocks: Map<number, number>, client: number, clock: number): void {
  if (clock > (clocks.get(client) ?? 0)) clocks.set(client, clock);
}

function areEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
