/** Commands from bytes, however they are cut; what is too much is refused before it is kept. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PlainCommand } from "../../../src/doors/redis/plain-command.ts";
import { type Command, ProtocolError, RequestParser } from "../../../src/doors/redis/request-parser.ts";

const LIMITS = { argumentBytesMax: 100_000, argumentsMax: 1000, commandBytesMax: 300_000 };
const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (each) => each.charCodeAt(0));
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

function encode(command: readonly string[]): string {
  return `*${command.length}\r\n${command.map((each) => `$${each.length}\r\n${each}\r\n`).join("")}`;
}

/** With room for whatever needs it. */
function next(parser: RequestParser): Command | undefined {
  for (;;) {
    const command = parser.next();
    if (command !== undefined || parser.needsRoom === 0) return command;
    parser.grantRoom();
  }
}

/** The commands in the chunks, and what was wrong in the end, if anything. */
function parse(chunks: readonly string[], limits = LIMITS): string[][] | [string[][], string] {
  const parser = new RequestParser(limits);
  const commands: string[][] = [];
  for (const chunk of chunks) {
    parser.feed(bytesOf(chunk));
    try {
      for (let command = next(parser); command !== undefined; command = next(parser)) {
        commands.push(command.map(textOf));
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      expect(() => parser.next()).toThrow(error.message);
      return [commands, error.message];
    }
  }
  return commands;
}

/** The text in pieces that end at these places. */
function cut(text: string, at: readonly number[]): string[] {
  const ends = [...new Set(at.map((place) => place % (text.length + 1)))].sort((a, b) => a - b);
  return [0, ...ends].map((from, i) => text.slice(from, ends[i] ?? text.length));
}

function wordsOf(plain: PlainCommand | undefined): string[] {
  if (plain === undefined) return [];
  const { bytes, isSet, keyStart, keyEnd, valueStart, valueEnd } = plain;
  const between = (start: number, end: number) =>
    textOf(new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start));
  return isSet ? ["SET", between(keyStart, keyEnd), between(valueStart, valueEnd)] : ["GET", between(keyStart, keyEnd)];
}

const argument = fc.oneof(
  fc.uint8Array({ maxLength: 40 }).map((bytes) => textOf(bytes)),
  fc.integer({ min: 32_000, max: 40_000 }).map((length) => "x".repeat(length)),
);
const command = fc.array(argument, { minLength: 1, maxLength: 6 });

