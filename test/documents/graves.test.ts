import { describe, expect, it } from "vitest";
import * as Y from "yjs";
import type { Key } from "../../src/base/ids.ts";
import { Graves, isOfBuried } from "../../src/documents/graves.ts";
import { checkUpdate } from "../../src/documents/update-check.ts";

const A = "a" as Key;
const B = "b" as Key;
const HOUR = 3_600_000;

describe("graves", () => {
  it("know what was in a document for an hour, of all that had its key", () => {
    const graves = new Graves();
    graves.bury(A, new Map([[1, 5]]), 0);
    graves.bury(A, new Map([[2, 6]]), 10);
    expect([graves.of(A, 10)?.get(1), graves.of(A, 10)?.get(2), graves.of(B, 10)]).toEqual([5, 6, undefined]);
    expect(graves.of(A, HOUR + 9)).toBeDefined();
    expect(graves.of(A, HOUR + 10)).toBeUndefined();
    expect(graves.size).toBe(0);
  });

  it("are not dug for what was empty, and give way to newer ones at a bound", () => {
    const graves = new Graves();
    graves.bury(A, new Map(), 0);
    expect(graves.size).toBe(0);
    const many = (from: number) => new Map(Array.from({ length: 100_000 }, (_, i): [number, number] => [from + i, 1]));
    graves.bury(A, many(0), 0);
    graves.bury(B, many(0), 1);
    expect([graves.of(A, 1), graves.of(B, 1)].every((state) => state !== undefined)).toBe(true);
    graves.bury("c" as Key, new Map([[1, 1]]), 2);
    expect([graves.of(A, 2), graves.size]).toEqual([undefined, 2]);
  });

  it("tell a copy by any struct of it", () => {
    const doc = new Y.Doc();
    doc.clientID = 7;
    doc.getText("t").insert(0, "old");
    const buried = Y.decodeStateVector(Y.encodeStateVector(doc));
    const old = Y.encodeStateAsUpdate(doc);
    const vector = Y.encodeStateVector(doc);
    doc.getText("t").insert(3, "new");
    expect(isOfBuried(checkUpdate(old), buried)).toBe(true);
    expect(isOfBuried(checkUpdate(Y.encodeStateAsUpdate(doc)), buried)).toBe(true);
    expect(isOfBuried(checkUpdate(Y.encodeStateAsUpdate(doc, vector)), buried)).toBe(false);
    const other = new Y.Doc();
    other.getText("t").insert(0, "old");
    expect(isOfBuried(checkUpdate(Y.encodeStateAsUpdate(other)), buried)).toBe(false);
  });
});
