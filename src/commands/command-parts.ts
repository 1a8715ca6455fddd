/**
 * Commands that mean the same carried out in parts, each where its keys are kept: what they answer is put together of what the
 * parts do. What a part has written stays where another fails, and others may see one part before the other.
 */

import { arrayReply, integerReply, OK, type Reply } from "../command-reply.ts";
import type { CommandFacts, CommandWords } from "../command-store.ts";

/** How a command is taken apart at its keys: `places` are those of its keys among all of them. */
export interface CommandPart {
  readonly words: CommandWords;
  readonly places: readonly number[];
}

interface Division {
  /** Words that belong to a key, itself included. */
  readonly wordsPerKey: number;
  join(replies: readonly Reply[], parts: readonly CommandPart[]): Reply;
}

const counting: Division = { wordsPerKey: 1, join: sumOf };

const divisions: ReadonlyMap<string, Division> = new Map([
  ["del", counting],
  ["exists", counting],
  ["mget", { wordsPerKey: 1, join: inPlaces }],
  ["mset", { wordsPerKey: 2, join: () => OK }],
  ["touch", counting],
  ["unlink", counting],
]);

export function isDivisible({ name }: CommandFacts): boolean {
  return divisions.has(name);
}

/** `groups`: for each key, in order, in which part it belongs. Parts are in the order of their first keys. */
export function partsOf<Group>(
  words: CommandWords,
  { name }: CommandFacts,
  groups: readonly Group[],
): ReadonlyMap<Group, CommandPart> {
  const { wordsPerKey } = divisions.get(name) as Division;
  const parts = new Map<Group, { readonly words: Uint8Array[]; readonly places: number[] }>();
  for (const [place, group] of groups.entries()) {
    const part = parts.get(group) ?? { words: [words[0] as Uint8Array], places: [] };
    parts.set(group, part);
    const at = 1 + place * wordsPerKey;
    part.words.push(...words.slice(at, at + wordsPerKey));
    part.places.push(place);
  }
  return parts;
}

/** The first error, where there is one. */
export function joined({ name }: CommandFacts, replies: readonly Reply[], parts: readonly CommandPart[]): Reply {
  return replies.find(({ type }) => type === "error") ?? (divisions.get(name) as Division).join(replies, parts);
}

export function sumOf(replies: readonly Reply[]): Reply {
  return integerReply(replies.reduce((sum, reply) => sum + (reply.type === "integer" ? Number(reply.value) : 0), 0));
}

function inPlaces(replies: readonly Reply[], parts: readonly CommandPart[]): Reply {
  const items: Reply[] = [];
  for (const [i, { places }] of parts.entries()) {
    const reply = replies[i] as Reply;
    for (const [j, place] of places.entries()) {
      items[place] = reply.type === "array" ? (reply.items[j] as Reply) : reply;
    }
  }
  return arrayReply(items);
}
