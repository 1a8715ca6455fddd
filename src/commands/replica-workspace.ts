/** The workspace of commands over what this replica holds of a keyspace. One for each keyspace, used for one command at a time. */

import { assert } from "../base/assert.ts";
import { Copies } from "../base/copies.ts";
import { AtollError } from "../base/errors.ts";
import type { Key, SpaceId } from "../base/ids.ts";
import type { CommandClient } from "../command-store.ts";
import type { Container } from "../core/container.ts";
import { KIND_PLAIN } from "../core/kind.ts";
import { bodyLengthAt, contentTypeAt, expiresAt, keyAt, kindAt, tagsAt, wholeLength } from "../core/record.ts";
import type { LocalWrite, Shard } from "../core/shard.ts";
import { keysApart } from "../replica/command-router.ts";
import { scanKeys } from "../replica/key-scan.ts";
import { checkKey, ValueAway, ValueLong } from "../replica/operations.ts";
import { versionAt } from "../replica/register-view.ts";
import type { Replica } from "../replica/replica.ts";
import { SHORT_VALUE_BYTES_MAX } from "../store.ts";
import { firstMember } from "../types/container.ts";
import { collectionTypeOf } from "./collections.ts";
import { CommandError, WRONG_TYPE } from "./command-error.ts";
import { endUnder } from "./end-under-policy.ts";
import { awayAmong, bytesOfAll, type ExpectedHost } from "./expected-values.ts";
import { bodyOf, dotOf } from "./held-register.ts";
import { Interruption, type SeenTo } from "./interruption.ts";
import { randomKeyOf } from "./random-key.ts";
import { type CollectionsHost, ReplicaCollections } from "./replica-collections.ts";
import { ReplicaSortedSets } from "./replica-sorted-sets.ts";
import { type Scope, shardsWithin } from "./scope.ts";
import { TurnBounds } from "./turn-bounds.ts";
import type { KeyType, ScanPlace, Workspace } from "./workspace.ts";

/** Of a register, with its place in the table. */
const REGISTER_BYTES = 64;
/** What an answer holds for a member that was written, beside its bytes. */
const WRITTEN_BYTES = 192;
const ROOM_STEP_MAX = 16 * 1024 * 1024;

/** Of values that clients are given. */
const copies = new Copies(64 * 1024);

export class ReplicaWorkspace implements Workspace, CollectionsHost, ExpectedHost {
  now = 0;
  readonly keyBytesMax: number;
  readonly valueBytesMax: number;
  readonly collections = new ReplicaCollections(this);
  readonly sortedSets = new ReplicaSortedSets(this, this.collections);
  readonly #space: SpaceId;
  readonly #random: () => number;
  #replica: Replica;
  #client: CommandClient;
  /** What there is room for. */
  #roomBytes = 0;
  #takenBytes = 0;
  readonly #bounds = new TurnBounds();
  #hasWritten = false;
  /** Of the present command, or turn: it looks nowhere else. */
  scope: Scope;
  /** Keys whose values nobody has: they are not there. */
  #lost: ReadonlySet<Key> | undefined;

  constructor(replica: Replica, space: SpaceId, random: () => number) {
    this.#replica = replica;
    this.#space = space;
    this.#random = random;
    this.#client = { lastWrite: undefined };
    this.keyBytesMax = replica.config.keyBytesMax;
    this.valueBytesMax = replica.config.valueBytesMax;
  }

  random(): number {
    return this.#random();
  }

  /** For the next command, or the next turn of one. */
  begin(replica: Replica, client: CommandClient, now: number, { roomBytes, takenBytes, lost }: SeenTo): void {
    this.#lost = lost;
    this.scope = undefined;
    this.#replica = replica;
    this.#client = client;
    this.now = now;
    this.#roomBytes = client.room === undefined ? Infinity : roomBytes + SHORT_VALUE_BYTES_MAX;
    this.#takenBytes = takenBytes;
    this.#bounds.begin();
    this.#hasWritten = false;
  }

