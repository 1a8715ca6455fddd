/**
 * Bytes of commands that were damaged, cut and put together at random: whatever comes, the parser neither fails in another way
 * than it says, nor gives what its limits forbid, nor keeps more than them, and however they are cut, it reads the same.
 * `ATOLL_FUZZ_INPUTS=1000000` for a long run.
 */

import { expect, test } from "vitest";
import { SeededRandom } from "../../../src/base/random.ts";
import { ProtocolError, RequestParser } from "../../../src/doors/redis/request-parser.ts";

const INPUTS = Number(process.env.ATOLL_FUZZ_INPUTS ?? 20_000);
const SEED = process.env.ATOLL_SEED ?? "redis-parser";
const LIMITS = { argumentBytesMax: 100_000, argumentsMax: 1000, commandBytesMax: 200_000 };
const WORDS = ["GET", "SET", "a", "", "x".repeat(300), "\r\n", "$5", "*1", "-1", "99999999999999999999"];
const SPICE = [
  "\r\n",
  "$",
  "*",
  "$-1\r\n",
  "*0\r\n",
  "*-5\r\n",
  "$99999\r\n",
  "*1000\r\n",
  "*1001\r\n",
  '"',
  "\0",
  "$3\r\nab",
];

test(`${INPUTS} damaged inputs of seed ${SEED} are read or refused`, () => {
  const random = new SeededRandom(SEED);
  const pick = (count: number): number => random.uint32() % count;
  let [commands, refused] = [0, 0];
  for (let i = 0; i < INPUTS; i++) {
    const parser = new RequestParser(LIMITS);
    try {
      for (let chunks = 1 + pick(4); chunks > 0; chunks--) {
        parser.feed(damaged(random, pick));
        for (let words = parser.next(); words !== undefined; words = parser.next()) {
          commands++;
          expect(words.length).toBeLessThanOrEqual(LIMITS.argumentsMax);
          for (const word of words) expect(word.length).toBeLessThanOrEqual(LIMITS.argumentBytesMax);
        }
        if (parser.needsRoom > 0) parser.grantRoom();
        expect(parser.waiting).toBeLessThanOrEqual(LIMITS.commandBytesMax + 70_000);
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw new Error(`input ${i} of seed ${SEED}`, { cause: error });
      refused++;
    }
  }
  expect(commands).toBeGreaterThan(INPUTS / 10);
  expect(refused).toBeGreaterThan(INPUTS / 10);
});

test(`${INPUTS / 10} of them are read alike in whatever pieces`, () => {
  const random = new SeededRandom(SEED);
  const pick = (count: number): number => random.uint32() % count;
  for (let i = 0; i < INPUTS / 10; i++) {
    const bytes = Buffer.concat([damaged(random, pick), damaged(random, pick)]);
    const whole = read([bytes]);
    const cut = pick(bytes.length + 1);
    for (const pieces of [[bytes.subarray(0, cut), bytes.subarray(cut)], Array.from(bytes, (byte) => Buffer.of(byte))])
      expect(read(pieces), `input ${i} of seed ${SEED}`).toBe(whole);
  }
});

/** The commands and, if one came, the error. */
function read(pieces: readonly Uint8Array[]): string {
  const parser = new RequestParser(LIMITS);
  let said = "";
  try {
    for (const piece of pieces) {
      parser.feed(piece);
      for (;;) {
        const words = parser.next();
        if (words !== undefined)
          said += `${JSON.stringify(words.map((word) => Buffer.from(word).toString("latin1")))}\n`;
        else if (parser.needsRoom > 0) parser.grantRoom();
        else break;
      }
    }
    return said;
  } catch (error) {
    if (error instanceof ProtocolError) return said + error.message;
    throw error;
  }
}

function damaged(random: SeededRandom, pick: (count: number) => number): Uint8Array {
  let text = "";
  for (let count = pick(4); count >= 0; count--) {
    const words = Array.from({ length: 1 + pick(4) }, () => WORDS[pick(WORDS.length)] as string);
    text += pick(6) === 0 ? `${words.join(" ")}\r\n` : encoded(words);
  }
  for (let count = pick(3); count > 0; count--) {
    const at = pick(text.length + 1);
    const gone = pick(8);
    text = text.slice(0, at) + (SPICE[pick(SPICE.length)] as string) + text.slice(at + gone);
  }
  const bytes = Buffer.from(text, "latin1");
  if (bytes.length > 0 && pick(3) === 0) bytes[pick(bytes.length)] = random.uint32() & 255;
  return new Uint8Array(bytes.subarray(0, pick(4) === 0 ? pick(bytes.length + 1) : bytes.length));
}

function encoded(words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join("")}`;
}
