import { describe, expect, test } from "vitest";
import * as Y from "yjs";
import { SeededRandom } from "../../src/base/random.ts";
import { documentLimits } from "../../src/documents/document-limits.ts";
import { insertionSteps as stepsOf } from "../../src/documents/insertion-work.ts";
import { prepareUpdate } from "../../src/documents/prepare-update.ts";
import { checkUpdate } from "../../src/documents/update-check.ts";
import { realUpdates } from "./real-updates.ts";
import { all, first, id, leftOf, letter, type Part, raw, rightOf, text, uint, update } from "./update-bytes.ts";
import { countYjsSteps } from "./yjs-steps.ts";

const STRING = 4;
const HAS_BOTH = 128 | 64;
const MANY = 3_000;

const between = (left: Part, right: Part): Part => all(raw(STRING | HAS_BOTH), left, right, letter);
const keyed = (): Part => all(raw(STRING | 32), uint(1), text("r"), text("key"), letter);

function pick<Item>(random: SeededRandom, items: readonly Item[]): Item {
  return items[random.below(items.length)] as Item;
}

function insertionSteps(doc: Y.Doc, bytes: Uint8Array): number {
  return stepsOf(doc, Y.decodeUpdate(bytes).structs);
}

function refusal(bytes: Uint8Array, doc = new Y.Doc(), limits = documentLimits): string {
  try {
    prepareUpdate(doc, bytes, checkUpdate(bytes, limits), limits);
    return "accepted";
  } catch (error) {
    return (error as { code: string }).code;
  }
}

/** Items of a few clients, next to whatever came before: most at the same few places, some of them long. */
function attack(random: SeededRandom, items: number): Uint8Array {
  const clients = [1, 2, 3, 4];
  const structs = new Map<number, Part[]>(clients.map((client) => [client, []]));
  const clocks = new Map<number, number>(clients.map((client) => [client, 0]));
  const ids: (readonly [number, number])[] = [];
  const hot = random.chance(0.5) ? 1 : 5;
  const places = [0.2, 0.5, 0.9];
  const nextTo = (): Part => {
    const [client, clock] = random.chance(pick(random, places)) ? pick(random, ids.slice(0, hot)) : pick(random, ids);
    return id(client, clock);
  };
  for (let i = 0; i < items; i++) {
    const client = pick(random, clients);
    const content = text("abcdef".slice(random.chance(0.8) ? 5 : random.below(6)));
    const isFirst = ids.length === 0 || random.chance(0.1);
    const how = random.below(3);
    const struct = isFirst
      ? first(STRING, content)
      : how === 0
        ? all(raw(STRING | 128), nextTo(), content)
        : how === 1
          ? all(raw(STRING | 64), nextTo(), content)
          : all(raw(STRING | HAS_BOTH), nextTo(), nextTo(), content);
    const length = contentLength(content);
    const clock = clocks.get(client) ?? 0;
    for (let j = 0; j < length; j++) ids.push([client, clock + j]);
    clocks.set(client, clock + length);
    structs.get(client)?.push(struct);
  }
  return update(
    [...structs].filter(([, parts]) => parts.length > 0).map(([client, parts]) => ({ client, structs: parts })),
  );
}

function contentLength(content: Part): number {
  return checkUpdate(update([{ client: 1, structs: [first(STRING, content)] }])).ranges.get(1)?.end ?? 0;
}

describe("the count is what Yjs does, or more", () => {
  test("of items next to each other as chance will have it, in an empty document and in one that has some of them", () => {
    let most = 0;
    for (let seed = 0; seed < 600; seed++) {
      const random = new SeededRandom(`attack ${seed}`);
      const bytes = attack(random, 60);
      const doc = new Y.Doc();
      const isAlone = random.chance(0.4);
      if (!isAlone) {
        const known = attack(new SeededRandom(`attack ${seed}`), 1 + random.below(50));
        Y.applyUpdate(doc, known);
      }
      const counted = insertionSteps(doc, bytes);
      const steps = countYjsSteps(() => Y.applyUpdate(doc, bytes));
      expect(counted + checkUpdate(bytes).structs, `seed ${seed}`).toBeGreaterThanOrEqual(steps);
      if (isAlone) expect(counted, `seed ${seed}`).toBeGreaterThanOrEqual(steps);
      most = Math.max(most, steps);
    }
    expect(most).toBeGreaterThan(300);
  });

  test("and hardly more for what is honest, and comes at once", () => {
    for (let seed = 0; seed < 20; seed++) {
      const doc = new Y.Doc();
      for (const bytes of realUpdates(new SeededRandom(`honest ${seed}`))) {
        if (refusal(bytes, doc) !== "accepted") continue;
        const counted = insertionSteps(doc, bytes);
        const steps = countYjsSteps(() => Y.applyUpdate(doc, bytes));
        expect(counted + checkUpdate(bytes).structs, `seed ${seed}`).toBeGreaterThanOrEqual(steps);
      }
      const state = Y.encodeStateAsUpdate(doc);
      const copy = new Y.Doc();
      const counted = insertionSteps(copy, state);
      expect(counted).toBeLessThanOrEqual(countYjsSteps(() => Y.applyUpdate(copy, state)) + checkUpdate(state).structs);
    }
  });
});