describe("commands", () => {
  it("are the same however their bytes are cut", () => {
    const cuts = fc.array(fc.nat({ max: 500_000 }), { maxLength: 12 });
    fc.assert(
      fc.property(fc.array(command, { maxLength: 5 }), cuts, (commands, at) => {
        expect(parse(cut(commands.map(encode).join(""), at))).toEqual(commands);
      }),
    );
  });

  it("come byte by byte, too", () => {
    const commands = [["SET", "key", "a\r\nb"], ["GET", ""], ["PING"]];
    expect(parse([...commands.map(encode).join("")])).toEqual(commands);
  });

  it("are known as plain ones without being taken apart, however they are cut", () => {
    const word = argument.map((text) => text.slice(0, 200));
    const get = fc.tuple(fc.constantFrom("GET", "get", "Get"), word);
    const set = fc.tuple(fc.constantFrom("SET", "set", "sEt"), word, word);
    const cuts = fc.array(fc.nat({ max: 5000 }), { maxLength: 12 });
    fc.assert(
      fc.property(fc.array(fc.oneof(get, set, command), { maxLength: 8 }), cuts, (commands, at) => {
        const parser = new RequestParser(LIMITS);
        const read: string[][] = [];
        for (const chunk of cut(commands.map(encode).join(""), at)) {
          parser.feed(bytesOf(chunk));
          for (;;) {
            for (let plain = parser.nextPlain(); plain !== undefined; plain = parser.nextPlain()) {
              read.push(wordsOf(plain));
              parser.takePlain(plain);
            }
            const other = next(parser);
            if (other === undefined) break;
            read.push(other.map(textOf));
          }
        }
        const shouted = ([name = "", ...words]: readonly string[]) => [name.toUpperCase(), ...words];
        expect(read.map(shouted)).toEqual(commands.map(shouted));
      }),
    );
  });

  it.each([
    ["*2\r\n$3\r\nGET\r\n$3\r\nab"],
    ["*3\r\n$3\r\nSET\r\n$3\r\nabc\r\n"],
    ["*3\r\n$3\r\nSET\r\n$3\r\nabc\r\n$3\r\nab"],
    [encode(["GET", "abcdef"])],
    [encode(["SET", "abc", "abcdef"])],
    [encode(["GET"])],
    [encode(["GET", "a", "b"])],
    [encode(["SET", "abcde"])],
    [encode(["SET", "a", "b", "NX"])],
    [encode(["TTL", "abcde"])],
    ["*2\r\n$3\r\nGET\r\n:3\r\nabc\r\n"],
    ["*2\n\n$3\r\nGET\r\n$3\r\nabc\r\n"],
  ])("are left where they are that are not plain, not wholly there, or too long: %j", (text) => {
    const parser = new RequestParser({ ...LIMITS, argumentBytesMax: 5 });
    parser.feed(bytesOf(text));
    expect(parser.nextPlain()).toBeUndefined();
  });

  it("that are plain come next until they are taken", () => {
    const parser = new RequestParser(LIMITS);
    parser.feed(bytesOf(encode(["GET", "abc"]) + encode(["SET", "a", ""])));
    for (let time = 0; time < 2; time++) expect(wordsOf(parser.nextPlain())).toEqual(["GET", "abc"]);
    expect(parser.next()?.map(textOf)).toEqual(["GET", "abc"]);
    const last = parser.nextPlain() as PlainCommand;
    expect(wordsOf(last)).toEqual(["SET", "a", ""]);
    parser.takePlain(last);
    expect([parser.nextPlain(), parser.next()]).toEqual([undefined, undefined]);
  });

  it("that are plain and were read ahead count no more once others are fed, or other limits hold", () => {
    const parser = new RequestParser(LIMITS);
    parser.feed(bytesOf(encode(["GET", "abc"]) + encode(["GET", "abcdef"])));
    parser.takePlain(parser.nextPlain() as PlainCommand);
    parser.limits = { ...LIMITS, argumentBytesMax: 5 };
    expect(parser.nextPlain()).toBeUndefined();
    parser.limits = LIMITS;
    parser.takePlain(parser.nextPlain() as PlainCommand);
    parser.feed(bytesOf(encode(["SET", "xyz", "1"])));
    expect(wordsOf(parser.nextPlain())).toEqual(["SET", "xyz", "1"]);
    // Nothing is kept of what came before.
    const kept = new Set(parser.plainRun.commands.map(({ bytes }) => bytes).filter(({ byteLength }) => byteLength > 0));
    expect(kept.size).toBe(1);
  });

  it("that are plain come one by one, however many were read ahead and whoever reads them", () => {
    const parser = new RequestParser(LIMITS);
    const all = Array.from({ length: 100 }, (_, i) => (i % 3 === 0 ? ["SET", `${i}`, "x"] : ["GET", `${i}`]));
    parser.feed(bytesOf(all.map(encode).join("")));
    const read = all.map((_, i) => {
      const plain = parser.nextPlain();
      if (i % 7 === 0) return parser.next()?.map(textOf);
      parser.takePlain(plain as PlainCommand);
      return wordsOf(plain);
    });
    expect([read, parser.nextPlain(), parser.waiting]).toEqual([all, undefined, 0]);
  });

  it("without arguments are nothing", () => {
    expect(parse(["*0\r\n*-1\r\n\r\n \r\n*1\r\n$4\r\nPING\r\n"])).toEqual([["PING"]]);
  });

  it("may be typed by hand, with quotes", () => {
    expect(parse(["SET key 'it\\'s me'\r\n", 'get "a\\x41\\n\\"b\\q"\n', "PI", "NG\r\n"])).toEqual([
      ["SET", "key", "it's me"],
      ["get", 'aA\n"bq'],
      ["PING"],
    ]);
  });
});

