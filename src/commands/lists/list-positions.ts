/** Where in a list elements of a value are, and what is put next to one. */

import { isSameBytes } from "../../base/bytes.ts";
import type { Key } from "../../base/ids.ts";
import { arrayReply, integerReply, NOTHING, type Reply, ZERO } from "../../command-reply.ts";
import type { CommandWords } from "../../command-store.ts";
import { slotBytes } from "../members/chosen-members.ts";
import { MANY_MEMBERS } from "../members/long-reads.ts";
import { itemsBytes } from "../members/member-replies.ts";
import { type Steps, turnOf } from "../rows/steps.ts";
import type { Turn } from "../rows/turns.ts";
import { CommandError, SYNTAX_ERROR } from "../words/command-error.ts";
import { expectAtLeast, expectNumber } from "../words/number-text.ts";
import { keyOf, optionOf, wordOf } from "../words/words.ts";
import type { Workspace } from "../workspace/workspace.ts";
import { lengthOf } from "./list-ends.ts";
import { elements } from "./list-search.ts";

const RANK_ZERO =
  "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list";

/** Of commands that run as one, looked at before it is asked whether they may look at more. */
const LOOK_STEP = 1024;

interface Search {
  /** 1 for the first that matches; negative: from the tail. */
  readonly rank: number;
  /** How many are wanted, 0 for all; undefined: one, and not as an array. */
  readonly count: number | undefined;
  /** Elements that are looked at, at most; 0 for all. */
  readonly lengthMax: number;
}

export function lpos(workspace: Workspace, words: CommandWords): Reply {
  const key = keyOf(words, 1);
  const search = searchOf(words);
  const length = lengthOf(workspace, key);
  const found = new Positions(search, length);
  if (length > 0) {
    let looked = 0;
    for (const { value } of elements(workspace, key, search.rank < 0)) {
      if (found.isDoneAt(looked)) break;
      if (looked % LOOK_STEP === 0) workspace.lookAt(LOOK_STEP);
      if (isSameBytes(value, wordOf(words, 2))) found.note(looked);
      looked++;
    }
  }
  return found.reply;
}

/** Where what is looked for does not lie near the end from which it is. */
export function lposInTurns(workspace: Workspace, words: CommandWords): Turn | undefined {
  const key = keyOf(words, 1);
  const search = searchOf(words);
  const length = lengthOf(workspace, key);
  if (length < MANY_MEMBERS || isFoundSoon(workspace, words, new Positions(search, length))) return undefined;
  function* steps(): Steps {
    const whole = workspace.collections.snapshot(key, "list");
    const all = search.rank < 0 ? whole.reversed() : whole;
    const found = new Positions(search, all.size);
    const next = () => workspace.collections.placesWith(all, wordOf(words, 2));
    for (let places = next(); places !== undefined; places = next()) {
      const { count } = found;
      for (const { place } of places) if (!found.isDoneAt(place)) found.note(place);
      if (found.isDoneAt(all.at)) break;
      yield itemsBytes(found.count - count);
    }
    return found.reply;
  }
  return turnOf(steps(), (first) => slotBytes(lengthOf(first, key)));
}

function isFoundSoon(workspace: Workspace, words: CommandWords, found: Positions): boolean {
  let looked = 0;
  for (const { value } of elements(workspace, keyOf(words, 1), found.isFromTail)) {
    if (found.isDoneAt(looked) || looked >= MANY_MEMBERS) break;
    if (isSameBytes(value, wordOf(words, 2))) found.note(looked);
    looked++;
  }
  return found.isDoneAt(looked);
}

/** What a search has found, as it comes to one element after the other. */
class Positions {
  readonly #search: Search;
  readonly #length: number;
  readonly #wanted: number;
  readonly #found: Reply[] = [];
  #matches = 0;

  constructor(search: Search, length: number) {
    this.#search = search;
    this.#length = length;
    const { count } = search;
    this.#wanted = count === undefined ? 1 : count === 0 ? Infinity : count;
  }

  get isFromTail(): boolean {
    return this.#search.rank < 0;
  }

