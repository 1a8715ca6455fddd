/**
 * A Yjs document as JSON: each of its shared types by its name. A type that nobody here has named a kind of is taken for what
 * its content is of: text, a list, a map, or XML, which is written as text; null where nothing in it tells.
 */

import * as Y from "yjs";
import { AtollError } from "../../base/errors.ts";

type Shared = Y.AbstractType<unknown>;

/** Throws `DOCUMENT_TOO_LARGE` for what is nested deeper than can be shown. */
export function documentToJson(doc: Y.Doc): string {
  try {
    const roots = [...doc.share].map(([name, type]) => [name, shownAs(type as Shared, doc)]);
    return JSON.stringify(Object.fromEntries(roots), plain);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new AtollError("DOCUMENT_TOO_LARGE", "the document is nested too deep to be shown as JSON", { cause: error });
  }
}

/** Bytes are written as base64, whole numbers beyond what a double holds as text. */
function plain(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  return value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value;
}

function shownAs(type: Shared, doc: Y.Doc): unknown {
  if (type.constructor !== Y.AbstractType) return type.toJSON();
  const kind = kindOf(type);
  if (kind === undefined) return null;
  // A view of what the doc holds: to ask the doc itself for it would settle its kind for everybody.
  const view = new kind() as unknown as Shared;
  view.doc = doc;
  view._start = type._start;
  view._map = type._map;
  view._length = type._length;
  return view.toJSON();
}

function kindOf(type: Shared): (new () => Y.Text | Y.Array<unknown> | Y.Map<unknown> | Y.XmlFragment) | undefined {
  for (let item = type._start; item !== null; item = item.right) {
    const { content } = item;
    if (content instanceof Y.ContentDeleted) continue;
    if (content instanceof Y.ContentString || content instanceof Y.ContentFormat || content instanceof Y.ContentEmbed) {
      return Y.Text;
    }
    if (!(content instanceof Y.ContentType)) return Y.Array;
    const { type: inner } = content;
    const isXml = inner instanceof Y.XmlElement || inner instanceof Y.XmlText || inner instanceof Y.XmlHook;
    return isXml ? Y.XmlFragment : Y.Array;
  }
  return type._map.size > 0 ? Y.Map : undefined;
}
