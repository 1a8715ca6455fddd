/** What a search of places is asked for: `GEOSEARCH`, `GEORADIUS` and their kind. */

import { latin1FromBytes } from "../../base/bytes.ts";
import type { Key } from "../../base/ids.ts";
import type { CommandWords } from "../../command-store.ts";
import { CommandError, SYNTAX_ERROR } from "../words/command-error.ts";
import { expectFloat, expectNumber } from "../words/number-text.ts";
import { keyOf, optionOf, textOf } from "../words/words.ts";
import type { SortedSet } from "../workspace/sorted-set-access.ts";
import type { Shape } from "./geo-shape.ts";
import { expectPlace, expectUnit } from "./geo-words.ts";
import { type Place, placeOfScore } from "./geohash.ts";

/** How a command says what it looks for. */
export type GeoForm = "search" | "search and store" | "radius" | "radius of member";

export interface GeoCommand {
  readonly form: GeoForm;
  /** It stores nothing, whatever is said. */
  readonly isReadOnly?: boolean;
}

type Size =
  | { readonly type: "circle"; readonly radius: number }
  | { readonly type: "box"; readonly width: number; readonly height: number };

/** As far as it has been read. */
export interface Query {
  centre: Place | undefined;
  /** Of a member of no set: there is nothing to be found. */
  isFromMember: boolean;
  size: Size | undefined;
  /** In meters. */
  unit: number;
  order: "asc" | "desc" | undefined;
  /** 0: all. */
  count: number;
  isAny: boolean;
  hasDistances: boolean;
  hasScores: boolean;
  hasCoordinates: boolean;
  storeKey: Key | undefined;
  storesDistances: boolean;
}

const UNDECODED = "ERR could not decode requested zset member";

/** Where the command says what it looks in. */
export function searchedKey(words: CommandWords, form: GeoForm): Key {
  return keyOf(words, form === "search and store" ? 2 : 1);
}

/** Throws `CommandError`. */
export function queryOf(words: CommandWords, { form, isReadOnly = false }: GeoCommand, set: SortedSet): Query {
  const isSearch = form === "search" || form === "search and store";
  const query = fixedIn(words, form, set);
  const optionsAt = { search: 2, "search and store": 3, radius: 6, "radius of member": 5 }[form];
  for (let at = optionsAt; at < words.length; ) {
    const read = optionAt(words, at, query);
    const taken =
      read > 0
        ? read
        : isSearch
          ? searchedAt(words, at, query, set, form)
          : isReadOnly
            ? 0
            : storedAt(words, at, query);
    if (taken === 0) throw new CommandError(SYNTAX_ERROR);
    at += taken;
  }
  checkQuery(query, words, form);
  return query;
}

/** Undefined: there is nothing to be found. */
export function shapeOf({ centre, size, unit }: Query): Shape | undefined {
  if (centre === undefined || size === undefined) return undefined;
  if (size.type === "circle") return { centre, type: "circle", radius: size.radius * unit };
  return { centre, type: "box", width: size.width * unit, height: size.height * unit };
}

/** The closest first, unless anybody will do. */
export function orderOf({ order, count, isAny }: Query): Query["order"] {
  return order ?? (count > 0 && !isAny ? "asc" : undefined);
}

/** What stands at fixed places. Throws `CommandError`. */
function fixedIn(words: CommandWords, form: GeoForm, set: SortedSet): Query {
  const query: Query = {
    ...{ centre: undefined, isFromMember: false, size: undefined, unit: 1, order: undefined, count: 0, isAny: false },
    ...{ hasDistances: false, hasScores: false, hasCoordinates: false, storeKey: undefined, storesDistances: false },
  };
  if (form === "search and store") query.storeKey = keyOf(words, 1);
  if (form === "radius") {
    query.centre = expectPlace(words, 2);
    readRadius(words, 4, query);
  }
  if (form === "radius of member") {
    query.isFromMember = true;
    if (set.size === 0) return query;
    query.centre = placeOfMember(set, textOf(words, 2));
    readRadius(words, 3, query);
  }
  return query;
}

