import { expect, test } from "vitest";
import * as Y from "yjs";
import { checkUpdate } from "../../src/documents/update-check.ts";
import { collected, letter, rightOf, skip, update } from "./update-bytes.ts";

const STRING = 4;
const ref = (client: number, clock: number) => rightOf(client, clock, STRING, letter);

function isRefused(bytes: Uint8Array): boolean {
  try {
    checkUpdate(bytes);
    return false;
  } catch {
    return true;
  }
}

test("two that wait for each other are refused", () => {
  expect(
    isRefused(
      update([
        { client: 1, structs: [ref(2, 0)] },
        { client: 2, structs: [ref(1, 0)] },
      ]),
    ),
  ).toBe(true);
});

test("three that wait for each other are refused, wherever the circle is entered", () => {
  const circle = [
    { client: 1, structs: [collected(1), ref(2, 1)] },
    { client: 2, structs: [collected(1), ref(3, 1)] },
    { client: 3, structs: [collected(1), ref(1, 1)] },
  ];
  for (let i = 0; i < 3; i++) expect(isRefused(update([...circle.slice(i), ...circle.slice(0, i)]))).toBe(true);
});

test("one that waits for what its own client wrote later, by way of another, is refused", () => {
  const sections = [
    { client: 1, structs: [ref(2, 0), collected(5)] },
    { client: 2, structs: [ref(1, 3)] },
  ];
  expect(isRefused(update(sections))).toBe(true);
});

test("clients that answer each other in turn are accepted, and Yjs applies all of it", () => {
  const bytes = update([
    { client: 1, structs: [collected(1), ref(2, 0), ref(2, 1), ref(2, 2)] },
    { client: 2, structs: [ref(1, 0), ref(1, 1), ref(1, 2)] },
  ]);
  expect(isRefused(bytes)).toBe(false);
  const doc = new Y.Doc();
  Y.applyUpdate(doc, bytes);
  expect(doc.store.pendingStructs).toBeNull();
  expect(Y.decodeStateVector(Y.encodeStateVector(doc))).toEqual(
    new Map([
      [1, 4],
      [2, 3],
    ]),
  );
});

test("what refers into a gap, or before or after what the update brings, waits for nobody in it", () => {
  for (const clock of [0, 5, 9]) {
    const sections = [
      { client: 1, structs: [ref(2, clock)] },
      { client: 2, clock: 3, structs: [collected(1), skip(4), ref(1, 0)] },
    ];
    expect(isRefused(update(sections))).toBe(false);
  }
});

test("a chain through thousands of clients is followed without recursion, each reference twice at most", () => {
  const chain = Array.from({ length: 9000 }, (_, i) => ({ client: i, structs: [collected(1), ref(i + 1, 1)] }));
  expect(isRefused(update(chain))).toBe(false);
  expect(isRefused(update([...chain, { client: 9000, structs: [collected(1), ref(0, 1)] }]))).toBe(true);
});
