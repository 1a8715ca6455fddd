/**
 * What becomes of keys by a command, in the words in which Redis notifies of it (`notify-keyspace-events`): mostly one event for a
 * key, whatever the command did with it, and `del` besides where nothing is left. It is told from what was written while the
 * command was carried out, so that one that changed nothing tells nothing, as in Redis.
 */

import type { Key } from "../../base/ids.ts";
import type { KeyNotice, QueuedCommand } from "../../command-store.ts";
import { keyOf, keysOf, optionOf } from "../words/words.ts";

/** What was written under a key. */
export interface KeyChange {
  isWritten: boolean;
  /** What was there, or something of it, was taken away. */
  isTaken: boolean;
}

/** An event that may have to be told of a key. */
interface Step extends Partial<Omit<KeyNotice, "key">> {
  readonly key: Key;
  /** `written` and `taken`: if it was so; `there`: whatever the command found to do. Absent: it tells of the end of the key alone. */
  readonly when?: "written" | "taken" | "there";
  /** It says as well that the key has gone. */
  readonly saysGone?: boolean;
}

type EventRow = Required<Pick<Step, "event" | "flag" | "when">>;

/** Lines `class event when commands...`. */
const EVENTS = `
  $ set              written set setex psetex setnx getset mset msetnx bitop
  $ append           written append
  $ setrange         written setrange
  $ setbit           written setbit bitfield
  $ incrby           written incr decr incrby decrby
  $ incrbyfloat      written incrbyfloat
  h hset             written hset hmset hsetnx
  h hincrby          written hincrby
  h hincrbyfloat     written hincrbyfloat
  h hdel             taken   hdel
  h hpersist         written hpersist
  l lpush            written lpush lpushx
  l rpush            written rpush rpushx
  l linsert          written linsert
  l lset             written lset
  l lrem             taken   lrem
  l ltrim            there   ltrim
  l lpop             taken   lpop blpop
  l rpop             taken   rpop brpop
  s sadd             written sadd
  s srem             taken   srem
  s spop             taken   spop
  s sunionstore      written sunionstore
  s sinterstore      written sinterstore
  s sdiffstore       written sdiffstore
  z zadd             written geoadd
  z zincr            written zincrby
  z zrem             taken   zrem
  z zremrangebyrank  taken   zremrangebyrank
  z zremrangebyscore taken   zremrangebyscore
  z zremrangebylex   taken   zremrangebylex
  z zpopmin          taken   zpopmin bzpopmin
  z zpopmax          taken   zpopmax bzpopmax
  z zunionstore      written zunionstore
  z zinterstore      written zinterstore
  z zdiffstore       written zdiffstore
  z zrangestore      written zrangestore
  z georadiusstore   written georadius georadiusbymember
  z geosearchstore   written geosearchstore
  g expire           written expire pexpire expireat pexpireat
  g persist          written persist
`;

const ROWS_BY_NAME: ReadonlyMap<string, EventRow> = new Map(
  EVENTS.trim()
    .split("\n")
    .flatMap((line) => {
      const [flag, event, when, ...names] = line.trim().split(/ +/) as [string, string, "written", ...string[]];
      return names.map((name) => [name, { flag, event, when }] as const);
    }),
);

type Words = QueuedCommand["words"];

/** Of commands whose events their words decide. */
const STEPS_BY_NAME: Readonly<Record<string, (words: Words, keys: readonly Key[]) => readonly Step[]>> = {
  // Of these Redis says nothing, however many keys there were.
  flushdb: () => [],
  flushall: () => [],
  set: (words) => (hasEnd(words, 3) ? [setOf(words), ended(words)] : [setOf(words)]),
  setex: (words) => [setOf(words), ended(words)],
  psetex: (words) => [setOf(words), ended(words)],
  mset: (_, keys) => keys.map((key) => ({ key, ...rowOf("mset") })),
  getex: (words) => [optionOf(words, 2) === "persist" ? { ...ended(words), event: "persist" } : ended(words)],
  rename: renamed,
  renamenx: renamed,
  copy: (words) => [{ key: keyOf(words, 2), event: "copy_to", flag: "g", when: "written" }],
  lmove: (words) => moved(words, optionOf(words, 3), optionOf(words, 4)),
  blmove: (words) => moved(words, optionOf(words, 3), optionOf(words, 4)),
  rpoplpush: (words) => moved(words, "right", "left"),
  brpoplpush: (words) => moved(words, "right", "left"),
  lmpop: (words, keys) => popped(keys, optionOf(words, 2 + keys.length)),
  blmpop: (words, keys) => popped(keys, optionOf(words, 3 + keys.length)),
  smove: (words) => [
    { key: keyOf(words, 1), ...rowOf("srem") },
    { key: keyOf(words, 2), ...rowOf("sadd") },
  ],
  zadd: (words) => [{ key: keyOf(words, 1), ...rowOf(isIncrement(words) ? "zincrby" : "geoadd") }],
  zmpop: (words, keys) => keys.map((key) => ({ key, ...rowOf(`zpop${optionOf(words, 2 + keys.length)}`) })),
  bzmpop: (words, keys) => keys.map((key) => ({ key, ...rowOf(`zpop${optionOf(words, 3 + keys.length)}`) })),
  "hash.put": (words) => {
    const put = { key: keyOf(words, 1), ...rowOf("hset") };
    return isEnding(words) ? [put, { ...put, event: "hexpire" }] : [put];
  },
  "set.put": (words) => [{ key: keyOf(words, 1), ...rowOf("sadd") }],
  "counter.add": (words) => {
    const isWhole = /^-?\d+$/.test(optionOf(words, 2));
    const added = { key: keyOf(words, 1), ...rowOf(isWhole ? "incrby" : "incrbyfloat") };
    return isEnding(words) ? [added, ended(words)] : [added];
  },
  hexpire: fieldsEnded,
  hpexpire: fieldsEnded,
  hexpireat: fieldsEnded,
  hpexpireat: fieldsEnded,
};

