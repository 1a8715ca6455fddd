/** Members of a sorted set of places that lie in a shape: `GEOSEARCH`, `GEORADIUS` and their kind. */

import { latin1FromBytes } from "../base/bytes.ts";
import type { Key } from "../base/ids.ts";
import { arrayReply, integerReply, type Reply, textReply } from "../command-reply.ts";
import type { CommandWords } from "../command-store.ts";
import { CommandError, SYNTAX_ERROR } from "./command-error.ts";
import { distanceWithin, type Shape, squaresOf } from "./geo-shape.ts";
import { coordinatesReply, distanceText, expectPlace, expectUnit } from "./geo-words.ts";
import { type Place, placeOfScore, scoresOf } from "./geohash.ts";
import { expectItems, nameReply } from "./member-replies.ts";
import { expectFloat, expectNumber } from "./number-text.ts";
import type { ScoredMember, SortedSet } from "./sorted-set-access.ts";
import { storeMembers } from "./sorted-set-ranges.ts";
import { keyOf, optionOf, textOf } from "./words.ts";
import type { Workspace } from "./workspace.ts";

/** How a command says what it looks for. */
export type GeoForm = "search" | "search and store" | "radius" | "radius of member";

export interface GeoCommand {
  readonly form: GeoForm;
  /** It stores nothing, whatever is said. */
  readonly isReadOnly?: boolean;
}

interface Found extends ScoredMember {
  readonly place: Place;
  readonly metres: number;
}

type Size =
  | { readonly type: "circle"; readonly radius: number }
  | { readonly type: "box"; readonly width: number; readonly height: number };

/** As far as it has been read. */
interface Query {
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

export function geoSearch({ form, isReadOnly = false }: GeoCommand) {
  const isSearch = form === "search" || form === "search and store";
  return (workspace: Workspace, words: CommandWords): Reply => {
    const set = workspace.sortedSets.at(keyOf(words, form === "search and store" ? 2 : 1));
    const query = queryOf(words, form, set);
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
    return answer(workspace, set, query);
  };
}

/** What stands at fixed places. Throws `CommandError`. */
function queryOf(words: CommandWords, form: GeoForm, set: SortedSet): Query {
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

function answer(workspace: Workspace, set: SortedSet, query: Query): Reply {
  const found = foundIn(workspace, set, query);
  const { storeKey, storesDistances, unit } = query;
  if (storeKey === undefined) return arrayReply(found.map((each) => foundReply(workspace, each, query)));
  const stored = found.map(({ name, score, metres }) => ({ name, score: storesDistances ? metres / unit : score }));
  return integerReply(storeMembers(workspace, storeKey, stored));
}

function foundIn(workspace: Workspace, set: SortedSet, query: Query): readonly Found[] {
  const { centre, size, count, isAny } = query;
  if (set.size === 0 || centre === undefined || size === undefined) return [];
  const found = all(workspace, set, inMetres(centre, size, query.unit), isAny ? count : Infinity);
  // The closest, unless anybody will do.
  const order = query.order ?? (count > 0 && !isAny ? "asc" : undefined);
  if (order === "asc") found.sort((a, b) => a.metres - b.metres);
  if (order === "desc") found.sort((a, b) => b.metres - a.metres);
  return count > 0 ? found.slice(0, count) : found;
}

function inMetres(centre: Place, size: Size, unit: number): Shape {
  if (size.type === "circle") return { centre, type: "circle", radius: size.radius * unit };
  return { centre, type: "box", width: size.width * unit, height: size.height * unit };
}

/** Up to `max`, square by square. Throws where there is no room for them yet. */
function all(workspace: Workspace, set: SortedSet, shape: Shape, max: number): Found[] {
  const found: Found[] = [];
  for (const square of squaresOf(shape)) {
    const { min, max: end } = scoresOf(square);
    for (const { name, score } of set.between(set.countBelow(min, false), set.countBelow(end, false))) {
      const place = placeOfScore(score);
      const metres = distanceWithin(shape, place);
      if (metres === undefined) continue;
      expectItems(workspace, 1);
      found.push({ name, score, place, metres });
      if (found.length >= max) return found;
    }
  }
  return found;
}

function foundReply(workspace: Workspace, { name, score, place, metres }: Found, query: Query): Reply {
  const items: Reply[] = [nameReply(workspace, name)];
  if (query.hasDistances) items.push(textReply(distanceText(metres / query.unit)));
  if (query.hasScores) items.push(integerReply(Math.trunc(score)));
  if (query.hasCoordinates) items.push(coordinatesReply(place));
  expectItems(workspace, 3 * items.length);
  return items.length === 1 ? (items[0] as Reply) : arrayReply(items);
}
