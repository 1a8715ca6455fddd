/**
 * Cases as lines that one could type: words with blanks between them, in quotes where they hold some, `\xNN` for other bytes.
 * Before the words a mark may say how answers are compared: `~` numbers need be only about equal, `*` lists have no order, `!`
 * only whether it is an error and of which kind. A line `#` and a name begins a group, which starts with no keys.
 */

import { splitWords } from "../../src/doors/redis/inline-words.ts";

export interface Case {
  readonly line: string;
  readonly words: readonly Buffer[];
  readonly compares: "exactly" | "about" | "unordered" | "kind";
}

export interface CaseGroup {
  readonly name: string;
  readonly cases: readonly Case[];
}

const MARKS = new Map([
  ["~", "about"],
  ["*", "unordered"],
  ["!", "kind"],
] as const);

export function groupsOf(text: string): readonly CaseGroup[] {
  const groups: { name: string; cases: Case[] }[] = [];
  for (const line of text.split("\n").map((each) => each.trim())) {
    if (line === "") continue;
    if (line.startsWith("#")) groups.push({ name: line.slice(1).trim(), cases: [] });
    else groups.at(-1)?.cases.push(caseOf(line));
  }
  return groups;
}

function caseOf(line: string): Case {
  const compares = MARKS.get(line[0] as "~" | "*" | "!");
  const words = splitWords(Buffer.from(compares === undefined ? line : line.slice(1), "latin1"));
  if (words === undefined || words.length === 0) throw new Error(`no words: ${line}`);
  return { line, words: words.map((word) => Buffer.from(word)), compares: compares ?? "exactly" };
}
