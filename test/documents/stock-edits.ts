/** Edits as the random tests of Yjs make them: one list each for arrays, maps, text and XML. */

import * as prng from "lib0/prng";
import * as Y from "yjs";

export type StockEdit = (doc: Y.Doc, random: prng.PRNG) => void;

const word = (random: prng.PRNG) => prng.word(random, 1, 5);
const place = (random: prng.PRNG, length: number) => prng.int32(random, 0, length);

/** From where, and how many: at least one, where there is one. */
function part(random: prng.PRNG, length: number): readonly [number, number] {
  const from = prng.int32(random, 0, length - 1);
  return [from, prng.int32(random, 1, Math.min(3, length - from))];
}

const arrays: readonly StockEdit[] = [
  (doc, random) => {
    const array = doc.getArray<unknown>("array");
    const number = prng.int32(random, 0, 1_000);
    array.insert(
      place(random, array.length),
      Array.from({ length: prng.int32(random, 1, 4) }, () => number),
    );
  },
  (doc, random) => {
    const array = doc.getArray<unknown>("array");
    array.insert(place(random, array.length), [Y.Array.from([1, 2, 3, 4])]);
  },
  (doc, random) => {
    const array = doc.getArray<unknown>("array");
    array.insert(place(random, array.length), [new Y.Map([["someprop", 42]])]);
  },
  (doc, random) => {
    const array = doc.getArray<unknown>("array");
    if (array.length === 0) return;
    const [from, count] = part(random, array.length);
    const inner = array.get(from);
    if (inner instanceof Y.Array && inner.length > 0 && prng.bool(random)) inner.delete(...part(random, inner.length));
    else array.delete(from, count);
  },
];

const maps: readonly StockEdit[] = [
  (doc, random) => void doc.getMap("map").set(prng.oneOf(random, ["one", "two"]), word(random)),
  (doc, random) => {
    const type = prng.bool(random) ? Y.Array.from([1, 2, 3, 4]) : new Y.Map([["deepkey", "deepvalue"]]);
    doc.getMap("map").set(prng.oneOf(random, ["one", "two"]), type);
  },
  (doc, random) => doc.getMap("map").delete(prng.oneOf(random, ["one", "two"])),
];

const texts: readonly StockEdit[] = [
  (doc, random) => {
    const text = doc.getText("text");
    text.insert(place(random, text.length), word(random), prng.bool(random) ? { bold: true } : {});
  },
  (doc, random) => {
    const text = doc.getText("text");
    text.insertEmbed(place(random, text.length), { image: word(random) });
  },
  (doc, random) => {
    const text = doc.getText("text");
    if (text.length > 0) text.delete(...part(random, text.length));
  },
  (doc, random) => {
    const text = doc.getText("text");
    if (text.length > 0) text.format(...part(random, text.length), { bold: prng.bool(random) ? true : null });
  },
];

const xml: readonly StockEdit[] = [
  (doc, random) => {
    const root = doc.get("xml", Y.XmlElement);
    const node = prng.bool(random) ? new Y.XmlElement(`n${word(random)}`) : new Y.XmlText(word(random));
    root.insert(place(random, root.length), [node]);
  },
  (doc, random) => doc.get("xml", Y.XmlElement).setAttribute(prng.oneOf(random, ["one", "two"]), word(random)),
  (doc, random) => {
    const root = doc.get("xml", Y.XmlElement);
    if (root.length > 0) root.delete(...part(random, root.length));
  },
];

export const stockEdits = { arrays, maps, texts, xml, all: [...arrays, ...maps, ...texts, ...xml] };
