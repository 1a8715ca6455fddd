/** Updates as Yjs itself makes them, of everything that it can hold: text, formats, embeds, maps, lists, XML, subdocuments. */

import * as Y from "yjs";
import type { SeededRandom } from "../../src/base/random.ts";

/** What a document of one client and all that it heard of others looks like, and every update that it sent. */
interface Editor {
  readonly doc: Y.Doc;
  readonly undo: Y.UndoManager;
}

type Edit = (doc: Y.Doc, random: SeededRandom) => void;

const WORDS = ["a", "edge", "Größe", "日本語", "😀🎉", "{", '"quoted"', "x".repeat(200), "\u0000"];

function pick<Item>(random: SeededRandom, items: readonly Item[]): Item {
  return items[random.below(items.length)] as Item;
}

/** A plain value, of every kind that an update can hold. */
function plainValue(random: SeededRandom, depth = 0): unknown {
  const simple = [
    null,
    undefined,
    true,
    false,
    0,
    -1,
    63,
    64,
    -(2 ** 31),
    2 ** 40,
    0.5,
    Math.PI,
    -0,
    2n ** 60n,
    pick(random, WORDS),
    Uint8Array.of(1, 2, 3),
  ];
  if (depth > 3 || random.chance(0.6)) return pick(random, simple);
  const inner = Array.from({ length: random.below(4) }, () => plainValue(random, depth + 1));
  return random.chance(0.5)
    ? inner
    : Object.fromEntries(inner.map((value, i) => [`${pick(random, WORDS)}${i}`, value]));
}

function sharedType(random: SeededRandom): Y.AbstractType<unknown> {
  const text = new Y.Text();
  text.insert(0, pick(random, WORDS));
  const map = new Y.Map<unknown>();
  map.set("inner", new Y.Array());
  const element = new Y.XmlElement("p");
  element.setAttribute("class", pick(random, WORDS));
  element.insert(0, [new Y.XmlText(pick(random, WORDS)), new Y.XmlHook("hook") as unknown as Y.XmlText]);
  return pick(random, [text, map, new Y.Array(), element] as unknown as Y.AbstractType<unknown>[]);
}

const edits: readonly Edit[] = [
  (doc, random) => {
    const text = doc.getText("text");
    text.insert(random.below(text.length + 1), pick(random, WORDS));
  },
  (doc, random) => {
    const text = doc.getText("text");
    text.insert(random.below(text.length + 1), pick(random, WORDS), { bold: random.chance(0.5), link: { to: "x" } });
  },
  (doc, random) => {
    const text = doc.getText("text");
    text.insertEmbed(random.below(text.length + 1), { image: pick(random, WORDS), size: [1, 2.5e-3, null] });
  },
  (doc, random) => {
    const text = doc.getText("text");
    const at = random.below(text.length + 1);
    text.format(at, random.below(text.length - at + 1), { italic: random.chance(0.5) ? true : null });
  },
  (doc, random) => remove(doc.getText("text"), random),
  (doc, random) => doc.getMap("map").set(pick(random, WORDS), plainValue(random)),
  (doc, random) => doc.getMap("map").set(pick(random, WORDS), sharedType(random)),
  (doc, random) => doc.getMap("map").delete(pick(random, WORDS)),
  (doc, random) => {
    const list = doc.getArray("list");
    const values = Array.from({ length: 1 + random.below(4) }, () =>
      pick(random, [{ inner: plainValue(random) }, [], 1, "x", null]),
    );
    list.insert(random.below(list.length + 1), values);
  },
  (doc, random) => {
    const list = doc.getArray("list");
    list.insert(random.below(list.length + 1), [sharedType(random)]);
  },
  (doc, random) => {
    const list = doc.getArray<unknown>("list");
    const nested = list.toArray().find((item) => item instanceof Y.Text);
    if (nested instanceof Y.Text) nested.insert(0, pick(random, WORDS));
  },
  (doc, random) => remove(doc.getArray("list"), random),
  (doc, random) => {
    const list = doc.getArray("list");
    const subdocument = new Y.Doc({
      meta: { words: pick(random, WORDS) },
      autoLoad: random.chance(0.5),
      gc: random.chance(0.5),
    });
    list.insert(0, [subdocument]);
  },
  (doc, random) => {
    const xml = doc.getXmlFragment("xml");
    xml.insert(random.below(xml.length + 1), [new Y.XmlElement(pick(random, ["p", "h1"])), new Y.XmlText("words")]);
  },
  (doc, random) => remove(doc.getXmlFragment("xml"), random),
];

function remove(list: Y.Text | Y.Array<unknown> | Y.XmlFragment, random: SeededRandom): void {
  if (list.length === 0) return;
  const at = random.below(list.length);
  list.delete(at, 1 + random.below(list.length - at));
}

function createEditor(random: SeededRandom): Editor {
  const doc = new Y.Doc({ gc: random.chance(0.8) });
  doc.clientID = random.uint32();
  const undo = new Y.UndoManager([doc.getText("text"), doc.getArray("list"), doc.getMap("map")], { captureTimeout: 0 });
  return { doc, undo };
}

function edit({ doc, undo }: Editor, random: SeededRandom): void {
  const what = random.below(10);
  if (what === 0) undo.undo();
  else if (what === 1) undo.redo();
  else doc.transact(() => times(1 + random.below(3), () => pick(random, edits)(doc, random)));
}

function times(count: number, act: () => void): void {
  for (let i = 0; i < count; i++) act();
}

/**
 * Updates of one document that several clients edit, now and then exchanging what they have: of single transactions, of
 * whole states, of what one lacks, and merged ones with gaps in them.
 */
export function realUpdates(random: SeededRandom, steps = 40): Uint8Array[] {
  const updates: Uint8Array[] = [];
  const editors = Array.from({ length: 3 }, () => createEditor(random));
  for (const { doc } of editors) doc.on("update", (update: Uint8Array) => updates.push(update));
  for (let step = 0; step < steps; step++) {
    const from = pick(random, editors);
    edit(from, random);
    const to = pick(random, editors);
    if (to === from || !random.chance(0.3)) continue;
    const lacking = Y.encodeStateAsUpdate(from.doc, Y.encodeStateVector(to.doc));
    updates.push(lacking);
    Y.applyUpdate(to.doc, lacking);
  }
  const merged = Y.mergeUpdates(updates.filter(() => random.chance(0.5)));
  const states = editors.map(({ doc }) => Y.encodeStateAsUpdate(doc));
  for (const { doc, undo } of editors) {
    undo.destroy();
    doc.destroy();
  }
  return [...updates, merged, ...states];
}