describe("what is no command", () => {
  it.each([
    ["*x\r\n", "invalid multibulk length"],
    ["*1001\r\n", "invalid multibulk length"],
    ["*\r\n", "invalid multibulk length"],
    ["*1\r\n:4\r\n", "expected '$', got ':'"],
    ["*1\r\n\r\n", "expected '$', got ' '"],
    ["*1\r\n$-1\r\n", "invalid bulk length"],
    ["*1\r\n$100001\r\n", "invalid bulk length"],
    ["*1\r\n$99999999999999999999999\r\n", "invalid bulk length"],
    ["*4\r\n$100000\r\n", "too long a command", 3],
    ['get "a\r\n', "unbalanced quotes in request"],
    ['get "a"b\r\n', "unbalanced quotes in request"],
    ["get 'a\r\n", "unbalanced quotes in request"],
    [`${"x".repeat(70_000)}`, "too big inline request"],
    [`*${"1".repeat(70_000)}`, "too big mbulk count string"],
    [`*1\r\n$${"1".repeat(70_000)}`, "too big bulk count string"],
  ])("%j is refused: %s", (text, message, repeated = 0) => {
    const [head = "", ...rest] = text.split("\r\n");
    const argument = `${rest[0]}\r\n${"y".repeat(100_000)}\r\n`;
    const sent = repeated > 0 ? `${head}\r\n${argument.repeat(repeated)}` : text;
    expect(parse([sent])).toEqual([[], `Protocol error: ${message}`]);
  });

  it("ends all, but not what came before", () => {
    expect(parse([`${encode(["PING"])}*x\r\n${encode(["PING"])}`])).toEqual([
      [["PING"]],
      "Protocol error: invalid multibulk length",
    ]);
  });

  it("takes no memory by announcing much", () => {
    const parser = new RequestParser({ ...LIMITS, argumentsMax: 1_000_000, commandBytesMax: 50_000 });
    parser.feed(bytesOf("*1000000\r\n"));
    expect(parser.next()).toBeUndefined();
    expect(parser.waiting).toBe(0);
    const feedAll = (): void => {
      for (let i = 0; i < 1000; i++) {
        parser.feed(bytesOf("$0\r\n\r\n"));
        next(parser);
      }
    };
    expect(feedAll).toThrow("too long a command");
  });
});

describe("room for what is not complete", () => {
  it("is asked for before much of it has come, in whatever pieces, and again for each step", () => {
    const parser = new RequestParser({ ...LIMITS, commandBytesMax: 10_000_000 });
    const asked: number[] = [];
    parser.feed(bytesOf(`*1000\r\n$4\r\nMSET\r\n`));
    for (let i = 1; i < 1000; i++) {
      parser.feed(bytesOf(`$1000\r\n${"x".repeat(1000)}\r\n`));
      const command = parser.next();
      if (i === 999) expect(command).toHaveLength(1000);
      else if (parser.needsRoom > 0) {
        expect(parser.next()).toBeUndefined();
        asked.push(parser.needsRoom);
        parser.grantRoom();
      }
      expect(parser.waiting).toBeLessThan(20_000 + asked.reduce((sum, bytes) => sum + bytes, 0));
    }
    expect(asked.length).toBeGreaterThan(10);
    expect(asked.length).toBeLessThan(20);
    parser.feed(bytesOf(`*1\r\n$20000\r\n`));
    expect(parser.next()).toBeUndefined();
    expect(parser.needsRoom).toBeGreaterThan(0);
  });

  it("is not asked for by what is here as a whole, nor for a line that is not too long", () => {
    const parser = new RequestParser(LIMITS);
    parser.feed(bytesOf(encode(["SET", "key", "x".repeat(90_000)])));
    expect(parser.next()).toHaveLength(3);
    parser.feed(bytesOf(`SET key ${"x".repeat(10_000)}`));
    expect([parser.next(), parser.needsRoom]).toEqual([undefined, 0]);
  });
});

describe("any bytes", () => {
  it("are commands or an error, and as much waits as was let in", () => {
    const pieces = fc.oneof(
      fc.constantFrom(
        "*",
        "$",
        "\r\n",
        "\n",
        "1",
        "2",
        "-",
        "3",
        "\r",
        '"',
        "'",
        "\\",
        " ",
        "PING",
        "*1\r\n$4\r\nPING\r\n",
      ),
      fc.uint8Array({ maxLength: 8 }).map((bytes) => textOf(bytes)),
    );
    fc.assert(
      fc.property(
        fc.array(
          fc.array(pieces, { maxLength: 10 }).map((each) => each.join("")),
          { maxLength: 10 },
        ),
        (chunks) => {
          const parser = new RequestParser(LIMITS);
          let fed = 0;
          try {
            for (const chunk of chunks) {
              parser.feed(bytesOf(chunk));
              fed += chunk.length;
              while (parser.next() !== undefined);
              expect(parser.waiting).toBeLessThanOrEqual(LIMITS.commandBytesMax + fed);
            }
          } catch (error) {
            expect(error).toBeInstanceOf(ProtocolError);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});
