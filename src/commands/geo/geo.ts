/** Places on the earth: sorted sets whose scores are places (`geohash.ts`). */

import { bytesFromLatin1, latin1FromBytes } from "../../base/bytes.ts";
import { arrayReply, NO_ARRAY, NOTHING, type Reply, textReply } from "../../command-reply.ts";
import type { CommandWords } from "../../command-store.ts";
import { rowsOf } from "../rows/command-row.ts";
import { zadd } from "../sorted-sets/sorted-set-add.ts";
import { CommandError, SYNTAX_ERROR } from "../words/command-error.ts";
import { keyOf, optionOf, textOf, wordOf } from "../words/words.ts";
import type { Workspace } from "../workspace/workspace.ts";
import type { GeoCommand } from "./geo-query.ts";
import { geoSearch, geoSearchInTurns } from "./geo-search.ts";
import { distance } from "./geo-shape.ts";
import { coordinatesReply, distanceText, expectPlace, expectUnit } from "./geo-words.ts";
import { placeOfScore, scoreOfPlace, textOfScore } from "./geohash.ts";

const TABLE = `
geoadd               -5  write,denyoom                 1 1 1    3.2.0  Add one or more geospatial items in the geospatial index represented using a sorted set
geodist              -4  readonly                      1 1 1    3.2.0  Returns the distance between two members of a geospatial index
geohash              -2  readonly                      1 1 1    3.2.0  Returns members of a geospatial index as standard geohash strings
geopos               -2  readonly                      1 1 1    3.2.0  Returns longitude and latitude of members of a geospatial index
georadius            -6  write,denyoom,movablekeys     1 1 1>5  3.2.0  Query a sorted set representing a geospatial index to fetch members matching a given maximum distance from a point
georadius_ro         -6  readonly                      1 1 1    3.2.10 A read-only variant for GEORADIUS
georadiusbymember    -5  write,denyoom,movablekeys     1 1 1>5  3.2.0  Query a sorted set representing a geospatial index to fetch members matching a given maximum distance from a member
georadiusbymember_ro -5  readonly                      1 1 1    3.2.10 A read-only variant for GEORADIUSBYMEMBER
geosearch            -7  readonly                      1 1 1    6.2.0  Query a sorted set representing a geospatial index to fetch members inside an area of a box or a circle.
geosearchstore       -8  write,denyoom                 1 2 1    6.2.0  Query a sorted set representing a geospatial index to fetch members inside an area of a box or a circle, and store the result in another key.
`;

const OPTIONS = new Set(["nx", "xx", "ch"]);

/** As `ZADD` of the scores that the places are. */
function geoadd(workspace: Workspace, words: CommandWords): Reply {
  let from = 2;
  const options = new Set<string>();
  for (; OPTIONS.has(optionOf(words, from)); from++) options.add(optionOf(words, from));
  if ((words.length - from) % 3 !== 0 || (options.has("nx") && options.has("xx"))) throw new CommandError(SYNTAX_ERROR);
  const added = words.slice(0, from);
  for (let at = from; at < words.length; at += 3)
    added.push(bytesFromLatin1(String(scoreOfPlace(expectPlace(words, at)))), wordOf(words, at + 2));
  return zadd(workspace, added);
}

function geodist(workspace: Workspace, words: CommandWords): Reply {
  const unit = words.length === 5 ? expectUnit(words, 4) : 1;
  if (words.length > 5) throw new CommandError(SYNTAX_ERROR);
  const set = workspace.sortedSets.at(keyOf(words, 1));
  const [a, b] = [set.scoreOf(textOf(words, 2)), set.scoreOf(textOf(words, 3))];
  if (a === undefined || b === undefined) return NOTHING;
  return textReply(distanceText(distance(placeOfScore(a), placeOfScore(b)) / unit));
}

/** Of each member that is asked for. */
function eachOf(answer: (score: number) => Reply, otherwise: Reply) {
  return (workspace: Workspace, words: CommandWords): Reply => {
    const set = workspace.sortedSets.at(keyOf(words, 1));
    const scores = words.slice(2).map((word) => set.scoreOf(latin1FromBytes(word)));
    return arrayReply(scores.map((score) => (score === undefined ? otherwise : answer(score))));
  };
}

const SEARCHES: Readonly<Record<string, GeoCommand>> = {
  georadius: { form: "radius" },
  georadius_ro: { form: "radius", isReadOnly: true },
  georadiusbymember: { form: "radius of member" },
  georadiusbymember_ro: { form: "radius of member", isReadOnly: true },
  geosearch: { form: "search" },
  geosearchstore: { form: "search and store" },
};

function forEachSearch<T>(make: (command: GeoCommand) => T): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(SEARCHES).map(([name, command]) => [name, make(command)]));
}

export const geoRows = rowsOf(
  "geo",
  TABLE,
  {
    ...forEachSearch(geoSearch),
    geoadd,
    geodist,
    geohash: eachOf((score) => textReply(textOfScore(score)), NOTHING),
    geopos: eachOf((score) => coordinatesReply(placeOfScore(score)), NO_ARRAY),
  },
  {},
  forEachSearch(geoSearchInTurns),
);