describe("refused, in a document that has nothing of it", () => {
  const numbers = Array.from({ length: MANY }, (_, i) => i);

  test("many right of one, each in front of something else", () => {
    const anchor = { client: 1, structs: [first(STRING, text("a".repeat(MANY + 1)))] };
    const structs = numbers.map((i) => between(id(1, 0), id(1, MANY - i)));
    expect(refusal(update([{ client: 2, structs }, anchor]))).toBe("UPDATE_TOO_LARGE");
  });

  test("many clients right of one, lowest first because each stands on the one before", () => {
    const sections = numbers.map((i) => ({
      client: i + 2,
      structs: [
        all(raw(STRING | 128), id(1, 0), letter),
        i === 0 ? first(STRING, letter, "other") : all(raw(STRING | 128), id(i + 1, 1), letter),
      ].reverse(),
    }));
    // The first struct of each waits for the second of the client before it.
    sections.push({ client: 1, structs: [first(STRING, letter)] });
    expect(refusal(update(sections))).toBe("UPDATE_TOO_LARGE");
  });

  test("two chains that grow at the same place by turns", () => {
    const chain = (client: number, other: number): Part[] =>
      numbers
        .map((i) => (i === 0 ? rightOf(1, 0, STRING, letter) : between(id(1, 0), id(client, i - 1))))
        .concat(all(raw(STRING | 128), id(other, 0), letter));
    const sections = [3, 2].map((client) => ({ client, structs: chain(client, 1) }));
    const pulled = { client: 9, structs: [rightOf(2, MANY - 1, STRING, letter)] };
    expect(refusal(update([pulled, ...sections, { client: 1, structs: [first(STRING, letter)] }]))).toBe(
      "UPDATE_TOO_LARGE",
    );
  });

  test("many within one long text, each in front of its end", () => {
    const anchor = { client: 1, structs: [first(STRING, text("a".repeat(MANY)))] };
    const structs = numbers.map((i) => rightOf(1, i, STRING, letter));
    expect(refusal(update([{ client: 2, structs }, anchor]))).toBe("UPDATE_TOO_LARGE");
  });

  test("many at the beginning of one key", () => {
    const structs = numbers.map((i) => (i === 0 ? keyed() : leftOf(1, i - 1, STRING, letter)));
    expect(refusal(update([{ client: 1, structs }]))).toBe("UPDATE_TOO_LARGE");
  });
});

describe("refused, in a document that has a long text", () => {
  /** Of two clients by turns: nothing that Yjs could join. */
  function longText(start = first(STRING, letter)): Y.Doc {
    const doc = new Y.Doc();
    const structs = Array.from({ length: MANY }, (_, i) =>
      i === 0 ? start : rightOf((i - 1) % 2, (i - 1) >> 1, STRING, letter),
    );
    const of = (client: number): Part[] => structs.filter((_, i) => i % 2 === client);
    const sections = [1, 0].map((client) => ({ client, structs: of(client) }));
    Y.applyUpdate(doc, update(sections));
    return doc;
  }

  test("one right of each letter, in front of the end", () => {
    const structs = Array.from({ length: MANY }, (_, i) => rightOf(i % 2, i >> 1, STRING, letter));
    expect(refusal(update([{ client: 7, structs }]), longText())).toBe("UPDATE_TOO_LARGE");
  });

  test("not one right of each letter and left of the next", () => {
    const structs = Array.from({ length: MANY - 1 }, (_, i) =>
      between(id(i % 2, i >> 1), id((i + 1) % 2, (i + 1) >> 1)),
    );
    const bytes = update([{ client: 7, structs }]);
    expect(insertionSteps(longText(), bytes)).toBe(0);
    expect(refusal(bytes, longText())).toBe("accepted");
  });

  test("many at the beginning of a key that was often set", () => {
    const heads = Array.from({ length: 300 }, () => keyed());
    expect(refusal(update([{ client: 2, structs: heads }]), longText(keyed()))).toBe("UPDATE_TOO_LARGE");
  });
});

