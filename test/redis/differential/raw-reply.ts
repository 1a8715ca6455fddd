/** Answers of the Redis protocol as they came, byte for byte, with as much read of them as comparing takes. */

export interface RawReply {
  /** What its first byte is: its kind. */
  readonly sign: string;
  /** All its bytes, as latin1. */
  readonly raw: string;
  /** Of text and numbers: what they say. */
  readonly text: string;
  /** Of lists, sets and maps: each part; keys and values of a map in turns. */
  readonly items: readonly RawReply[];
  readonly end: number;
}

/** The answer that begins at `at`; undefined where it has not come as a whole. */
export function readReply(bytes: Buffer, at: number): RawReply | undefined {
  const lineEnd = bytes.indexOf("\r\n", at);
  if (lineEnd < 0) return undefined;
  const sign = String.fromCharCode(bytes[at] as number);
  const line = bytes.toString("latin1", at + 1, lineEnd);
  const next = lineEnd + 2;
  if ("$=".includes(sign)) return readText(bytes, at, next, Number(line));
  if ("*~>%".includes(sign)) return readItems(bytes, at, next, Number(line) * (sign === "%" ? 2 : 1));
  if ("+-:_#(,".includes(sign)) return reply(bytes, at, next, { text: line });
  throw new Error(`no such kind of answer: ${bytes.toString("latin1", at, at + 40)}`);
}

function readText(bytes: Buffer, at: number, start: number, length: number): RawReply | undefined {
  if (length < 0) return reply(bytes, at, start, {});
  const end = start + length + 2;
  if (bytes.length < end) return undefined;
  return reply(bytes, at, end, { text: bytes.toString("latin1", start, start + length) });
}

function readItems(bytes: Buffer, at: number, start: number, count: number): RawReply | undefined {
  const items: RawReply[] = [];
  let end = start;
  for (let i = 0; i < count; i++) {
    const item = readReply(bytes, end);
    if (item === undefined) return undefined;
    items.push(item);
    end = item.end;
  }
  return reply(bytes, at, end, { items });
}

function reply(
  bytes: Buffer,
  at: number,
  end: number,
  { text = "", items = [] }: { readonly text?: string; readonly items?: readonly RawReply[] },
): RawReply {
  return { sign: String.fromCharCode(bytes[at] as number), raw: bytes.toString("latin1", at, end), text, items, end };
}
