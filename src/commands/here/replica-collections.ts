/** The collections of commands, over the shards of a replica. */

import { isSameBytes } from "../../base/bytes.ts";
import { AtollError } from "../../base/errors.ts";
import type { Key } from "../../base/ids.ts";
import type { PackedItems } from "../../base/packed-items.ts";
import type { Container } from "../../core/containers/container.ts";
import type { Amount } from "../../core/record/amount.ts";
import { KIND_LIST } from "../../core/record/kind.ts";
import { lengthWithName } from "../../core/record/member.ts";
import { expiresAt } from "../../core/record/record.ts";
import type { LocalWrite } from "../../core/shard/author.ts";
import type { Shard } from "../../core/shard/shard.ts";
import type { CollectionType } from "../../store.ts";
import {
  added,
  beginning,
  type CollectionId,
  deletionOfAll,
  leaseOf,
  memberCount,
  memberName,
  memberPlace,
  memberRegisters,
  memberSlot,
  membersFrom,
  memberValue,
  rankedMember,
  removed,
  wholeRegisters,
} from "../../types/collection.ts";
import { collectionTypeOf, kindOf } from "../../types/collection-type.ts";
import { isOver, isThere, leaseEnd, liveMembers } from "../../types/container.ts";
import { memberAddition } from "../../types/counted-member.ts";
import { isValueThere } from "../../types/counter.ts";
import { type ListEnd, placeAtEnd, placeNextTo } from "../../types/list.ts";
import { roomNextTo } from "../../types/list-room.ts";
import { Snapshot } from "../../types/snapshot.ts";
import { packNext } from "../members/packed-members.ts";
import { CommandError, WRONG_TYPE } from "../words/command-error.ts";
import type { Collections, CountedType, Member, Shown } from "../workspace/collections.ts";
import type { Lookups } from "../workspace/lookups.ts";
import { drawnSlots, pickedSlots } from "./random-slots.ts";

/** Of a register, with its places in the table and in the order of its collection. */
const REGISTER_BYTES = 72;
/** Of what is written for what was added, mostly. */
const RUN_BYTES_MAX = 64;

/** Members that are looked at, or written, in one turn of several: some 5 ms. */
const READ_MAX = 2048;
const WRITTEN_MAX = 512;

const NO_PLACE =
  "ERR no place is left there: too often was something inserted right between what had been inserted last";

/** What of a workspace they need. */
export interface CollectionsHost {
  readonly now: number;
  readonly valueBytesMax: number;
  readonly lookups: Lookups;
  shardOf(key: Key): Shard;
  write(shard: Shard, write: LocalWrite): void;
  takeRoom(bytes: number): void;
  /** The client is about to be told what is in slots, or that nothing is: asked for them where it wants to know. */
  saw(shard: Shard, slotsOf: () => readonly number[]): void;
  /** When what is asked to end then ends, by the policy of the keyspace; undefined: never. */
  endUnderPolicy(at: number): number | undefined;
}

export interface Move {
  readonly to: Key;
  readonly isKept: boolean;
  /** Removes what is there. */
  clear(): void;
}

export class ReplicaCollections implements Collections {
  readonly #host: CollectionsHost;
  readonly #takeRoom = (bytes: number): void => this.#host.takeRoom(bytes);

  constructor(host: CollectionsHost) {
    this.#host = host;
  }

  // --- Whatever is under a key ---------------------------------------------------------------------------------