  // --- Keys ----------------------------------------------------------------------------------------------------

  typeOf(key: Key): KeyType | undefined {
    const shard = this.shardOf(key);
    if (this.#liveIn(shard, key) !== 0) return "string";
    const shown = this.collections.shownIn(shard, key);
    return shown === undefined ? undefined : collectionTypeOf(shown.kind);
  }

  versionOf(key: Key): string {
    const shard = this.shardOf(key);
    const slot = this.#liveIn(shard, key);
    if (slot !== 0) return versionAt(shard.table.viewOf(slot), shard.table.offsetOf(slot));
    const shown = this.collections.shownIn(shard, key);
    return shown === undefined ? "" : `${shown.kind}:${shown.changes}`;
  }

  expiresAt(key: Key): number | undefined {
    const shard = this.shardOf(key);
    const slot = this.#liveIn(shard, key);
    if (slot !== 0) return expiresAt(shard.table.viewOf(slot), shard.table.offsetOf(slot));
    const shown = this.collections.shownIn(shard, key);
    return shown === undefined ? undefined : this.collections.endOf(shard, shown);
  }

  setExpiresAt(key: Key, at: number): boolean {
    if (this.#copyRegister(key, key, at)) return true;
    const shard = this.shardOf(key);
    const shown = this.collections.shownIn(shard, key);
    if (shown === undefined) return false;
    if (at <= this.now) this.remove(key);
    else this.collections.setEnd(shard, shown, at);
    return true;
  }

  remove(key: Key): boolean {
    const shard = this.shardOf(key);
    const hasValue = this.#liveIn(shard, key) !== 0;
    if (hasValue) this.#writeValue(shard, key, undefined, undefined, undefined, undefined);
    return this.collections.removeAll(shard, key) || hasValue;
  }

  move(from: Key, to: Key, isKept: boolean): boolean {
    const shard = this.shardOf(from);
    const slot = this.#liveIn(shard, from);
    if (slot !== 0) {
      const at = expiresAt(shard.table.viewOf(slot), shard.table.offsetOf(slot));
      // What is away is asked for before anything is written (C1).
      this.#resident(shard, from, slot);
      this.collections.removeAll(this.shardOf(to), to);
      this.#copyRegister(from, to, at);
    } else {
      const shown = this.collections.shownIn(shard, from);
      if (shown === undefined) return false;
      this.remove(to);
      this.collections.copy(shard, shown, to);
    }
    if (!isKept) this.remove(from);
    return true;
  }

  bytesOf(key: Key): number | undefined {
    const found = this.valueOf(key);
    if (found === undefined) return this.collectionBytesOf(key) || undefined;
    return REGISTER_BYTES + wholeLength(found.shard.table.viewOf(found.slot), found.shard.table.offsetOf(found.slot));
  }

  touch(key: Key): boolean {
    const shard = this.shardOf(key);
    const slot = this.#liveIn(shard, key);
    if (slot !== 0) shard.used(slot);
    return slot !== 0 || this.collections.shownIn(shard, key) !== undefined;
  }

  isResident(key: Key): boolean {
    const found = this.valueOf(key);
    return found === undefined || !found.shard.isAway(found.slot);
  }

  /**
   * Before several commands run as one: what they may read is in memory, and there is room for a copy of each of what they may
   * give back (C1). What is no key at all is for the command to say.
   */
  expect(keys: readonly Key[], givenBack: readonly Key[] = keys): void {
    const bytes = bytesOfAll(this, givenBack);
    if (bytes > this.#roomBytes) throw this.#interruption(new ValueLong(bytes));
    this.expectHere(keys);
  }

  /** All that a command may read is in memory: what is not is brought back together. */
  expectHere(keys: readonly Key[]): void {
    const away = awayAmong(this, keys);
    if (away.length > 0) throw this.#interruption(away);
  }

  valueOf(key: Key): { readonly shard: Shard; readonly slot: number } | undefined {
    if (key.length === 0 || key.length > this.keyBytesMax) return undefined;
    const shard = this.shardOf(key);
    const slot = this.#liveIn(shard, key);
    return slot === 0 ? undefined : { shard, slot };
  }

  collectionBytesOf(key: Key): number {
    if (key.length === 0 || key.length > this.keyBytesMax) return 0;
    const shard = this.shardOf(key);
    const shown = this.collections.shownIn(shard, key);
    return shown === undefined ? 0 : this.collections.bytesOf(shard, shown);
  }

  // --- Strings -------------------------------------------------------------------------------------------------

  stringAt(key: Key): Uint8Array | undefined {
    const shard = this.shardOf(key);
    const slot = this.#liveIn(shard, key);
    if (slot === 0) return this.#noString(shard, key);
    this.#resident(shard, key, slot);
    shard.used(slot);
    return bodyOf(shard, slot);
  }

  stringLength(key: Key): number | undefined {
    const shard = this.shardOf(key);
    const slot = this.#liveIn(shard, key);
    if (slot === 0) return this.#noString(shard, key);
    // How long the content type is stands in the value itself.
    this.#resident(shard, key, slot);
    return bodyLengthAt(shard.table.viewOf(slot), shard.table.offsetOf(slot));
  }

  /** Throws WRONGTYPE. */
  #noString(shard: Shard, key: Key): undefined {
    if (this.collections.shownIn(shard, key) !== undefined) throw new CommandError(WRONG_TYPE);
    return undefined;
  }

  #resident(shard: Shard, key: Key, slot: number): void {
    if (shard.isAway(slot)) throw this.#interruption([{ key, value: new ValueAway(shard, slot) }]);
  }

  writeString(key: Key, value: Uint8Array, at = Infinity): void {
    if (value.length > this.valueBytesMax)
      throw new AtollError("VALUE_TOO_LARGE", `a value has at most ${this.valueBytesMax} bytes`);
    const shard = this.shardOf(key);
    this.collections.removeAll(shard, key);
    this.#writeValue(shard, key, value, at, undefined, undefined);
  }

  takeRoom(bytes: number): void {
    this.#takenBytes += bytes;
    if (this.#takenBytes > this.#roomBytes) this.#needRoom();
  }

  copyOf(bytes: Uint8Array): Uint8Array {
    this.takeRoom(bytes.length);
    return copies.of(bytes);
  }

  /** Of what has been begun with, all that was copied. */
  get takenBytes(): number {
    return this.#takenBytes;
  }

  goThrough(bytes: number): void {
    this.#bounds.goThrough(bytes);
  }

  // --- Listing -------------------------------------------------------------------------------------------------

  scan(place: ScanPlace, options: { readonly prefix: string; readonly count: number }) {
    this.#bounds.mayLook(0);
    const page = scanKeys(shardsWithin(this.#replica.shards.in(this.#space), this.scope), place, options, this.now);
    this.#bounds.looked(page.looked);
    return page;
  }

  expectWhole(): void {
    this.#bounds.mayLook([...this.#shards()].reduce((sum, { table }) => sum + table.count, 0));
  }

  randomKey(): Key | undefined {
    return randomKeyOf([...this.#shards()], this.#random, (shard, slot) => this.#keyIn(shard, slot));
  }

  keyCount(): number {
    let count = 0;
    for (const shard of this.#shards()) {
      count += shard.standing - shard.containers.standing;
      for (const container of shard.containers.all()) if (this.#isListedAs(shard, container)) count++;
    }
    return count;
  }

  // --- Inside --------------------------------------------------------------------------------------------------

  /** The key of a register that is in a slot and stands for its key. */
  #keyIn(shard: Shard, slot: number): Key | undefined {
    const { table } = shard;
    if (slot === 0 || !table.isHeld(slot) || table.isSentinel(slot) || !shard.isLive(slot, this.now)) return undefined;
    const view = table.viewOf(slot);
    const at = table.offsetOf(slot);
    const key = keyAt(view, table.bytesOf(slot), at);
    if (kindAt(view, at) === KIND_PLAIN) return key;
    const container = shard.containers.of(view, at);
    // Each key is as likely as any other, however many members it has.
    const isFirst = container !== undefined && firstMember(shard, container, this.now) === slot;
    return isFirst && this.#isListedAs(shard, container) ? key : undefined;
  }

  /** True of what a key shows. */
  #isListedAs(shard: Shard, container: Container): boolean {
    const { key } = container;
    return this.#liveIn(shard, key) === 0 && this.collections.shownIn(shard, key) === container;
  }

  shardOf(key: Key): Shard {
    if (key.length === 0 || key.length > this.keyBytesMax) checkKey(this.#replica, key);
    const shard = this.#replica.shardOfKey(key, this.#space);
    if (this.scope?.has(shard) === false) throw keysApart();
    return shard;
  }

  #shards(): Iterable<Shard> {
    return this.scope ?? this.#replica.shards.in(this.#space);
  }

  /** The slot of the live value of a key, or 0. */
  #liveIn(shard: Shard, key: Key): number {
    const slot = shard.find(KIND_PLAIN, key);
    if (slot === 0 || !shard.isLive(slot, this.now)) return 0;
    return this.#lost?.has(key) === true && shard.isAway(slot) ? 0 : slot;
  }

  /** What is under a key, under another one or itself, with another end. False: there is nothing. */
  #copyRegister(from: Key, to: Key, at: number): boolean {
    const shard = this.shardOf(from);
    const slot = this.#liveIn(shard, from);
    if (slot === 0) return false;
    this.#resident(shard, from, slot);
    const value = bodyOf(shard, slot);
    const view = shard.table.viewOf(slot);
    const offset = shard.table.offsetOf(slot);
    const bytes = shard.table.bytesOf(slot);
    const tags = tagsAt(view, bytes, offset);
    this.#writeValue(this.shardOf(to), to, value, at, contentTypeAt(view, bytes, offset), tags);
    return true;
  }

  #writeValue(
    shard: Shard,
    key: Key,
    value: Uint8Array | undefined,
    at: number | undefined,
    contentType: string | undefined,
    tags: readonly string[] | undefined,
  ): void {
    const expires = value === undefined || at === undefined ? undefined : this.endUnderPolicy(at);
    const isOver = expires !== undefined && expires <= this.now;
    if (isOver && this.#liveIn(shard, key) === 0) return;
    this.write(shard, {
      kind: KIND_PLAIN,
      key,
      value: isOver ? undefined : value,
      contentType: isOver ? undefined : contentType,
      tags: isOver ? undefined : tags,
      expiresAt: isOver ? undefined : expires,
    });
  }

  write(shard: Shard, write: LocalWrite): void {
    // A command behind it in the same transaction may read it.
    this.#roomBytes += WRITTEN_BYTES + (write.field?.length ?? 0) + (write.value?.length ?? 0);
    const slot = this.#replica.write(shard, write, false, this.now);
    this.#hasWritten = true;
    this.#client.lastWrite = dotOf(shard, slot);
  }

  endUnderPolicy(at: number): number | undefined {
    return endUnder(this.#replica.keyspaces.policyOf(this.#space), at, this.now);
  }

  /** C1. */
  #interruption(cause: Interruption["cause"]): Interruption {
    assert(!this.#hasWritten, "a command reads before it writes, or what it reads was brought back before it began");
    return new Interruption(cause);
  }

  /** More than is left of its room: for so much more it has to be asked again only seldom. */
  #needRoom(): void {
    if (this.#hasWritten) throw new AtollError("MEMORY_FULL", "there is no room for what this command reads");
    throw new Interruption(
      new ValueLong(Math.max(this.#takenBytes, this.#roomBytes + Math.min(this.#roomBytes, ROOM_STEP_MAX))),
    );
  }
}