/** Throws `CommandError`. */
function placeOfMember(set: SortedSet, name: string): Place {
  const score = set.scoreOf(name);
  if (score === undefined) throw new CommandError(UNDECODED);
  return placeOfScore(score);
}

function readRadius(words: CommandWords, at: number, query: Query): void {
  const radius = expectFloat(words[at], "ERR need numeric radius");
  if (radius < 0) throw new CommandError("ERR radius cannot be negative");
  query.unit = expectUnit(words, at + 1);
  query.size = { type: "circle", radius };
}

function readBox(words: CommandWords, at: number, query: Query): void {
  const width = expectFloat(words[at], "ERR need numeric width");
  const height = expectFloat(words[at + 1], "ERR need numeric height");
  if (width < 0 || height < 0) throw new CommandError("ERR height or width cannot be negative");
  query.unit = expectUnit(words, at + 2);
  query.size = { type: "box", width, height };
}

/** An option that every form has; returns how many words it takes, 0: it is another one. */
function optionAt(words: CommandWords, at: number, query: Query): number {
  const option = optionOf(words, at);
  if (option === "withdist") query.hasDistances = true;
  else if (option === "withhash") query.hasScores = true;
  else if (option === "withcoord") query.hasCoordinates = true;
  else if (option === "any") query.isAny = true;
  else if (option === "asc" || option === "desc") query.order = option;
  else if (option === "count" && at + 1 < words.length) {
    query.count = expectNumber(words[at + 1]);
    if (query.count <= 0) throw new CommandError("ERR COUNT must be > 0");
    return 2;
  } else return 0;
  return 1;
}

/** An option of `GEORADIUS`. */
function storedAt(words: CommandWords, at: number, query: Query): number {
  const option = optionOf(words, at);
  if ((option !== "store" && option !== "storedist") || at + 1 >= words.length) return 0;
  query.storeKey = keyOf(words, at + 1);
  query.storesDistances = option === "storedist";
  return 2;
}

/** An option of `GEOSEARCH`. */
function searchedAt(words: CommandWords, at: number, query: Query, set: SortedSet, form: GeoForm): number {
  const option = optionOf(words, at);
  const left = words.length - at - 1;
  const isFromPlace = query.centre !== undefined && !query.isFromMember;
  if (option === "frommember" && left >= 1 && !isFromPlace) {
    query.isFromMember = true;
    if (set.size > 0) query.centre = placeOfMember(set, textOf(words, at + 1));
    return 2;
  }
  if (option === "fromlonlat" && left >= 2 && !query.isFromMember) {
    query.centre = expectPlace(words, at + 1);
    return 3;
  }
  if (option === "byradius" && left >= 2 && query.size?.type !== "box") {
    readRadius(words, at + 1, query);
    return 3;
  }
  if (option === "bybox" && left >= 3 && query.size?.type !== "circle") {
    readBox(words, at + 1, query);
    return 4;
  }
  if (option !== "storedist" || form !== "search and store") return 0;
  query.storesDistances = true;
  return 1;
}

/** Throws `CommandError`. */
function checkQuery(query: Query, words: CommandWords, form: GeoForm): void {
  const isSearch = form === "search" || form === "search and store";
  if (query.storeKey !== undefined && (query.hasDistances || query.hasScores || query.hasCoordinates)) {
    const name = form === "search and store" ? "GEOSEARCHSTORE" : "STORE option in GEORADIUS";
    throw new CommandError(`ERR ${name} is not compatible with WITHDIST, WITHHASH and WITHCOORD options`);
  }
  const asked = latin1FromBytes(words[0] as Uint8Array);
  if (isSearch && query.centre === undefined && !query.isFromMember)
    throw new CommandError(`ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for ${asked}`);
  if (isSearch && query.size === undefined)
    throw new CommandError(`ERR exactly one of BYRADIUS and BYBOX can be specified for ${asked}`);
  if (query.isAny && query.count === 0) throw new CommandError("ERR the ANY argument requires COUNT argument");
}