  /** The collection that a key shows where there is no string. */
  shownIn(shard: Shard, key: Key): Container | undefined {
    if (shard.containers.count === 0) return undefined;
    for (const container of shard.containers.under(key)) {
      const isCollection = collectionTypeOf(container.kind) !== undefined;
      if (!isCollection || !isThere(shard, container.kind, key, this.#host.now)) continue;
      container.used(this.#host.now);
      return container;
    }
    return undefined;
  }

  /** All that is there, of every kind. False: there was nothing. */
  removeAll(shard: Shard, key: Key): boolean {
    if (shard.containers.count === 0) return false;
    let found = false;
    for (const { kind } of [...shard.containers.under(key)]) {
      if (collectionTypeOf(kind) === undefined || !isThere(shard, kind, key, this.#host.now)) continue;
      for (const write of deletionOfAll(shard, { kind, key })) this.#host.write(shard, write);
      found = true;
    }
    return found;
  }

  endOf(shard: Shard, { kind, key }: Container): number {
    return leaseEnd(shard, kind, key);
  }

  /** About. */
  bytesOf(shard: Shard, { members, bytes }: Container): number {
    const first = members.at(0);
    return bytes + members.size * (REGISTER_BYTES + (first === 0 ? 0 : shard.values.lengthOf(first)));
  }

  setEnd(shard: Shard, { kind, key }: Container, at: number): void {
    this.#host.write(shard, leaseOf({ kind, key }, this.#host.endUnderPolicy(at)));
  }

  /** Gives another key the same members, with their ends and that of the whole, in place of what is there, in steps. */
  *moving(shard: Shard, from: Container, { to, isKept, clear }: Move): Generator<void, void> {
    const { kind, key } = from;
    const whole = this.snapshot(key, collectionTypeOf(kind) as CollectionType);
    const target = { kind, key: to };
    const into = this.#host.shardOf(to);
    const end = leaseEnd(shard, kind, key);
    clear();
    for (const write of beginning(into, target, this.#host.now)) this.#host.write(into, write);
    if (end !== Infinity) this.#host.write(into, leaseOf(target, end));
    yield* this.#copying(whole, into, target);
    if (isKept) return;
    if (whole.isUnchanged) this.removeAll(shard, key);
    // What others wrote meanwhile is not lost: it goes along, or stays.
    else yield* this.#copying(whole.again(), into, target, key);
  }

  /** `from`: the key that they are taken from. */
  *#copying(whole: Snapshot, into: Shard, target: CollectionId, from?: Key): Generator<void, void> {
    const { shard, kind } = whole;
    for (let slots = whole.next(WRITTEN_MAX); slots !== undefined; slots = whole.next(WRITTEN_MAX)) {
      for (const slot of slots) {
        const [name, value] = [memberName(shard, slot), memberValue(shard, slot).slice()];
        this.#host.write(into, added(target, { name, value, expiresAt: ownEnd(shard, slot) }));
        if (from !== undefined) this.#host.write(shard, removed(shard, { kind, key: from }, name));
      }
      yield;
    }
  }

  // --- Members -------------------------------------------------------------------------------------------------

  count(key: Key, type: CollectionType): number {
    const shard = this.#shardFor(key, type);
    const id = { kind: kindOf(type), key };
    const count = memberCount(shard, id, this.#host.now);
    if (count === 0) this.#host.saw(shard, () => wholeRegisters(shard, id));
    return count;
  }

  valueOf(key: Key, type: CollectionType, name: string): Uint8Array | undefined {
    const shard = this.#shardFor(key, type);
    const id = { kind: kindOf(type), key };
    const slot = memberSlot(shard, id, name, this.#host.now);
    this.#saw(shard, id, name, slot);
    return slot === 0 ? undefined : memberValue(shard, slot);
  }

  /** `slot`: of what there is; 0: nothing, which a deletion of the whole may be why. */
  #saw(shard: Shard, id: CollectionId, name: string, slot: number): void {
    this.#host.saw(shard, () => {
      const own = memberRegisters(shard, id, name);
      return slot === 0 ? [...own, ...wholeRegisters(shard, id)] : own;
    });
  }

  memberExpiresAt(key: Key, type: CollectionType, name: string): number | undefined {
    const shard = this.#shardFor(key, type);
    const slot = memberSlot(shard, { kind: kindOf(type), key }, name, this.#host.now);
    return slot === 0 ? undefined : (ownEnd(shard, slot) ?? Infinity);
  }

  *members(key: Key, type: CollectionType, from = 0): Generator<Member, void> {
    const shard = this.#shardFor(key, type);
    for (const slot of liveMembers(shard, kindOf(type), key, this.#host.now, from)) yield new MemberIn(shard, slot);
  }

  scan(key: Key, type: CollectionType, place: number, count: number) {
    const shard = this.#shardFor(key, type);
    this.#host.saw(shard, () => wholeRegisters(shard, { kind: kindOf(type), key }));
    const members: Member[] = [];
    let last = -1;
    for (const slot of membersFrom(shard, { kind: kindOf(type), key }, place, this.#host.now)) {
      const at = memberPlace(shard, { kind: kindOf(type), key }, slot);
      // Those of one place come together: no cursor tells them apart.
      if (members.length >= count && at !== last) return { members, next: at };
      this.#host.saw(shard, () => memberRegisters(shard, { kind: kindOf(type), key }, memberName(shard, slot)));
      members.push(new MemberIn(shard, slot));
      last = at;
    }
    return { members };
  }

  snapshot(key: Key, type: CollectionType, from = 0, to = Infinity): Snapshot {
    return this.#snapshotOf(key, type, ({ members }) => members.copy(from, to));
  }

  picked(key: Key, type: CollectionType, count: number, random: () => number): Snapshot {
    return this.#snapshotOf(key, type, ({ members }) => pickedSlots(members, count, random));
  }

  drawn(key: Key, type: CollectionType, count: number, random: () => number): Snapshot {
    return this.#snapshotOf(key, type, ({ members }) => drawnSlots(members, Math.min(count, READ_MAX), random));
  }

  #snapshotOf(key: Key, type: CollectionType, copy: (container: Container) => Uint32Array): Snapshot {
    const shard = this.#shardFor(key, type);
    const { now } = this.#host;
    const container = isOver(shard, kindOf(type), key, now) ? undefined : shard.containers.find(kindOf(type), key);
    return new Snapshot(shard, container, container === undefined ? new Uint32Array(0) : copy(container), now);
  }

  packNext(snapshot: Snapshot, shown: Shown, into: PackedItems, takeRoom = this.#takeRoom): boolean {
    return packNext(snapshot, shown, into, takeRoom);
  }

  namesOf(snapshot: Snapshot, looks = 1): readonly string[] | undefined {
    return snapshot.next(shareOf(looks))?.map((slot) => memberName(snapshot.shard, slot));
  }

  slotsWith(snapshot: Snapshot, value: Uint8Array): readonly number[] | undefined {
    return snapshot.next(READ_MAX)?.filter((slot) => isSameBytes(memberValue(snapshot.shard, slot), value));
  }

  placesWith(snapshot: Snapshot, value: Uint8Array) {
    const { shard } = snapshot;
    return snapshot
      .nextPlaced(READ_MAX)
      ?.filter(({ slot }) => isSameBytes(memberValue(shard, slot), value))
      .map(({ slot, place }) => ({ name: memberName(shard, slot), place }));
  }

  removeNext(key: Key, snapshot: Snapshot): number | undefined {
    const { shard } = snapshot;
    const slots = snapshot.next(WRITTEN_MAX);
    for (const slot of slots ?? []) {
      const { kind } = snapshot;
      this.#host.write(shard, removed(shard, { kind, key }, memberName(shard, slot)));
    }
    return slots?.length;
  }

  membership(key: Key, type: CollectionType): (name: string) => boolean {
    const shard = this.#shardFor(key, type);
    const id = { kind: kindOf(type), key };
    return (name) => memberSlot(shard, id, name, this.#host.now) !== 0;
  }

  at(key: Key, type: CollectionType, rank: number): Member | undefined {
    const shard = this.#shardFor(key, type);
    const slot = rankedMember(shard, { kind: kindOf(type), key }, rank, this.#host.now);
    return slot === 0 ? undefined : new MemberIn(shard, slot);
  }

  put(key: Key, type: CollectionType, name: string, value: Uint8Array, expiresAt?: number): void {
    this.#expectShort(name, value.length);
    const id = { kind: kindOf(type), key };
    this.#writeInto(this.#shardFor(key, type), id, () => added(id, { name, value, expiresAt }));
  }

  #expectShort(name: string, valueLength: number): void {
    const { valueBytesMax } = this.#host;
    if (lengthWithName(name, valueLength) > valueBytesMax)
      throw new AtollError("VALUE_TOO_LARGE", `a member and its value have at most ${valueBytesMax} bytes`);
  }

  /** The first that is written begins the collection. */
  #writeInto(shard: Shard, id: CollectionId, write: () => LocalWrite): void {
    const { now } = this.#host;
    const isNew = !isThere(shard, id.kind, id.key, now);
    for (const each of beginning(shard, id, now)) this.#host.write(shard, each);
    this.#host.write(shard, write());
    const end = isNew ? this.#host.endUnderPolicy(Infinity) : undefined;
    if (end !== undefined) this.#host.write(shard, leaseOf(id, end));
  }

  add(key: Key, type: CountedType, name: string, by: Amount): void {
    const { now } = this.#host;
    const shard = this.#shardFor(key, type);
    const id = { kind: kindOf(type), key };
    this.#expectShort(name, RUN_BYTES_MAX);
    this.#writeInto(shard, id, () => {
      const slot = memberSlot(shard, id, name, now);
      const due = slot === 0 ? undefined : ownEnd(shard, slot);
      return memberAddition(shard, id, name, { by, due }, now);
    });
  }

  remove(key: Key, type: CollectionType, name: string): boolean {
    const shard = this.#shardFor(key, type);
    const id = { kind: kindOf(type), key };
    if (memberSlot(shard, id, name, this.#host.now) === 0) {
      this.#saw(shard, id, name, 0);
      return false;
    }
    this.#host.write(shard, removed(shard, id, name));
    return true;
  }

  placeAtEnd(key: Key, end: ListEnd): string {
    const place = placeAtEnd(this.#shardFor(key, "list"), key, end, this.#host.now);
    if (place === undefined) throw new CommandError(NO_PLACE);
    return place;
  }

  placeNextTo(key: Key, name: string, side: "before" | "after"): string {
    const shard = this.#shardFor(key, "list");
    const list = { kind: KIND_LIST, key };
    const { now } = this.#host;
    const slot = memberSlot(shard, list, name, now);
    const place = slot === 0 ? undefined : placeNextTo(shard, key, slot, side, now);
    if (place !== undefined) return place;
    const room = slot === 0 ? undefined : roomNextTo(shard, key, slot, side, now);
    if (room === undefined) throw new CommandError(NO_PLACE);
    for (const move of room.moves) {
      const [value, left] = [memberValue(shard, move.slot).slice(), memberName(shard, move.slot)];
      this.#host.write(shard, added(list, { name: move.place, value, expiresAt: ownEnd(shard, move.slot) }));
      this.#host.write(shard, removed(shard, list, left));
    }
    return room.place;
  }

  /** Where what is under a key is, if it is anything. Throws WRONGTYPE. */
  shardWith(key: Key, type: CollectionType): Shard {
    return this.#shardFor(key, type);
  }

  /** Throws WRONGTYPE. */
  #shardFor(key: Key, type: CollectionType): Shard {
    const shard = this.#host.shardOf(key);
    const isString = isValueThere(shard, key, this.#host.now);
    const shown = isString ? undefined : this.shownIn(shard, key);
    this.#host.lookups.note(key, isString || shown !== undefined);
    if (isString) throw new CommandError(WRONG_TYPE);
    if (shown !== undefined && shown.kind !== kindOf(type)) throw new CommandError(WRONG_TYPE);
    return shard;
  }
}

/** Members of a turn where each is looked for so many times. */
export function shareOf(looks: number): number {
  return Math.max(1, Math.floor(READ_MAX / Math.max(1, looks)));
}

/** Of most members either the name or the value is not asked for. */
class MemberIn implements Member {
  readonly #shard: Shard;
  readonly #slot: number;

  constructor(shard: Shard, slot: number) {
    this.#shard = shard;
    this.#slot = slot;
  }

  get name(): string {
    return memberName(this.#shard, this.#slot);
  }

  get value(): Uint8Array {
    return memberValue(this.#shard, this.#slot);
  }
}

/** Undefined: it does not expire by itself. */
function ownEnd(shard: Shard, slot: number): number | undefined {
  const end = expiresAt(shard.table.viewOf(slot), shard.table.offsetOf(slot));
  return end === Infinity ? undefined : end;
}
