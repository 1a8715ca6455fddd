/**
 * Commands that mean the same carried out in parts, each where its keys are kept: what they answer is put together of what the
 * parts do. What a part has written stays where another fails, and others may see one part before the other.
 */

import { bytesFromLatin1, latin1FromBytes } from "../../base/bytes.ts";
import { arrayReply, integerReply, OK, type Reply, setReply } from "../../command-reply.ts";
import type { CommandFacts, CommandWords } from "../../command-store.ts";

/** How a command is taken apart at its keys: `places` are those of its keys among all of them. */
export interface CommandPart {
  readonly words: CommandWords;
  readonly places: readonly number[];
}

interface Division {
  /** Words that belong to a key, itself included. */
  readonly wordsPerKey: number;
  /** What is done with keys apart from the first one; absent: the same. */
  readonly others?: string;
  join(replies: readonly Reply[], parts: readonly CommandPart[]): Reply;
}

const counting: Division = { wordsPerKey: 1, join: sumOf };

const divisions: ReadonlyMap<string, Division> = new Map([
  ["del", counting],
  ["exists", counting],
  ["mget", { wordsPerKey: 1, join: inPlaces }],
  ["mset", { wordsPerKey: 2, join: () => OK }],
  [
    "sdiff",
    { wordsPerKey: 1, others: "sunion", join: ([first, ...others]) => withMembers(first, membersOf(others), false) },
  ],
  ["sinter", { wordsPerKey: 1, join: inAll }],
  ["sunion", { wordsPerKey: 1, join: (replies) => setReply([...membersOf(replies).values()]) }],
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
  const { wordsPerKey, others = name } = divisions.get(name) as Division;
  const parts = new Map<Group, { readonly words: Uint8Array[]; readonly places: number[] }>();
  for (const [place, group] of groups.entries()) {
    const part = parts.get(group) ?? { words: [bytesFromLatin1(place === 0 ? name : others)], places: [] };
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

/** By their bytes, each once. */
function membersOf(replies: readonly Reply[]): ReadonlyMap<string, Reply> {
  const members = new Map<string, Reply>();
  for (const reply of replies) {
    for (const item of "items" in reply ? reply.items : [])
      if (item.type === "bulk") members.set(latin1FromBytes(item.value), item);
  }
  return members;
}

/** Of the members of a set those that are among others, or are not. */
function withMembers(set: Reply | undefined, others: ReadonlyMap<string, Reply>, are: boolean): Reply {
  const own = membersOf(set === undefined ? [] : [set]);
  return setReply([...own].filter(([name]) => others.has(name) === are).map(([, item]) => item));
}

function inAll([first, ...others]: readonly Reply[]): Reply {
  return others.reduce((all: Reply, each) => withMembers(all, membersOf([each]), true), first as Reply);
}