test("the limit is so many steps, and more for each struct", () => {
  const anchor = { client: 1, structs: [first(STRING, text("abcd"))] };
  const bytes = update([
    { client: 2, structs: [rightOf(1, 0, STRING, letter), rightOf(1, 1, STRING, letter)] },
    anchor,
  ]);
  const steps = insertionSteps(new Y.Doc(), bytes);
  expect(steps).toBeGreaterThan(3);
  const limits = { ...documentLimits, insertionStepsMax: steps - 3, insertionStepsPerStructMax: 1 };
  expect(refusal(bytes, new Y.Doc(), limits)).toBe("accepted");
  expect(refusal(bytes, new Y.Doc(), { ...limits, insertionStepsMax: steps - 4 })).toBe("UPDATE_TOO_LARGE");
});

describe("large documents of honest users come as one update", () => {
  const OPERATIONS = 100_000;

  function pair(): readonly [Y.Doc, Y.Doc] {
    const docs = [new Y.Doc(), new Y.Doc()] as const;
    docs.forEach((doc, i) => {
      doc.clientID = i + 1;
    });
    return docs;
  }

  function sync(docs: readonly Y.Doc[]): void {
    const all = Y.mergeUpdates(docs.map((doc) => Y.encodeStateAsUpdate(doc)));
    for (const doc of docs) Y.applyUpdate(doc, Y.diffUpdate(all, Y.encodeStateVector(doc)));
  }

  /** Two take turns; the other one is told of each turn. */
  function inTurn(turns: number, edit: (doc: Y.Doc, turn: number) => void): Uint8Array {
    const docs = pair();
    for (let turn = 0; turn < turns; turn++) {
      const [doc, other] = turn % 2 === 0 ? docs : [docs[1], docs[0]];
      let told: Uint8Array = new Uint8Array(0);
      doc.once("update", (update) => {
        told = update;
      });
      doc.transact(() => edit(doc, turn));
      Y.applyUpdate(other, told);
    }
    return Y.encodeStateAsUpdate(docs[0]);
  }

  test("that two write from back to front by turns", () => {
    const state = inTurn(OPERATIONS / 100, (doc) => {
      for (let i = 0; i < 100; i++) doc.getText("text").insert(0, "x");
    });
    expect(checkUpdate(state).structs).toBe(OPERATIONS);
    expect(refusal(state)).toBe("accepted");
  });

  test("of a key that two set by turns", () => {
    const state = inTurn(OPERATIONS / 100, (doc, turn) => {
      for (let i = 0; i < 100; i++) doc.getMap("map").set("key", turn + i);
    });
    expect(refusal(state)).toBe("accepted");
  });

  test("of a table", () => {
    const state = inTurn(2, (doc, turn) => {
      for (let i = 0; i < OPERATIONS / 8; i++) {
        const row = new Y.Map<number>();
        for (const column of ["a", "b", "c"]) row.set(column, i);
        doc.getMap("table").set(`${turn} ${i}`, row);
      }
    });
    expect(checkUpdate(state).structs).toBe(OPERATIONS);
    expect(refusal(state)).toBe("accepted");
  });

  test("that twenty write at once at one place, and then here and there", () => {
    const random = new SeededRandom("twenty");
    const docs = Array.from({ length: 20 }, (_, i) => {
      const doc = new Y.Doc();
      doc.clientID = 1 + ((i * 7) % 20);
      return doc;
    });
    for (let round = 0; round < 10; round++) {
      for (const doc of docs) {
        const shared = doc.getText("text");
        let at = shared.length;
        for (let i = 0; i < 500; i++) {
          if (round > 0 && random.chance(0.02)) at = random.below(shared.length + 1);
          shared.insert(at++, "x");
        }
      }
      sync(docs);
    }
    const [doc] = docs;
    expect(doc?.getText("text").length).toBe(OPERATIONS);
    expect(refusal(Y.encodeStateAsUpdate(doc as Y.Doc))).toBe("accepted");
  });
});
