/** Members of a sorted set of places that lie in a shape, in steps: of many that may lie there, each has a turn of its own. */

import { PackedItems } from "../../base/packed-items.ts";
import { arrayReply, integerReply, type Reply } from "../../command-reply.ts";
import type { CommandWords } from "../../command-store.ts";
import { slotBytes } from "../members/chosen-members.ts";
import { MANY_MEMBERS } from "../members/long-reads.ts";
import { storing } from "../members/long-writes.ts";
import type { CommandFunction } from "../rows/command-row.ts";
import { allAtOnce, type Steps, turnOf } from "../rows/steps.ts";
import type { LongFunction } from "../rows/turns.ts";
import type { SortedSet } from "../workspace/sorted-set-access.ts";
import type { Workspace } from "../workspace/workspace.ts";
import { GeoFound } from "./geo-found.ts";
import { type GeoCommand, orderOf, type Query, queryOf, searchedKey, shapeOf } from "./geo-query.ts";
import { distanceWithin, type Shape, squaresOf } from "./geo-shape.ts";
import { placeOfScore, scoresOf } from "./geohash.ts";

/** Each is decoded and its distance found: so many in a turn, some 5 ms. */
const LOOKS = 2;

interface Search {
  readonly set: SortedSet;
  readonly query: Query;
  readonly shape: Shape | undefined;
  /** From one rank on to before another: whoever lies in the shape has one of those. */
  readonly areas: readonly { readonly from: number; readonly to: number }[];
  /** How many those are. */
  readonly count: number;
}

/** Throws `CommandError`. */
function searchOf(workspace: Workspace, words: CommandWords, command: GeoCommand): Search {
  const set = workspace.sortedSets.at(searchedKey(words, command.form));
  const query = queryOf(words, command, set);
  const shape = set.size === 0 ? undefined : shapeOf(query);
  const areas = (shape === undefined ? [] : squaresOf(shape)).map((square) => {
    const { min, max } = scoresOf(square);
    return { from: set.countBelow(min, false), to: set.countBelow(max, false) };
  });
  return { set, query, shape, areas, count: areas.reduce((sum, { from, to }) => sum + Math.max(0, to - from), 0) };
}

/** `look`: told of how many are about to be looked at. */
function* searching(workspace: Workspace, search: Search, look: (members: number) => void): Steps {
  const { query } = search;
  const found = new GeoFound();
  yield* gathering(workspace, search, found, look);
  yield* found.sort(orderOf(query), query.count);
  if (query.storeKey !== undefined) {
    const items = new PackedItems();
    yield* found.packScored(items, query);
    yield* storing(workspace, query.storeKey, { type: "zset", items });
    return integerReply(items.count / 2);
  }
  if (query.hasDistances || query.hasScores || query.hasCoordinates) {
    const items: Reply[] = [];
    yield* found.replies(query, items);
    return arrayReply(items);
  }
  const packed = new PackedItems();
  yield* found.packNames(packed);
  return { type: "packed", form: "array", packed };
}

/** Square by square. */
function* gathering(
  { sortedSets }: Workspace,
  { set, query, shape, areas }: Search,
  found: GeoFound,
  look: (members: number) => void,
): Generator<number, void> {
  if (shape === undefined) return;
  const max = query.isAny ? query.count : Infinity;
  for (const snapshot of areas.map(({ from, to }) => set.snapshot(from, to, false))) {
    const next = () => sortedSets.membersOf(snapshot, LOOKS);
    for (let members = next(); members !== undefined; members = next()) {
      look(members.length);
      let bytes = 0;
      for (const { name, score } of members) {
        const metres = distanceWithin(shape, placeOfScore(score));
        if (metres !== undefined) bytes += found.add(name, score, metres);
        if (found.count >= max) break;
      }
      yield bytes;
      if (found.count >= max) return;
    }
  }
}

export function geoSearch(command: GeoCommand): CommandFunction {
  return (workspace, words) => {
    const search = searchOf(workspace, words, command);
    workspace.takeRoom(slotBytes(search.count));
    return allAtOnce(workspace, searching(workspace, search, workspace.lookAt));
  };
}

export function geoSearchInTurns(command: GeoCommand): LongFunction {
  return (workspace, words) => {
    if (searchOf(workspace, words, command).count < MANY_MEMBERS) return undefined;
    // Ranks are good until something is written, as it may be while room for the first turn is waited for.
    function* steps(): Steps {
      return yield* searching(workspace, searchOf(workspace, words, command), () => {});
    }
    return turnOf(steps(), (first) => slotBytes(searchOf(first, words, command).count));
  };
}
