import { expect, test } from "vitest";
import * as Y from "yjs";
import { documentLimits } from "../../src/documents/document-limits.ts";
import { prepareUpdate } from "../../src/documents/prepare-update.ts";
import { checkUpdate } from "../../src/documents/update-check.ts";
import { first, firstIn, leftOf, letter, type Part, rightOf, uint, update } from "./update-bytes.ts";

const [STRING, TYPE] = [4, 7] as const;
const LIST = uint(0);

/** Lists within each other: the first at the top, or in what is named. */
function nested(count: number, client: number, top: Part = first(TYPE, LIST)): Uint8Array {
  const inner = Array.from({ length: count - 1 }, (_, i) => firstIn(client, i, TYPE, LIST));
  return update([{ client, structs: [top, ...inner] }]);
}

function receiver(typeNestingMax: number) {
  const doc = new Y.Doc();
  const take = (bytes: Uint8Array): string => {
    try {
      Y.applyUpdate(doc, prepareUpdate(doc, bytes, checkUpdate(bytes), { ...documentLimits, typeNestingMax }));
      return "applied";
    } catch (error) {
      return (error as { code: string }).code;
    }
  };
  return { doc, take };
}

test("types nested in one update may reach the bound and not go over it", () => {
  expect(receiver(3).take(nested(3, 1))).toBe("applied");
  const { take, doc } = receiver(3);
  expect(take(nested(4, 1))).toBe("BAD_UPDATE");
  expect(doc.store.clients.size).toBe(0);
});

test("those that the document has count", () => {
  const { take } = receiver(5);
  take(nested(3, 1));
  expect(take(nested(3, 2, firstIn(1, 2, TYPE, LIST)))).toBe("BAD_UPDATE");
  expect(take(nested(2, 3, firstIn(1, 2, TYPE, LIST)))).toBe("applied");
});

test.each([
  ["left", rightOf],
  ["right", leftOf],
])("what has a neighbour on the %s is where that is, in the document and in the update", (_, beside) => {
  const { take } = receiver(3);
  take(nested(3, 1));
  expect(take(nested(2, 3, beside(1, 2, TYPE, LIST)))).toBe("BAD_UPDATE");
  expect(take(nested(1, 2, beside(1, 2, TYPE, LIST)))).toBe("applied");
  const both = update([
    { client: 5, structs: [beside(4, 0, TYPE, LIST), firstIn(5, 0, TYPE, LIST)] },
    { client: 4, structs: [firstIn(1, 1, TYPE, LIST)] },
  ]);
  expect(take(both)).toBe("BAD_UPDATE");
});

test("many beside each other are not deep", () => {
  const structs = [first(TYPE, LIST), ...Array.from({ length: 5000 }, (_, i) => rightOf(1, i, TYPE, LIST))];
  expect(receiver(1).take(update([{ client: 1, structs }]))).toBe("applied");
});

test("in what was collected nothing is deep", () => {
  const { take } = receiver(3);
  take(nested(3, 1));
  take(update([], [{ client: 1, ranges: [[0, 1]] }]));
  expect(take(nested(2, 2, firstIn(1, 2, TYPE, LIST)))).toBe("applied");
});

test("at its default the deepest document can be deleted, read and written", () => {
  const { doc, take } = receiver(documentLimits.typeNestingMax);
  expect(take(nested(documentLimits.typeNestingMax, 1))).toBe("applied");
  expect(take(nested(1, 2, firstIn(1, documentLimits.typeNestingMax - 1, STRING, letter)))).toBe("applied");
  doc.getArray("r").toJSON();
  expect(take(update([], [{ client: 1, ranges: [[0, 1]] }]))).toBe("applied");
});

test("far beyond it, Yjs throws when the outermost is deleted, which is why", () => {
  const doc = new Y.Doc();
  Y.applyUpdate(doc, nested(50_000, 1));
  expect(() => Y.applyUpdate(doc, update([], [{ client: 1, ranges: [[0, 1]] }]))).toThrow(RangeError);
});
