/** TypeScript as text, seen without a compiler: what it imports, and its code without comments and strings. */

export interface Import {
  readonly specifier: string;
  readonly line: number;
}

/** Comments, or comments and the contents of strings, as spaces: every character stays where it was. */
export function blank(source: string, what: "comments" | "comments and strings"): string {
  const out = [...source];
  const erase = (from: number, to: number) => {
    for (let i = from; i < to; i++) if (out[i] !== "\n") out[i] = " ";
  };
  const eraseStrings = what === "comments and strings";
  /** Depths of braces at which a template literal goes on. */
  const templates: number[] = [];
  let depth = 0;
  let lastCode = "";
  let at = 0;
  while (at < source.length) {
    const two = source.slice(at, at + 2);
    const character = source[at] ?? "";
    let end = at + 1;
    if (two === "//") {
      end = endAt(source.indexOf("\n", at), source);
      erase(at, end);
    } else if (two === "/*") {
      end = endAt(source.indexOf("*/", at + 2), source, 2);
      erase(at, end);
    } else if (character === '"' || character === "'") {
      end = endOfQuoted(source, at, character);
      if (eraseStrings) erase(at + 1, end - 1);
      lastCode = character;
    } else if (character === "`" || (character === "}" && templates.at(-1) === depth)) {
      if (character === "}") templates.pop();
      end = endOfTemplatePart(source, at + 1);
      if (source[end - 1] === "{") {
        templates.push(depth);
        if (eraseStrings) erase(at + 1, end - 2);
      } else if (eraseStrings) erase(at + 1, end - 1);
      lastCode = "`";
    } else if (character === "/" && startsRegex(lastCode, source, at)) {
      end = endOfRegex(source, at);
      if (eraseStrings) erase(at + 1, end - 1);
      lastCode = "/";
    } else {
      if (character === "{") depth++;
      if (character === "}") depth--;
      if (/\S/.test(character)) lastCode = character;
    }
    at = end;
  }
  return out.join("");
}

function endAt(index: number, source: string, length = 0): number {
  return index < 0 ? source.length : index + length;
}

function endOfQuoted(source: string, start: number, quote: string): number {
  let at = start + 1;
  while (at < source.length && source[at] !== quote && source[at] !== "\n") at += source[at] === "\\" ? 2 : 1;
  return Math.min(at + 1, source.length);
}

/** Behind the closing backtick, or behind the `${` that opens an expression. */
function endOfTemplatePart(source: string, start: number): number {
  let at = start;
  while (at < source.length) {
    if (source[at] === "`") return at + 1;
    if (source[at] === "$" && source[at + 1] === "{") return at + 2;
    at += source[at] === "\\" ? 2 : 1;
  }
  return source.length;
}

/** A slash divides what is behind a value, and begins a regular expression elsewhere. */
function startsRegex(lastCode: string, source: string, at: number): boolean {
  if (!/[\w$)\]}"'`/]/.test(lastCode)) return true;
  return /(?:^|[^\w$.])(?:return|typeof|case|of|in|await|yield)\s*$/.test(source.slice(Math.max(0, at - 12), at));
}

function endOfRegex(source: string, start: number): number {
  let inClass = false;
  for (let at = start + 1; at < source.length && source[at] !== "\n"; at++) {
    const character = source[at];
    if (character === "\\") at++;
    else if (character === "[") inClass = true;
    else if (character === "]") inClass = false;
    else if (character === "/" && !inClass) return at + 1;
  }
  return start + 1;
}

const IMPORTS = [
  /\b(?:import|export)\b[^"'`;]*?\bfrom\s*["']([^"'\n]+)["']/g,
  /\bimport\s*["']([^"'\n]+)["']/g,
  /\b(?:import|require)\s*\(\s*["'`]([^"'`\n]+)["'`]/g,
];

/** Everything that is imported, exported from elsewhere or loaded by a literal name, types included. */
export function importsOf(source: string): readonly Import[] {
  const text = blank(source, "comments");
  const code = blank(source, "comments and strings");
  const found: Import[] = [];
  for (const pattern of IMPORTS) {
    for (const match of text.matchAll(pattern)) {
      // The words of an import must be code: text in a string may look like one.
      if (!/^(?:import|export|require)/.test(code.slice(match.index))) continue;
      found.push({ specifier: match[1] ?? "", line: lineAt(source, match.index + match[0].length) });
    }
  }
  return found;
}

/** The number, from 1, of the line that a character is in. */
export function lineAt(source: string, index: number): number {
  return source.slice(0, index).split("\n").length;
}
