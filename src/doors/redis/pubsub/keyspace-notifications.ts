/**
 * What becomes of keys, as messages to the clients here that listen to `__keyspace@0__:key` or `__keyevent@0__:event`. Each replica
 * tells its own clients, once it is set to. What a command did here is told of in the words of Redis. What came from elsewhere,
 * another replica or door, is told from what this replica holds by then, which does not say what command it was: a key is set,
 * deleted, or has expired; of a collection each member is told of by itself, `del` besides when none is left, and `expire` when it gets
 * another end.
 */

import { bytesFromLatin1 } from "../../../base/bytes.ts";
import type { CommandStore, KeyNotice } from "../../../command-store.ts";
import type { CollectionEvent, Store, Watch, WatchEvent } from "../../../store.ts";
import type { Setting } from "../extension.ts";
import { CHANNEL, type Subscriptions } from "./subscriptions.ts";

const CLASSES = "g$lshzxetd";
const ALL = "A";
/** As `CONFIG GET` shows them. */
const ORDER = `${CLASSES}KEmn`;

/** When a member is written, when one is removed or has expired, and their class. */
const MEMBERS = {
  hash: { put: "hset", remove: "hdel", expire: "hexpired", flag: "h" },
  set: { put: "sadd", remove: "srem", expire: "srem", flag: "s" },
  zset: { put: "zadd", remove: "zrem", expire: "zrem", flag: "z" },
  list: { put: "rpush", remove: "lrem", expire: "lrem", flag: "l" },
} as const;

const EVENTS = { put: ["set", "$"], delete: ["del", "g"], expire: ["expired", "x"] } as const;

const TOLD = new Set(["$", "g", "x", ...Object.values(MEMBERS).map(({ flag }) => flag)]);

export class KeyspaceNotifications {
  readonly #store: Pick<Store, "watch">;
  readonly #commands: Pick<CommandStore, "tellOf">;
  readonly #subscriptions: Subscriptions;
  #flags: ReadonlySet<string> = new Set();
  #watch: Watch | undefined;

  constructor(store: Pick<Store, "watch">, commands: Pick<CommandStore, "tellOf">, subscriptions: Subscriptions) {
    this.#store = store;
    this.#commands = commands;
    this.#subscriptions = subscriptions;
  }

  readonly setting: Setting = {
    get: () => textOf(this.#flags),
    set: (text) => {
      const flags = flagsOf(text);
      if (flags === undefined) return "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.";
      this.#flags = flags;
      this.#follow();
      return undefined;
    },
  };

  close(): void {
    this.#watch?.close();
    this.#watch = undefined;
    this.#commands.tellOf(undefined);
  }

  /** Nobody watches in vain. */
  #follow(): void {
    const flags = this.#flags;
    const tells = [...TOLD].some((each) => flags.has(each));
    if (!tells || !(flags.has("K") || flags.has("E"))) return this.close();
    this.#watch ??= this.#store.watch({ prefix: "" }, (event) => this.#changed(event));
    this.#commands.tellOf((notice) => this.#tell(notice));
  }

  #changed(event: WatchEvent): void {
    if (event.type === "reset" || event.type === "document") return;
    // Whatever a command comes upon that has expired is told of all the same.
    if (event.isOfCommand && !hasExpired(event)) return;
    if (event.type === "collection") return this.#collectionChanged(event);
    const [name, flag] = EVENTS[event.type];
    this.#tell({ key: event.key, event: name, flag });
  }

  #collectionChanged({ key, collection, of, change, isEmpty }: CollectionEvent): void {
    const members = MEMBERS[collection];
    if (of === "member") this.#tell({ key, event: members[change], flag: members.flag });
    else if (change === "put") this.#tell({ key, event: "expire", flag: "g" });
    else if (change === "expire") this.#tell({ key, event: "expired", flag: "x" });
    const isDeleted = change !== "put" && (of === "member" ? isEmpty : change === "remove");
    if (isDeleted) this.#tell({ key, event: "del", flag: "g" });
  }

  #tell({ key, event, flag }: KeyNotice): void {
    if (!this.#flags.has(flag)) return;
    if (this.#flags.has("K")) this.#subscriptions.publish(`${CHANNEL}__keyspace@0__:${key}`, bytesFromLatin1(event));
    if (this.#flags.has("E")) this.#subscriptions.publish(`${CHANNEL}__keyevent@0__:${event}`, bytesFromLatin1(key));
  }
}

function hasExpired(event: WatchEvent): boolean {
  return event.type === "collection" ? event.change === "expire" : event.type === "expire";
}

/** Undefined: one of the letters is none. */
function flagsOf(text: string): ReadonlySet<string> | undefined {
  const flags = new Set<string>();
  for (const letter of text) {
    if (letter === ALL) for (const each of CLASSES) flags.add(each);
    else if (ORDER.includes(letter)) flags.add(letter);
    else return undefined;
  }
  return flags;
}

function textOf(flags: ReadonlySet<string>): string {
  const hasAll = [...CLASSES].every((letter) => flags.has(letter));
  const rest = [...ORDER].filter((letter) => flags.has(letter) && !(hasAll && CLASSES.includes(letter)));
  return (hasAll ? ALL : "") + rest.join("");
}
