/**
 * What becomes of keys, as messages to the clients here that listen to `__keyspace@0__:key` or `__keyevent@0__:event`; wherever it
 * was done, since it is told from what this replica holds. Three things become of a key: it is set, whatever command did that;
 * deleted; or it has expired. Of a collection each member is told of by itself, `del` besides when none is left, and `expire`
 * when it gets another end. Each replica tells its own clients, once it is set to.
 */

import { bytesFromLatin1 } from "../../../base/bytes.ts";
import type { Key } from "../../../base/ids.ts";
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
  readonly #subscriptions: Subscriptions;
  #flags: ReadonlySet<string> = new Set();
  #watch: Watch | undefined;

  constructor(store: Pick<Store, "watch">, subscriptions: Subscriptions) {
    this.#store = store;
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
  }

  /** Nobody watches in vain. */
  #follow(): void {
    const flags = this.#flags;
    const tells = [...TOLD].some((each) => flags.has(each));
    if (!tells || !(flags.has("K") || flags.has("E"))) return this.close();
    this.#watch ??= this.#store.watch({ prefix: "" }, (event) => this.#changed(event));
  }

  #changed(event: WatchEvent): void {
    if (event.type === "reset" || event.type === "document") return;
    if (event.type === "collection") return this.#collectionChanged(event);
    const [name, flag] = EVENTS[event.type];
    this.#tell(event.key, name, flag);
  }

  #collectionChanged({ key, collection, of, change, isEmpty }: CollectionEvent): void {
    const members = MEMBERS[collection];
    if (of === "member") this.#tell(key, members[change], members.flag);
    else if (change === "put") this.#tell(key, "expire", "g");
    else if (change === "expire") this.#tell(key, "expired", "x");
    const isDeleted = change !== "put" && (of === "member" ? isEmpty : change === "remove");
    if (isDeleted) this.#tell(key, "del", "g");
  }

  #tell(key: Key, name: string, flag: string): void {
    if (!this.#flags.has(flag)) return;
    if (this.#flags.has("K")) this.#subscriptions.publish(`${CHANNEL}__keyspace@0__:${key}`, bytesFromLatin1(name));
    if (this.#flags.has("E")) this.#subscriptions.publish(`${CHANNEL}__keyevent@0__:${name}`, bytesFromLatin1(key));
  }
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
