/** Commands as `redis-cli` takes them, and as the tables of cases have them. */

import type { Sequence } from "./sequence.ts";

export function lineOf(words: readonly string[]): string {
  return words.map(quoted).join(" ");
}

export function linesOf({ version, isPipelined, units }: Sequence): string {
  const lines = units.flat().map(({ words, form, client }) => {
    const marks = [form === "array" ? "" : form, client === 1 ? "another client" : ""].filter((mark) => mark !== "");
    return `${lineOf(words)}${marks.length > 0 ? `   # ${marks.join(", ")}` : ""}`;
  });
  return [`# RESP${version}${isPipelined ? ", sent together" : ""}`, ...lines].join("\n");
}

function quoted(word: string): string {
  if (/^[\w.:#$%&*+\-/<=>?@^~(){}[\],!;|]+$/.test(word)) return word;
  const text = Array.from(word, (letter) => {
    if (letter === '"' || letter === "\\") return `\\${letter}`;
    return /[ -~]/.test(letter) ? letter : `\\x${letter.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
  return `"${text.join("")}"`;
}
