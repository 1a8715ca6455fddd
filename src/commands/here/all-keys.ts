/**
 * Commands about all keys of a keyspace whose shards several replicas keep: each is asked about those that it keeps, as for a
 * listing (`replica/listing.ts`). No instant is theirs: what is written meanwhile may show at one replica and not at another.
 */

import { bytesFromLatin1, latin1FromBytes } from "../../base/bytes.ts";
import type { ReplicaId } from "../../base/ids.ts";
import { arrayReply, errorReply, NOTHING, OK, type Reply, textReply } from "../../command-reply.ts";
import type { CommandFacts, CommandWords } from "../../command-store.ts";
import type { Shard } from "../../core/shard/shard.ts";
import { sumOf } from "../rows/command-parts.ts";
import { scanOptionsOf } from "../words/scan-options.ts";
import { formatScanCursor, parseScanCursor } from "../workspace/scan-cursor.ts";

const NAMES = new Set(["dbsize", "flushall", "flushdb", "keys", "randomkey", "scan"]);
/** Of those who are asked at once for one command. */
const ASKED_MAX = 16;
/** Who keep shards one behind the other are asked in turn for one page, so many at the most. */
const PAGE_TURNS_MAX = 8;
const RUN_SHARDS_MAX = 1024;
/** Of a page on the way to all keys. */
const KEYS_COUNT = "10000";
const KEYS_MAX = 1_000_000;

export function isAboutAllKeys({ name }: CommandFacts): boolean {
  return NAMES.has(name);
}

export interface AllKeysHost {
  /** Of the keyspace, by their numbers. */
  readonly shards: readonly Shard[];
  random(): number;
  /** Who keeps a shard: the same array for all that the same replicas keep; this one alone where it has all of it. */
  keepersOf(shard: Shard): readonly ReplicaId[];
  isReachable(id: ReplicaId): boolean;
  /** Of a command that looks at these shards only, of which somebody keeps all. Never rejects. */
  ask(words: CommandWords, shards: readonly Shard[]): Promise<Reply>;
}

export async function overAllKeys(host: AllKeysHost, words: CommandWords, { name }: CommandFacts): Promise<Reply> {
  if (name === "scan") return scan(host, words);
  const groups = groupsOf(host);
  if (name === "randomkey") return randomKey(host, words, groups);
  const ask = name === "keys" ? (group: readonly Shard[]) => keysIn(host, words, group) : undefined;
  const replies = await eachOf(groups, ask ?? ((group) => host.ask(words, group)));
  const failed = replies.find(({ type }) => type === "error");
  if (failed !== undefined) return failed;
  if (name === "dbsize") return sumOf(replies);
  return name === "keys" ? arrayReply(replies.flatMap(itemsOf)) : OK;
}

function groupsOf(host: AllKeysHost): readonly (readonly Shard[])[] {
  const groups = new Map<readonly ReplicaId[], Shard[]>();
  for (const shard of host.shards) {
    const keepers = host.keepersOf(shard);
    const group = groups.get(keepers);
    if (group === undefined) groups.set(keepers, [shard]);
    else group.push(shard);
  }
  return [...groups.values()];
}

async function eachOf<T>(all: readonly T[], ask: (each: T) => Promise<Reply>): Promise<readonly Reply[]> {
  const replies: Reply[] = [];
  let next = 0;
  const turns = Array.from({ length: Math.min(ASKED_MAX, all.length) }, async () => {
    while (next < all.length) {
      const at = next++;
      replies[at] = await ask(all[at] as T);
    }
  });
  await Promise.all(turns);
  return replies;
}

/** As likely of one group as it keeps shards. */
async function randomKey(
  host: AllKeysHost,
  words: CommandWords,
  groups: readonly (readonly Shard[])[],
): Promise<Reply> {
  const left = new Set(groups);
  let reply: Reply = NOTHING;
  while (left.size > 0) {
    const shards = [...left].flat();
    const drawn = shards[host.random() % shards.length] as Shard;
    const group = [...left].find((each) => each.includes(drawn)) as readonly Shard[];
    left.delete(group);
    reply = await host.ask(words, group);
    if (reply.type === "bulk") return reply;
  }
  return reply;
}

async function keysIn(host: AllKeysHost, words: CommandWords, group: readonly Shard[]): Promise<Reply> {
  const found: Reply[] = [];
  for (let cursor = "0"; ; ) {
    const page = await host.ask(scanWords(cursor, ["match", words[1] as Uint8Array, "count", KEYS_COUNT]), group);
    const [next, keys] = itemsOf(page);
    if (next?.type !== "bulk" || keys === undefined) return page;
    for (const key of itemsOf(keys)) found.push(key);
    if (found.length > KEYS_MAX) return errorReply(`ERR more than ${KEYS_MAX} keys for one answer: SCAN tells of them`);
    cursor = latin1FromBytes(next.value);
    if (cursor === "0") return arrayReply(found);
  }
}

/** A page goes on where the shards of one replica end at those of the next, until it is long enough. */
async function scan(host: AllKeysHost, words: CommandWords): Promise<Reply> {
  const place = parseScanCursor(words[1] as Uint8Array);
  const { count } = scanOptionsOf(words, 2, true);
  const found: Reply[] = [];
  let cursor = formatScanCursor(place);
  let number = place.shard;
  for (let turns = 0; ; turns++) {
    const run = runFrom(host, number);
    if (run.length === 0) return arrayReply([textReply("0"), arrayReply(found)]);
    if (turns === PAGE_TURNS_MAX || found.length >= count) return arrayReply([textReply(cursor), arrayReply(found)]);
    const page = await host.ask(scanWords(cursor, words.slice(2)), run);
    const [next, keys] = itemsOf(page);
    if (next?.type !== "bulk" || keys === undefined) return page;
    found.push(...itemsOf(keys));
    const text = latin1FromBytes(next.value);
    number += text === "0" ? run.length : 0;
    cursor = text === "0" ? formatScanCursor({ shard: number, order: 0, rank: 0 }) : text;
    if (text !== "0") number = parseScanCursor(next.value).shard;
  }
}

/** Shards from a number on, one behind the other, of which somebody in reach keeps all. */
function runFrom(host: AllKeysHost, number: number): readonly Shard[] {
  const run = host.shards.slice(number, number + 1);
  let keepers = run.flatMap((shard) => host.keepersOf(shard)).filter((id) => host.isReachable(id));
  for (let at = number + 1; run.length > 0 && run.length < RUN_SHARDS_MAX; at++) {
    const shard = host.shards[at];
    const both = shard === undefined ? [] : keepers.filter((id) => host.keepersOf(shard).includes(id));
    if (shard === undefined || both.length === 0) break;
    keepers = both;
    run.push(shard);
  }
  return run;
}

function scanWords(cursor: string, others: readonly (string | Uint8Array)[]): CommandWords {
  return ["scan", cursor, ...others].map((word) => (typeof word === "string" ? bytesFromLatin1(word) : word));
}

function itemsOf(reply: Reply): readonly Reply[] {
  return reply.type === "array" ? reply.items : [];
}
