/** The workspace of commands over what this replica holds of a keyspace. One for each keyspace, used for one command at a time. */

import { bytesFromLatin1 } from "../../base/bytes.ts";
import { Copies } from "../../base/copies.ts";
import { AtollError } from "../../base/errors.ts";
import type { Key, SpaceId } from "../../base/ids.ts";
import type { CommandClient } from "../../command-store.ts";
import { Container } from "../../core/containers/container.ts";
import { type Amount, textOfAmount } from "../../core/record/amount.ts";
import { isValueIncrementsKind, KIND_PLAIN } from "../../core/record/kind.ts";
import { bodyLengthAt, keyAt, kindAt } from "../../core/record/record.ts";
import type { LocalWrite } from "../../core/shard/author.ts";
import type { Shard } from "../../core/shard/shard.ts";
import { keysApart } from "../../replica/command-router.ts";
import { scanKeys } from "../../replica/key-scan.ts";
import { checkKey, ValueAway, ValueLong } from "../../replica/operations.ts";
import type { Replica } from "../../replica/replica.ts";
import { collectionTypeOf } from "../../types/collection-type.ts";
import { firstMember } from "../../types/container.ts";
import { addition, endOf, prolonged, type Sum } from "../../types/counter.ts";
import { CommandError, WRONG_TYPE } from "../words/command-error.ts";
import { AnswerShare } from "../workspace/answer-share.ts";
import { awayAmong, bytesOfAll, type ExpectedHost } from "../workspace/expected-values.ts";
import { Interruption, NOT_NAMED, type SeenTo } from "../workspace/interruption.ts";
import { Lookups } from "../workspace/lookups.ts";
import { type Scope, shardsWithin } from "../workspace/scope.ts";
import { TurnBounds } from "../workspace/turn-bounds.ts";
import type { KeyType, ScanPlace, Workspace } from "../workspace/workspace.ts";
import { endUnder } from "./end-under-policy.ts";
import { dotOf } from "./held-register.ts";
import { areMany, keyCounting, keyCountOf } from "./key-count.ts";
import {
  bytesOfValue,
  detailsOfValue,
  dueOf,
  isFirstOf,
  isLost,
  isThere,
  liveIn,
  registersOf,
  sizeOfValue,
  valueIn,
  versionOfNothing,
  versionOfValue,
} from "./key-value.ts";
import { randomKeyOf } from "./random-key.ts";
import { type CollectionsHost, ReplicaCollections } from "./replica-collections.ts";
import { ReplicaSortedSets } from "./replica-sorted-sets.ts";

/** Of values that clients are given. */
const copies = new Copies(64 * 1024);

export class ReplicaWorkspace implements Workspace, CollectionsHost, ExpectedHost {
  now = 0;
  readonly keyBytesMax: number;
  readonly valueBytesMax: number;
  readonly lookups: Lookups;
  readonly collections = new ReplicaCollections(this);
  readonly sortedSets = new ReplicaSortedSets(this, this.collections);
  readonly #space: SpaceId;
  readonly random: () => number;
  #replica: Replica;
  #client: CommandClient;
  readonly #room = new AnswerShare();
  readonly #bounds = new TurnBounds();
  readonly goThrough = (bytes: number): void => this.#bounds.goThrough(bytes);
  readonly lookAt = (members: number): void => this.#bounds.look(members);
  /** It has done what cannot be done again, so that it may not begin again. */
  hasWritten = false;
  #hasRoom = false;
  /** Of the present command, or turn: it looks nowhere else. */
  scope: Scope;
  /** Keys whose values nobody has: they are not there. */
  #lost: ReadonlySet<Key> | undefined;

  constructor(replica: Replica, space: SpaceId, random: () => number, lookups = new Lookups()) {
    this.lookups = lookups;
    this.#replica = replica;
    this.#space = space;
    this.random = random;
    this.#client = { lastWrite: undefined };
    this.keyBytesMax = replica.config.keyBytesMax;
    this.valueBytesMax = replica.config.valueBytesMax;
  }

  /** For the next command, or the next turn of one. */
  begin(replica: Replica, client: CommandClient, now: number, seenTo: SeenTo): void {
    this.#lost = seenTo.lost;
    this.scope = undefined;
    this.#replica = replica;
    this.#client = client;
    this.now = now;
    this.#room.begin(client.room !== undefined, seenTo, client.answerBytesMax);
    this.#bounds.begin();
    this.hasWritten = false;
    this.#hasRoom = false;
    this.lookups.beginTry();
  }

  expectRoom(isForAll: boolean, isFound = false): void {
    if (isForAll && !isFound) this.#replica.writes.expectRoom(this.#space);
    this.#hasRoom = isForAll;
  }

  // --- Keys ----------------------------------------------------------------------------------------------------

  typeOf(key: Key): KeyType | undefined {
    const shown = this.#shown(this.shardOf(key), key);
    return shown instanceof Container ? collectionTypeOf(shown.kind) : shown && "string";
  }