/** In the order of Redis. `isThere`: whether anything is under a key by now. */
export function noticesOf(
  { words, facts }: QueuedCommand,
  changes: ReadonlyMap<Key, KeyChange>,
  isThere: (key: Key) => boolean,
): readonly KeyNotice[] {
  const row = ROWS_BY_NAME.get(facts.name);
  const steps: readonly Step[] =
    STEPS_BY_NAME[facts.name]?.(words, keysOf(words, facts)) ??
    (row?.when === "there" ? keysOf(words, facts) : [...changes.keys()]).map((key) => ({ key, ...row }));
  const notices: KeyNotice[] = [];
  const gone = new Set<Key>();
  for (const { key, event, flag, when, saysGone = false } of steps) {
    const change = changes.get(key);
    const wasThere = change?.isTaken === true;
    const isNowThere = (change !== undefined || when === "there") && isThere(key);
    const isTold =
      when === "taken"
        ? wasThere
        : when === "there"
          ? wasThere || isNowThere
          : change?.isWritten === true && isNowThere;
    if (isTold && event !== undefined && flag !== undefined) notices.push({ key, event, flag });
    if (!wasThere || isNowThere || saysGone || gone.has(key)) continue;
    gone.add(key);
    notices.push({ key, event: "del", flag: "g" });
  }
  return notices;
}

function rowOf(name: string): EventRow {
  const row = ROWS_BY_NAME.get(name);
  if (row === undefined) throw new Error(`BUG: ${name} has no row`);
  return row;
}

function setOf(words: Words): Step {
  return { key: keyOf(words, 1), ...rowOf("set") };
}

function ended(words: Words): Step {
  return { key: keyOf(words, 1), ...rowOf("expire") };
}

/** Of commands that doors ask for, whose last word is a time to live, or 0. */
function isEnding(words: Words): boolean {
  return optionOf(words, words.length - 1) !== "0";
}

function hasEnd(words: Words, from: number): boolean {
  return words.some((_, i) => i >= from && /^(?:ex|px|exat|pxat)$/.test(optionOf(words, i)));
}

function renamed(words: Words): readonly Step[] {
  return [
    { key: keyOf(words, 1), event: "rename_from", flag: "g", when: "taken", saysGone: true },
    { key: keyOf(words, 2), event: "rename_to", flag: "g", when: "written" },
  ];
}

/** Redis tells of the push first; and where a list of one element is turned, of what changes nothing. */
function moved(words: Words, from: string, to: string): readonly Step[] {
  const turned = keyOf(words, 1) === keyOf(words, 2) && ({ when: "there" } as const);
  return [
    { key: keyOf(words, 2), ...rowOf(to === "left" ? "lpush" : "rpush"), ...turned },
    { key: keyOf(words, 1), ...rowOf(from === "left" ? "lpop" : "rpop"), ...turned },
  ];
}

function popped(keys: readonly Key[], end: string): readonly Step[] {
  return keys.map((key) => ({ key, ...rowOf(end === "left" ? "lpop" : "rpop") }));
}

/** An end that has passed removes a field at once. */
function fieldsEnded(words: Words): readonly Step[] {
  const key = keyOf(words, 1);
  return [
    { key, event: "hexpire", flag: "h", when: "written" },
    { key, ...rowOf("hdel") },
  ];
}

/** Options stand before the first score. */
function isIncrement(words: Words): boolean {
  for (let i = 2; /^(?:nx|xx|gt|lt|ch|incr)$/.test(optionOf(words, i)); i++)
    if (optionOf(words, i) === "incr") return true;
  return false;
}
