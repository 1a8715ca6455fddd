import { expect, test } from "vitest";
import * as Y from "yjs";
import { type DocumentLimits, documentLimits } from "../../src/documents/document-limits.ts";
import { checkRoom } from "../../src/documents/document-room.ts";
import { checkUpdate } from "../../src/documents/update-check.ts";
import { all, any, collected, first, letter, text, update } from "./update-bytes.ts";

const [STRING, DOCUMENT] = [4, 9] as const;

function docOf(bytes: Uint8Array): Y.Doc {
  const doc = new Y.Doc();
  Y.applyUpdate(doc, bytes);
  return doc;
}

function hasRoom(doc: Y.Doc, bytes: Uint8Array, limits: Partial<DocumentLimits>): boolean {
  try {
    checkRoom(doc, checkUpdate(bytes), { ...documentLimits, ...limits });
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: "DOCUMENT_TOO_LARGE" });
    return false;
  }
}

const structs = (client: number, count: number, clock = 0) =>
  update([{ client, clock, structs: Array.from({ length: count }, () => first(STRING, letter)) }]);
const subdocument = (client: number) => update([{ client, structs: [first(DOCUMENT, all(text("id"), any({})))] }]);

test.each<readonly [string, Partial<DocumentLimits>, Uint8Array, Uint8Array, Uint8Array]>([
  ["structs", { structsMax: 4 }, structs(1, 2), structs(2, 2), structs(2, 3)],
  [
    "clients",
    { clientsMax: 2 },
    structs(1, 1),
    structs(2, 1),
    update([2, 3].map((client) => ({ client, structs: [collected(1)] }))),
  ],
  [
    "roots",
    { rootsMax: 2 },
    structs(1, 1),
    structs(2, 1),
    update([{ client: 2, structs: ["s", "t"].map((root) => first(STRING, letter, root)) }]),
  ],
  [
    "subdocuments",
    { subdocumentsMax: 1 },
    structs(1, 1),
    subdocument(2),
    update([2, 3].map((client) => ({ client, structs: [first(DOCUMENT, all(text("id"), any({})))] }))),
  ],
])("%s may reach their bound and not go over it", (_, limits, before, at, above) => {
  expect(hasRoom(docOf(before), at, limits)).toBe(true);
  expect(hasRoom(docOf(before), above, limits)).toBe(false);
});

test("what is there already is not counted twice", () => {
  const doc = docOf(structs(1, 90));
  expect(hasRoom(doc, structs(1, 100), { structsMax: 100 })).toBe(true);
  expect(hasRoom(doc, structs(1, 102), { structsMax: 100 })).toBe(false);
});

test("a full document takes deletions, and what it has", () => {
  const full = structs(1, 10);
  const doc = docOf(full);
  const limits = { structsMax: 5, clientsMax: 0 };
  expect(hasRoom(doc, update([], [{ client: 1, ranges: [[0, 10]] }]), limits)).toBe(true);
  expect(hasRoom(doc, full, limits)).toBe(true);
  expect(hasRoom(doc, structs(1, 1, 10), limits)).toBe(false);
});