  versionOf(key: Key): string {
    const shard = this.shardOf(key);
    const shown = this.#shown(shard, key);
    if (shown === undefined) return versionOfNothing(shard, key);
    return shown instanceof Container ? `${shown.kind}:${shown.changes}` : versionOfValue(shard, shown);
  }

  expiresAt(key: Key): number | undefined {
    const shard = this.shardOf(key);
    const shown = this.#shown(shard, key);
    if (shown === undefined) return undefined;
    return shown instanceof Container ? this.collections.endOf(shard, shown) : endOf(shard, shown);
  }

  setExpiresAt(key: Key, at: number): boolean {
    const shard = this.shardOf(key);
    if (this.#copyRegister(key, key, at)) {
      const own = prolonged(shard, key, this.now);
      if (own !== undefined) this.write(shard, own);
      return true;
    }
    const shown = this.collections.shownIn(shard, key);
    if (shown === undefined) return false;
    if (at <= this.now) this.remove(key);
    else this.collections.setEnd(shard, shown, at);
    return true;
  }

  remove(key: Key): boolean {
    const shard = this.shardOf(key);
    const hasValue = this.#hasValue(shard, key);
    if (hasValue) this.#writeValue(shard, key, {});
    return this.collections.removeAll(shard, key) || hasValue;
  }

  move(from: Key, to: Key, isKept: boolean): boolean {
    const shard = this.shardOf(from);
    const value = this.#valueIn(shard, from);
    if (isThere(value)) {
      const at = endOf(shard, value);
      // What is away is asked for before anything is written (C1).
      this.#resident(shard, from, value.base);
      this.collections.removeAll(this.shardOf(to), to);
      this.#copyRegister(from, to, at);
    } else {
      const steps = this.moving(from, to, isKept);
      if (steps === undefined) return false;
      for (const _ of steps);
      return true;
    }
    if (!isKept) this.remove(from);
    return true;
  }

  moving(from: Key, to: Key, isKept: boolean): Generator<void, void> | undefined {
    const shard = this.shardOf(from);
    const shown = this.#hasValue(shard, from) ? undefined : this.collections.shownIn(shard, from);
    return shown && this.collections.moving(shard, shown, { to, isKept, clear: () => this.remove(to) });
  }

  bytesOf(key: Key): number | undefined {
    const shard = this.shardOf(key);
    const value = this.#valueIn(shard, key);
    return isThere(value) ? sizeOfValue(shard, value) : this.collectionBytesOf(key) || undefined;
  }

  touch(key: Key): boolean {
    const found = this.valueOf(key);
    found?.shard.values.used(found.slot);
    return this.typeOf(key) !== undefined;
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
    if (!this.#room.has(bytes)) throw this.#interruption(new ValueLong(bytes));
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
    const slot = liveIn(shard, key, this.now, this.#lost);
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
    this.saw(shard, () => registersOf(shard, key));
    const value = this.#stringIn(shard, key);
    if (value === undefined) return undefined;
    if (value.base !== 0) shard.values.used(value.base);
    return this.#textOf(shard, key, value);
  }

  /** What a value comes to. */
  #textOf(shard: Shard, key: Key, value: Sum): Uint8Array {
    this.#resident(shard, key, value.base);
    return bytesOfValue(shard, value);
  }

  stringLength(key: Key): number | undefined {
    const shard = this.shardOf(key);
    const value = this.#stringIn(shard, key);
    if (value === undefined) return undefined;
    if (value.from.length > 0) return this.#textOf(shard, key, value).length;
    // How long the content type is stands in the value itself.
    this.#resident(shard, key, value.base);
    return bodyLengthAt(shard.table.viewOf(value.base), shard.table.offsetOf(value.base));
  }

  /** Throws WRONGTYPE. */
  #stringIn(shard: Shard, key: Key): Sum | undefined {
    const shown = this.#shown(shard, key);
    if (shown instanceof Container) throw new CommandError(WRONG_TYPE);
    return shown;
  }

