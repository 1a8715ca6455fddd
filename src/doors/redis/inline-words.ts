/** A line typed by hand, split into words as Redis splits it: by blanks, with quotes around what holds blanks itself. */

const QUOTE = 34;
const APOSTROPHE = 39;
const BACKSLASH = 92;
const ESCAPES: ReadonlyMap<number, number> = new Map(
  [..."nrtba"].map((letter, i) => [letter.charCodeAt(0), [10, 13, 9, 8, 7][i] as number]),
);
const LOWER_X = 120;

/** The words; undefined where a quote has no end, or is followed by more than a blank. */
export function splitWords(line: Uint8Array): Uint8Array[] | undefined {
  const words: Uint8Array[] = [];
  for (let at = 0; ; ) {
    while (at < line.length && isBlank(line[at] as number)) at++;
    if (at === line.length) return words;
    const word: number[] = [];
    const end = readWord(line, at, word);
    if (end < 0) return undefined;
    words.push(Uint8Array.from(word));
    at = end;
  }
}

/** Reads the word that begins at `at`, and returns where it ends; -1 where it does not. */
function readWord(line: Uint8Array, at: number, word: number[]): number {
  let i = at;
  while (i < line.length && !isBlank(line[i] as number)) {
    const byte = line[i] as number;
    if (byte !== QUOTE && byte !== APOSTROPHE) {
      word.push(byte);
      i++;
      continue;
    }
    i = byte === QUOTE ? readQuoted(line, i + 1, word) : readLiteral(line, i + 1, word);
    if (i < 0 || (i < line.length && !isBlank(line[i] as number))) return -1;
  }
  return i;
}

/** Between double quotes: with escapes. */
function readQuoted(line: Uint8Array, at: number, word: number[]): number {
  for (let i = at; i < line.length; i++) {
    const byte = line[i] as number;
    if (byte === QUOTE) return i + 1;
    if (byte !== BACKSLASH || i + 1 === line.length) {
      word.push(byte);
      continue;
    }
    const high = hexAt(line, i + 2);
    const low = hexAt(line, i + 3);
    if (line[i + 1] === LOWER_X && high >= 0 && low >= 0) {
      word.push(high * 16 + low);
      i += 3;
    } else {
      const escaped = line[++i] as number;
      word.push(ESCAPES.get(escaped) ?? escaped);
    }
  }
  return -1;
}

/** Between apostrophes, where only these are escaped. */
function readLiteral(line: Uint8Array, at: number, word: number[]): number {
  for (let i = at; i < line.length; i++) {
    if (line[i] === APOSTROPHE) return i + 1;
    if (line[i] === BACKSLASH && line[i + 1] === APOSTROPHE) i++;
    word.push(line[i] as number);
  }
  return -1;
}

function isBlank(byte: number): boolean {
  return byte === 32 || (byte >= 9 && byte <= 13) || byte === 0;
}

/** 0 to 15, or -1. */
function hexAt(line: Uint8Array, at: number): number {
  const byte = line[at];
  if (byte === undefined) return -1;
  const digit = Number.parseInt(String.fromCharCode(byte), 16);
  return Number.isNaN(digit) ? -1 : digit;
}
