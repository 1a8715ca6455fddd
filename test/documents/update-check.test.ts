import { describe, expect, test } from "vitest";
import * as Y from "yjs";
import { SeededRandom } from "../../src/base/random.ts";
import { CLOCK_MAX, documentLimits, type UpdateLimits } from "../../src/documents/document-limits.ts";
import { checkUpdate, isMissing, isPartlyKnown } from "../../src/documents/update-check.ts";
import { realUpdates } from "./real-updates.ts";
import {
  all,
  any,
  bytesOf,
  collected,
  first,
  firstIn,
  id,
  letter,
  of,
  type Part,
  raw,
  rightOf,
  skip,
  text,
  uint,
  update,
} from "./update-bytes.ts";

const [DELETED, JSONS, BINARY, STRING, EMBED, FORMAT, TYPE, ANY, DOCUMENT] = [1, 2, 3, 4, 5, 6, 7, 8, 9] as const;
const EMPTY = Uint8Array.of(0, 0);

function refusal(bytes: Uint8Array, limits: Partial<UpdateLimits> = {}): string {
  try {
    checkUpdate(bytes, { ...documentLimits, ...limits });
    return "accepted";
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe("what Yjs writes", () => {
  test("is accepted, with the facts that Yjs itself reads from it", () => {
    for (let seed = 0; seed < 20; seed++) {
      for (const bytes of realUpdates(new SeededRandom(`facts ${seed}`))) {
        const facts = checkUpdate(bytes);
        const { structs, ds } = Y.decodeUpdate(bytes);
        const { from, to } = Y.parseUpdateMeta(bytes);
        expect(facts.bytes).toBe(bytes.length);
        expect(facts.structs).toBe(structs.length);
        expect([...facts.ranges].map(([client, { clock }]) => [client, clock])).toEqual([...from]);
        expect([...facts.ranges].map(([client, { end }]) => [client, end])).toEqual([...to]);
        expect(facts.deletes).toBe([...ds.clients.values()].flat().length);
        const ends = [...ds.clients].map(([client, items]) => [client, Math.max(...items.map((i) => i.clock + i.len))]);
        expect([...facts.deletesUpTo]).toEqual(ends);
      }
    }
  });

  test("is missing something exactly where Yjs leaves something pending", () => {
    let missing = 0;
    for (let seed = 0; seed < 20; seed++) {
      const random = new SeededRandom(`missing ${seed}`);
      const doc = new Y.Doc();
      for (const bytes of realUpdates(random)) {
        const state = Y.decodeStateVector(Y.encodeStateVector(doc));
        // Only where nothing waits already.
        if (doc.store.pendingStructs !== null || doc.store.pendingDs !== null || random.chance(0.4)) continue;
        const isSo = isMissing(checkUpdate(bytes), state);
        const copy = new Y.Doc();
        Y.applyUpdate(copy, Y.encodeStateAsUpdate(doc));
        Y.applyUpdate(copy, bytes);
        expect(copy.store.pendingStructs !== null || copy.store.pendingDs !== null).toBe(isSo);
        if (isSo) missing++;
        else Y.applyUpdate(doc, bytes);
      }
    }
    expect(missing).toBeGreaterThan(50);
  });
});

describe("facts", () => {
  test("count what Yjs makes objects of", () => {
    const facts = checkUpdate(
      of(
        first(TYPE, uint(1)),
        first(ANY, all(uint(2), any([1, { a: null }]), any(Uint8Array.of(1))), "s"),
        rightOf(7, 0, EMBED, text('{"a":[1,2]}')),
        rightOf(7, 0, DOCUMENT, all(text("id"), any({ meta: 1 }))),
      ),
    );
    expect(facts).toMatchObject({ structs: 4, types: 1, subdocuments: 1, roots: 2, values: 10, holdsBytes: true });
  });

  test("of an update with gaps need what fills the last gap that something follows", () => {
    const facts = checkUpdate(
      update([
        { client: 9, clock: 2, structs: [skip(3), collected(2), skip(5), collected(1), skip(4)] },
        { client: 8, structs: [skip(3)] },
        { client: 7, structs: [collected(4)] },
      ]),
    );
    expect([...facts.ranges]).toEqual([
      [9, { clock: 5, end: 13, structs: 2 }],
      [7, { clock: 0, end: 4, structs: 1 }],
    ]);
    expect([...facts.needs]).toEqual([[9, 12]]);
  });

  test("need what others refer to, unless it is in the update", () => {
    const facts = checkUpdate(
      update([
        {
          client: 9,
          structs: [rightOf(8, 1, STRING, letter), rightOf(6, 4, STRING, letter), rightOf(6, 2, STRING, letter)],
        },
        { client: 8, structs: [collected(2)] },
        { client: 7, clock: 3, structs: [firstIn(8, 2, STRING, letter)] },
      ]),
    );
    expect([...facts.needs]).toEqual([
      [7, 3],
      [8, 3],
      [6, 5],
    ]);
  });

  test("tell what is missing and what is partly known against a state", () => {
    const facts = checkUpdate(
      update([{ client: 7, clock: 3, structs: [collected(4)] }], [{ client: 8, ranges: [[1, 2]] }]),
    );
    const against = (seven: number, eight: number) => {
      const state = new Map([
        [7, seven],
        [8, eight],
      ]);
      return [isMissing(facts, state), isPartlyKnown(facts, state)];
    };
    expect(against(2, 3)).toEqual([true, false]);
    expect(against(3, 2)).toEqual([true, false]);
    expect(against(3, 3)).toEqual([false, false]);
    expect(against(4, 3)).toEqual([false, true]);
    expect(against(7, 3)).toEqual([false, false]);
  });

  test("of an update that deletes what it brings miss nothing", () => {
    const facts = checkUpdate(update([{ client: 7, structs: [collected(4)] }], [{ client: 7, ranges: [[0, 4]] }]));
    expect(isMissing(facts, new Map())).toBe(false);
  });
});

describe("what Yjs would choke on is refused", () => {
  const options = (value: unknown): Part => all(text("id"), any(value));
  const refused: readonly (readonly [string, Uint8Array])[] = [
    ["no byte", new Uint8Array(0)],
    ["one byte", Uint8Array.of(0)],
    ["a byte too many", Uint8Array.of(0, 0, 0)],
    ["a second update after the first", bytesOf(raw(...EMPTY), raw(...EMPTY))],
    ["32 million structs in 12 bytes", bytesOf(uint(1), uint(2 ** 25), uint(7), uint(0), raw(0, 1, 0, 1))],
    ["4 billion structs", bytesOf(uint(1), uint(2 ** 32), uint(7), uint(0), raw(0, 1))],
    ["more structs than bytes hold", bytesOf(uint(1), uint(2), uint(7), uint(0), raw(0, 1, 0))],
    ["more clients than bytes hold", bytesOf(uint(3), uint(0), uint(7), uint(0), uint(0))],
    ["more deleting clients than bytes hold", bytesOf(uint(0), uint(2 ** 30), uint(7), uint(0))],
    ["more deletions than bytes hold", bytesOf(uint(0), uint(1), uint(7), uint(2 ** 30), uint(0), uint(1))],
    ["a number that does not end", Uint8Array.of(...Array<number>(20).fill(255))],
    [
      "a number beyond 2^53",
      bytesOf(raw(1, 1, 255, 255, 255, 255, 255, 255, 255, 127), uint(0), collected(1), uint(0)),
    ],
    [
      "a client twice",
      update([
        { client: 7, structs: [collected(1)] },
        { client: 7, structs: [collected(1)] },
      ]),
    ],
    ["a collected run without length", of(collected(0))],
    ["a skip without length", of(skip(0))],
    ["a deleted run without length", of(first(DELETED, uint(0)))],
    ["an empty text", of(first(STRING, text("")))],
    ["no values", of(first(ANY, uint(0)))],
    ["no JSON values", of(first(JSONS, uint(0)))],
    ["a deletion without length", update([], [{ client: 7, ranges: [[0, 0]] }])],
    ["a collected run of 2^50", of(collected(2 ** 50))],
    ["a skip of 2^50", of(skip(2 ** 50))],
    ["a deleted run of 2^50", of(first(DELETED, uint(2 ** 50)))],
    ["a deletion of 2^50", update([], [{ client: 7, ranges: [[0, 2 ** 50]] }])],
    ["a clock that overflows", update([{ client: 7, clock: CLOCK_MAX, structs: [collected(1)] }])],
    ["a deletion that overflows", update([], [{ client: 7, ranges: [[CLOCK_MAX, 1]] }])],
    ["a collected run with other bits", of(all(raw(128), uint(1)))],
    ["a skip with other bits", of(all(raw(10 | 128), uint(1)))],
    ...Array.from({ length: 21 }, (_, i) => [`content of kind ${11 + i}`, of(first(11 + i, uint(1)))] as const),
    ["a parent that is neither name nor id", of(all(raw(STRING), uint(2), id(8, 0), letter))],
    ["an item left of itself", of(rightOf(7, 0, STRING, letter))],
    ["an item right of itself", of(all(raw(STRING | 64), id(7, 0), letter))],
    ["an item in itself", of(firstIn(7, 0, TYPE, uint(0)))],
    ["an item after its own client's next", of(rightOf(7, 1, STRING, letter), collected(1))],
    ["text that is not UTF-8", of(first(STRING, raw(1, 0x80)))],
    ["text that ends in the midst of a letter", of(first(STRING, raw(2, 0xe2, 0x82)))],
    ["text longer than the bytes", of(first(STRING, uint(2 ** 21)))],
    ["a name that is not UTF-8", of(all(raw(STRING), uint(1), raw(1, 0xff), letter))],
    ["bytes longer than the bytes", of(first(BINARY, uint(100)))],
    ["an embed that is no JSON", of(first(EMBED, text("{")))],
    ["an embed of nothing", of(first(EMBED, text("")))],
    ["an embed of undefined", of(first(EMBED, text("undefined")))],
    ["a format that is no JSON", of(first(FORMAT, all(text("bold"), text("tru"))))],
    ["a JSON value that is none", of(first(JSONS, all(uint(1), text("undefinedd"))))],
    ["a shared type of kind 7", of(first(TYPE, uint(7)))],
    ["an element without name", of(first(TYPE, uint(3)))],
    ["a value of kind 115", of(first(ANY, all(uint(1), raw(115))))],
    ["a value of kind 128", of(first(ANY, all(uint(1), raw(128))))],
    ["more values than bytes hold", of(first(ANY, all(uint(1000), any(1))))],
    ["a list longer than the bytes", of(first(ANY, all(uint(1), raw(117), uint(2 ** 30))))],
    ["an object larger than the bytes", of(first(ANY, all(uint(1), raw(118), uint(2 ** 30))))],
    ["half a number", of(first(ANY, all(uint(1), raw(123, 0, 0))))],
    ["a signed number beyond 2^53", of(first(ANY, all(uint(1), raw(125, 255, 255, 255, 255, 255, 255, 255, 127))))],
    ["a subdocument without options", of(first(DOCUMENT, options(null)))],
    ["a subdocument whose options hide its id", of(first(DOCUMENT, options({ guid: 5 })))],
    ["a subdocument with a filter", of(first(DOCUMENT, options({ gcFilter: 1 })))],
  ];

  test.each(refused)("%s", (_, bytes) => {
    expect(refusal(bytes)).toBe("BAD_UPDATE");
  });

  test("every update that is cut, wherever", () => {
    const random = new SeededRandom("cut");
    for (const bytes of realUpdates(random, 10)) {
      for (let length = 0; length < bytes.length; length++)
        expect(refusal(bytes.subarray(0, length))).toBe("BAD_UPDATE");
    }
  });
});

describe("what they have in common with the refused is accepted", () => {
  const accepted: readonly (readonly [string, Uint8Array])[] = [
    ["an update of nothing", EMPTY],
    ["a client without structs", update([{ client: 7, structs: [] }])],
    ["a client that deletes nothing", update([], [{ client: 7, ranges: [] }])],
    ["the last clock", update([{ client: 7, clock: CLOCK_MAX - 1, structs: [collected(1)] }])],
    ["clients in any order", update([1, 3, 2].map((client) => ({ client, structs: [collected(1)] })))],
    ["the greatest client", update([{ client: Number.MAX_SAFE_INTEGER, structs: [collected(1)] }])],
    ["an undefined JSON value", of(first(JSONS, all(uint(2), text("undefined"), text("1"))))],
    ["an item with a key", of(all(raw(ANY | 32), uint(1), text("r"), text("key"), uint(1), any(null)))],
    ["an item whose key its neighbour has", of(collected(1), all(raw(ANY | 32 | 128), id(7, 0), uint(1), any(1)))],
    ["the greatest signed numbers", of(first(ANY, all(uint(2), any(2 ** 31 - 1), any(-(2 ** 31 - 1)))))],
    ["a signed number of 53 bits", of(first(ANY, all(uint(1), raw(125, 191, 255, 255, 255, 255, 255, 255, 31))))],
    ["a subdocument with options", of(first(DOCUMENT, all(text("id"), any({ gc: false, autoLoad: true, meta: [1] }))))],
  ];

  test.each(accepted)("%s", (_, bytes) => {
    expect(refusal(bytes)).toBe("accepted");
    expect(() => Y.applyUpdate(new Y.Doc(), bytes)).not.toThrow();
  });
});

describe("limits hold at, and not below", () => {
  const name = (length: number): Part => first(STRING, letter, "n".repeat(length));
  const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);
  const json = (depth: number): Part => text("[".repeat(depth) + "]".repeat(depth));
  const roots = (count: number) => of(...Array.from({ length: count }, (_, i) => first(STRING, letter, `r${i}`)));
  const cases: readonly (readonly [string, Partial<UpdateLimits>, Uint8Array, Uint8Array, string])[] = [
    ["bytes", { updateBytesMax: 2 }, EMPTY, of(collected(1)), "UPDATE_TOO_LARGE"],
    [
      "structs",
      { structsPerUpdateMax: 2 },
      of(collected(1), collected(1)),
      of(skip(1), skip(1), skip(1)),
      "UPDATE_TOO_LARGE",
    ],
    [
      "structs of all clients",
      { structsPerUpdateMax: 2 },
      update([1, 2].map((client) => ({ client, structs: [collected(1)] }))),
      update([1, 2, 3].map((client) => ({ client, structs: [collected(1)] }))),
      "UPDATE_TOO_LARGE",
    ],
    [
      "clients",
      { clientsPerUpdateMax: 1 },
      update([{ client: 1, structs: [] }]),
      update([1, 2].map((client) => ({ client, structs: [] }))),
      "UPDATE_TOO_LARGE",
    ],
    [
      "deleting clients",
      { clientsPerUpdateMax: 1 },
      update([], [{ client: 1, ranges: [] }]),
      update(
        [],
        [1, 2].map((client) => ({ client, ranges: [] })),
      ),
      "UPDATE_TOO_LARGE",
    ],
    [
      "deletions",
      { deletesPerUpdateMax: 2 },
      update(
        [],
        [
          {
            client: 1,
            ranges: [
              [0, 1],
              [5, 1],
            ],
          },
        ],
      ),
      update(
        [],
        [1, 2, 3].map((client) => ({ client, ranges: [[0, 1]] })),
      ),
      "UPDATE_TOO_LARGE",
    ],
    [
      "values",
      { valuesPerUpdateMax: 3 },
      of(first(ANY, all(uint(1), any([1, 2])))),
      of(first(ANY, all(uint(1), any([1, 2, 3])))),
      "UPDATE_TOO_LARGE",
    ],
    [
      "values of JSON",
      { valuesPerUpdateMax: 3 },
      of(first(EMBED, text("[1,2]"))),
      of(first(EMBED, text("[1,2,3]"))),
      "UPDATE_TOO_LARGE",
    ],
    ["roots", { rootsMax: 2 }, roots(2), roots(3), "UPDATE_TOO_LARGE"],
    [
      "subdocuments",
      { subdocumentsMax: 1 },
      of(first(DOCUMENT, all(text("id"), any({})))),
      of(...[1, 2].map(() => first(DOCUMENT, all(text("id"), any({}))))),
      "UPDATE_TOO_LARGE",
    ],
    ["names", { nameBytesMax: 4 }, of(name(4)), of(name(5)), "UPDATE_TOO_LARGE"],
    [
      "nesting",
      { nestingMax: 3 },
      of(first(ANY, all(uint(1), any(nested(3))))),
      of(first(ANY, all(uint(1), any(nested(4))))),
      "BAD_UPDATE",
    ],
    ["nesting of JSON", { nestingMax: 3 }, of(first(EMBED, json(3))), of(first(EMBED, json(4))), "BAD_UPDATE"],
  ];

  test.each(cases)("%s", (_, limits, at, above, code) => {
    expect(refusal(at, limits)).toBe("accepted");
    expect(refusal(above, limits)).toBe(code);
  });

  test("nothing is read after the bytes it is told of", () => {
    const bytes = bytesOf(raw(9, 9), raw(...of(collected(1))), raw(9, 9));
    expect(checkUpdate(bytes.subarray(2, -2)).structs).toBe(1);
  });
});
