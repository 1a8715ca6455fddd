/** Members that a search has found, gathered in steps and put in order in steps, before they are answered or stored. */

import type { PackedItems } from "../../base/packed-items.ts";
import { sortInSteps } from "../../base/sort-in-steps.ts";
import { arrayReply, integerReply, type Reply, textReply } from "../../command-reply.ts";
import { itemsBytes } from "../members/member-replies.ts";
import type { Query } from "./geo-query.ts";
import { coordinatesReply, distanceText } from "./geo-words.ts";
import { placeOfScore } from "./geohash.ts";

/** What a member takes that is remembered, beside its name. */
const FOUND_BYTES = 48;
/** Of a member that is told of beside, with its distance and its place: some 5 ms. */
const STEP_MAX = 1024;

export class GeoFound {
  readonly #names: string[] = [];
  readonly #scores: number[] = [];
  readonly #metres: number[] = [];
  #order: Uint32Array = new Uint32Array(0);

  get count(): number {
    return this.#names.length;
  }

  /** Returns what it takes of room. */
  add(name: string, score: number, metres: number): number {
    this.#names.push(name);
    this.#scores.push(score);
    this.#metres.push(metres);
    return FOUND_BYTES + name.length;
  }

  /** By their distances, those of one in the order in which they were found; or all in that. At most `count` are left, 0: all. */
  *sort(order: Query["order"], count: number): Generator<number, void> {
    const numbers = new Uint32Array(this.count);
    for (let number = 0; number < numbers.length; number++) numbers[number] = number;
    const sign = order === "desc" ? -1 : 1;
    const compare = (a: number, b: number): number =>
      sign * ((this.#metres[a] as number) - (this.#metres[b] as number)) || a - b;
    const sorting = order === undefined ? undefined : sortInSteps(numbers, compare);
    let step = sorting?.next();
    for (; step !== undefined && step.done !== true; step = sorting?.next()) yield 0;
    const sorted = step === undefined ? numbers : step.value;
    this.#order = count > 0 ? sorted.slice(0, count) : sorted;
  }

  /** Packs names alone. */
  *packNames(into: PackedItems): Generator<number, void> {
    yield* this.#pack(into, (number) => into.addText(this.#names[number] as string));
  }

  /** Packs names and what is to be their scores. */
  *packScored(into: PackedItems, { storesDistances, unit }: Query): Generator<number, void> {
    yield* this.#pack(into, (number) => {
      into.addText(this.#names[number] as string);
      into.addDouble(storesDistances ? (this.#metres[number] as number) / unit : (this.#scores[number] as number));
    });
  }

  *#pack(into: PackedItems, pack: (number: number) => void): Generator<number, void> {
    for (let from = 0; from < this.#order.length; from += STEP_MAX) {
      const { bytes } = into;
      for (const number of this.#order.subarray(from, from + STEP_MAX)) pack(number);
      yield into.bytes - bytes;
    }
  }

  /** With all that is asked for beside the names. Each step tells what it takes of room before that is spent. */
  *replies(query: Query, into: Reply[]): Generator<number, void> {
    const itemsEach = 1 + [query.hasDistances, query.hasScores, query.hasCoordinates].filter(Boolean).length;
    for (let from = 0; from < this.#order.length; from += STEP_MAX) {
      const numbers = this.#order.subarray(from, from + STEP_MAX);
      const namesBytes = numbers.reduce((bytes, number) => bytes + (this.#names[number] as string).length, 0);
      yield itemsBytes(numbers.length * (1 + 3 * itemsEach)) + namesBytes;
      for (const number of numbers) into.push(this.#reply(number, query));
    }
  }

  #reply(number: number, { unit, hasDistances, hasScores, hasCoordinates }: Query): Reply {
    const score = this.#scores[number] as number;
    const items: Reply[] = [textReply(this.#names[number] as string)];
    if (hasDistances) items.push(textReply(distanceText((this.#metres[number] as number) / unit)));
    if (hasScores) items.push(integerReply(Math.trunc(score)));
    if (hasCoordinates) items.push(coordinatesReply(placeOfScore(score)));
    return arrayReply(items);
  }
}
