/**
 * Patterns of keys as Redis matches them: `*`, `?`, `[a-z]`, `[^a]`, and `\` before what means itself. Of the stars only the
 * last one that was met is ever tried again: so it takes pattern times text at most, whatever they are.
 */

const STAR = "*";
const ESCAPE = "\\";

export function isMatch(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  /** Behind the last star, and where in the text what it stands for ends; -1: there was none. */
  let star = -1;
  let starred = 0;
  while (t < text.length) {
    if (pattern[p] === STAR) {
      star = ++p;
      starred = t;
      continue;
    }
    const next = p < pattern.length ? matchOne(pattern, p, text.charCodeAt(t)) : -1;
    if (next >= 0) {
      p = next;
      t++;
    } else if (star >= 0) {
      p = star;
      t = ++starred;
    } else return false;
  }
  while (pattern[p] === STAR) p++;
  return p === pattern.length;
}

/** Where the pattern goes on behind what stands for one character, or -1 where that is another one. */
function matchOne(pattern: string, p: number, code: number): number {
  const sign = pattern[p];
  if (sign === "?") return p + 1;
  if (sign === "[") return matchClass(pattern, p + 1, code);
  const at = sign === ESCAPE && p + 1 < pattern.length ? p + 1 : p;
  return pattern.charCodeAt(at) === code ? at + 1 : -1;
}

/** Of one that has no end all that is there counts. */
function matchClass(pattern: string, start: number, code: number): number {
  const isNegated = pattern[start] === "^";
  let isIn = false;
  let p = isNegated ? start + 1 : start;
  for (; p < pattern.length && pattern[p] !== "]"; p++) {
    if (pattern[p] === ESCAPE && p + 1 < pattern.length) {
      if (pattern.charCodeAt(++p) === code) isIn = true;
    } else if (pattern[p + 1] === "-" && p + 2 < pattern.length) {
      const [a, b] = [pattern.charCodeAt(p), pattern.charCodeAt(p + 2)];
      if (code >= Math.min(a, b) && code <= Math.max(a, b)) isIn = true;
      p += 2;
    } else if (pattern.charCodeAt(p) === code) isIn = true;
  }
  const end = Math.min(p + 1, pattern.length);
  return isIn === isNegated ? -1 : end;
}

/** What every text begins with that matches. */
export function literalPrefix(pattern: string): string {
  const end = pattern.search(/[*?[\\]/);
  return end < 0 ? pattern : pattern.slice(0, end);
}