  get count(): number {
    return this.#found.length;
  }

  /** Nothing is wanted of the element behind so many others. */
  isDoneAt(looked: number): boolean {
    const { lengthMax } = this.#search;
    return this.count >= this.#wanted || looked >= (lengthMax === 0 ? this.#length : lengthMax);
  }

  /** The element behind so many others is like it. */
  note(looked: number): void {
    const { rank } = this.#search;
    if (++this.#matches < Math.abs(rank)) return;
    this.#found.push(integerReply(rank < 0 ? this.#length - 1 - looked : looked));
  }

  get reply(): Reply {
    return this.#search.count === undefined ? (this.#found[0] ?? NOTHING) : arrayReply(this.#found);
  }
}

/** Throws `CommandError`. */
function searchOf(words: CommandWords): Search {
  let [rank, lengthMax] = [1, 0];
  let count: number | undefined;
  for (let at = 3; at < words.length; at += 2) {
    const option = optionOf(words, at);
    const value = words[at + 1];
    if (value === undefined) throw new CommandError(SYNTAX_ERROR);
    if (option === "rank") {
      rank = expectNumber(value);
      if (rank === 0) throw new CommandError(RANK_ZERO);
    } else if (option === "count") count = expectAtLeast(value, 0, "ERR COUNT can't be negative");
    else if (option === "maxlen") lengthMax = expectAtLeast(value, 0, "ERR MAXLEN can't be negative");
    else throw new CommandError(SYNTAX_ERROR);
  }
  return { rank, count, lengthMax };
}

interface Insertion {
  readonly key: Key;
  readonly side: "before" | "after";
  readonly pivot: Uint8Array;
  readonly value: Uint8Array;
}

/** Throws `CommandError`. */
function insertionOf(words: CommandWords): Insertion {
  const side = optionOf(words, 2);
  if (side !== "before" && side !== "after") throw new CommandError(SYNTAX_ERROR);
  return { key: keyOf(words, 1), side, pivot: wordOf(words, 3), value: wordOf(words, 4) };
}

export function linsert(workspace: Workspace, words: CommandWords): Reply {
  const insertion = insertionOf(words);
  const length = lengthOf(workspace, insertion.key);
  if (length === 0) return ZERO;
  return insertAt(workspace, insertion, placeOf(workspace, insertion, length));
}

/** Where the element next to which it is inserted does not lie near the head. */
export function linsertInTurns(workspace: Workspace, words: CommandWords): Turn | undefined {
  const insertion = insertionOf(words);
  const { key, pivot } = insertion;
  const isSoon = placeOf(workspace, insertion, MANY_MEMBERS) !== undefined;
  if (lengthOf(workspace, key) < MANY_MEMBERS || isSoon) return undefined;
  function* steps(): Steps {
    const { collections } = workspace;
    const whole = collections.snapshot(key, "list");
    for (;;) {
      const places = collections.placesWith(whole, pivot);
      if (places === undefined) return insertAt(workspace, insertion, undefined);
      const [first] = places;
      if (first !== undefined) return insertAt(workspace, insertion, first.name);
      yield 0;
    }
  }
  return turnOf(steps(), (first) => slotBytes(lengthOf(first, key)));
}

/** The name of the first element that is like the pivot, among so many. */
function placeOf(workspace: Workspace, { key, pivot }: Insertion, lengthMax: number): string | undefined {
  let looked = 0;
  for (const { name, value } of elements(workspace, key, false)) {
    if (looked >= lengthMax) return undefined;
    if (looked % LOOK_STEP === 0) workspace.lookAt(LOOK_STEP);
    if (isSameBytes(value, pivot)) return name;
    looked++;
  }
  return undefined;
}

function insertAt(workspace: Workspace, { key, side, value }: Insertion, pivot: string | undefined): Reply {
  if (pivot === undefined) return integerReply(-1);
  const length = lengthOf(workspace, key);
  const place = workspace.collections.placeNextTo(key, pivot, side);
  workspace.collections.put(key, "list", place, value);
  return integerReply(length + 1);
}