  #resident(shard: Shard, key: Key, slot: number): void {
    if (slot !== 0 && shard.isAway(slot)) throw this.#interruption([{ key, value: new ValueAway(shard, slot) }]);
  }

  add(key: Key, by: Amount): void {
    const shard = this.shardOf(key);
    // What nobody has is not there: nothing can be added to it.
    if (isLost(shard, key, this.now, this.#lost)) return this.writeString(key, bytesFromLatin1(textOfAmount(by)));
    this.#replica.writes.prepare(shard);
    const value = this.#valueIn(shard, key);
    const due = isThere(value) ? dueOf(shard, value) : this.endUnderPolicy(Infinity);
    this.write(shard, addition(shard, key, by, due, this.now));
  }

  writeString(key: Key, value: Uint8Array, at = Infinity): void {
    if (value.length > this.valueBytesMax)
      throw new AtollError("VALUE_TOO_LARGE", `a value has at most ${this.valueBytesMax} bytes`);
    const shard = this.shardOf(key);
    this.collections.removeAll(shard, key);
    this.#writeValue(shard, key, { value }, at);
  }

  takeRoom(bytes: number): void {
    if (this.#room.take(bytes)) return;
    if (this.hasWritten) throw new AtollError("MEMORY_FULL", "there is no room for what this command reads");
    throw new Interruption(new ValueLong(this.#room.wantedBytes));
  }

  get takenBytes(): number {
    return this.#room.takenBytes;
  }

  expectAnswer(items: number, bytes: number): void {
    this.#client.expectAnswer?.(items, bytes);
  }

  copyOf(bytes: Uint8Array): Uint8Array {
    this.takeRoom(bytes.length);
    return copies.of(bytes);
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
    return randomKeyOf([...this.#shards()], this.random, this.now, (shard, slot) => this.#keyIn(shard, slot));
  }

  readonly keyCount = (): number => keyCountOf(this.#shards(), this.now, this.#isListed);
  readonly keyCounting = (): Generator<void, number> | undefined =>
    areMany(this.#shards()) ? keyCounting(this.#shards(), this.now, this.#isListed) : undefined;

  // --- Inside --------------------------------------------------------------------------------------------------

  /** The key of a register that is in a slot and stands for its key. */
  #keyIn(shard: Shard, slot: number): Key | undefined {
    const { table } = shard;
    if (slot === 0 || !table.isHeld(slot) || table.isSentinel(slot) || !shard.isLive(slot, this.now)) return undefined;
    const view = table.viewOf(slot);
    const at = table.offsetOf(slot);
    const key = keyAt(view, table.bytesOf(slot), at);
    if (kindAt(view, at) === KIND_PLAIN) return key;
    if (isValueIncrementsKind(kindAt(view, at))) return isFirstOf(this.#valueIn(shard, key), slot) ? key : undefined;
    const container = shard.containers.of(view, at);
    // Each key is as likely as any other, however many members it has.
    const isFirst = container !== undefined && firstMember(shard, container, this.now) === slot;
    return isFirst && this.#isListed(shard, container) ? key : undefined;
  }

  /** True of what a key shows. */
  readonly #isListed = (shard: Shard, container: Container): boolean =>
    !this.#hasValue(shard, container.key) && this.collections.shownIn(shard, container.key) === container;

  shardOf(key: Key): Shard {
    if (key.length === 0 || key.length > this.keyBytesMax) checkKey(this.#replica, key);
    const shard = this.#replica.shardOfKey(key, this.#space);
    if (this.scope?.has(shard) === false) throw keysApart();
    return shard;
  }

  #shards(): Iterable<Shard> {
    return this.scope ?? this.#replica.shards.in(this.#space);
  }

  #shown(shard: Shard, key: Key): Sum | Container | undefined {
    const value = this.#valueIn(shard, key);
    const shown = isThere(value) ? value : this.collections.shownIn(shard, key);
    this.lookups.note(key, shown !== undefined);
    return shown;
  }

  #valueIn(shard: Shard, key: Key): Sum {
    return valueIn(shard, key, this.now, this.#lost);
  }

  #hasValue(shard: Shard, key: Key): boolean {
    return isThere(this.#valueIn(shard, key));
  }

  /** What is under a key, under another one or itself, with another end. False: there is nothing. */
  #copyRegister(from: Key, to: Key, at: number): boolean {
    const shard = this.shardOf(from);
    const value = this.#valueIn(shard, from);
    if (!isThere(value)) return false;
    const text = this.#textOf(shard, from, value);
    this.#writeValue(this.shardOf(to), to, { value: text, ...detailsOfValue(shard, value) }, at);
    return true;
  }

  #writeValue(shard: Shard, key: Key, write: Pick<LocalWrite, "value" | "contentType" | "tags">, at?: number): void {
    const { value, contentType, tags } = write;
    const expiresAt = value === undefined || at === undefined ? undefined : this.endUnderPolicy(at);
    if (expiresAt !== undefined && expiresAt <= this.now) {
      if (this.#hasValue(shard, key)) this.write(shard, { kind: KIND_PLAIN, key });
    } else this.write(shard, { kind: KIND_PLAIN, key, value, contentType, tags, expiresAt });
  }

  write(shard: Shard, write: LocalWrite): void {
    this.#room.wrote(write);
    const slot = this.#replica.write(shard, write, false, this.now, this.#hasRoom);
    this.hasWritten = true;
    this.#client.lastWrite = dotOf(shard, slot);
  }

  saw(shard: Shard, slotsOf: () => readonly number[]): void {
    if (this.#client.saw !== undefined) for (const slot of slotsOf()) this.#client.saw(dotOf(shard, slot));
  }

  endUnderPolicy(at: number): number | undefined {
    return endUnder(this.#replica.keyspaces.policyOf(this.#space), at, this.now);
  }

  /** C1. */
  #interruption(cause: Interruption["cause"]): Interruption {
    if (this.hasWritten) throw new CommandError(NOT_NAMED);
    return new Interruption(cause);
  }
}
