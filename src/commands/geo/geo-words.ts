/** Places and distances in the words of clients, and in answers. */

import { arrayReply, type Reply } from "../../command-reply.ts";
import type { CommandWords } from "../../command-store.ts";
import { CommandError } from "../words/command-error.ts";
import { expectFloat } from "../words/number-text.ts";
import { optionOf } from "../words/words.ts";
import { isPlace, type Place } from "./geohash.ts";

/** In meters. */
const UNITS: ReadonlyMap<string, number> = new Map([
  ["m", 1],
  ["km", 1000],
  ["ft", 0.3048],
  ["mi", 1609.34],
]);
const ERROR_DIGITS = 6;
const DISTANCE_DIGITS = 4;
const COORDINATE_DIGITS = 17;

/** Throws `CommandError`. */
export function expectUnit(words: CommandWords, at: number): number {
  const unit = UNITS.get(optionOf(words, at));
  if (unit === undefined) throw new CommandError("ERR unsupported unit provided. please use M, KM, FT, MI");
  return unit;
}

/** Longitude and latitude. Throws `CommandError`. */
export function expectPlace(words: CommandWords, at: number): Place {
  const place = { longitude: expectFloat(words[at]), latitude: expectFloat(words[at + 1]) };
  if (isPlace(place)) return place;
  const [longitude, latitude] = [fixedText(place.longitude, ERROR_DIGITS), fixedText(place.latitude, ERROR_DIGITS)];
  throw new CommandError(`ERR invalid longitude,latitude pair ${longitude},${latitude}`);
}

function fixedText(value: number, digits: number): string {
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  return Math.abs(value) < 1e21 ? value.toFixed(digits) : `${BigInt(value)}.${"0".repeat(digits)}`;
}

export function distanceText(value: number): string {
  return fixedText(value, DISTANCE_DIGITS);
}

export function coordinatesReply({ longitude, latitude }: Place): Reply {
  return arrayReply([coordinateReply(longitude), coordinateReply(latitude)]);
}

/** With more digits than a double has, as Redis tells it. */
function coordinateReply(degrees: number): Reply {
  const text = degrees.toFixed(COORDINATE_DIGITS).replace(/\.?0+$/, "");
  return { type: "decimal", text: text === "-0" ? "0" : text };
}
