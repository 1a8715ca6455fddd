/**
 * Lists keys page by page, going from node to node with the cursor, and looks on: which keys are there throughout is known
 * by their versions, which never come back once they are gone. Of a keyspace that some keep, all who keep a key have to have
 * it, whoever is asked.
 */

import type { Key } from "../../src/base/ids.ts";
import type { Store, Version } from "../../src/store.ts";
import type { Answer } from "./history.ts";
import type { Listing, Operation } from "./operation.ts";
import { isThere, type Stage, type StageNode } from "./stage.ts";

/** By key: the version that a node has had of it at every look. */
type Standing = ReadonlyMap<Key, Version>;

export class Lister {
  readonly #stage: Stage;
  readonly #prefix: Key;
  readonly #listing: Listing;
  /** All keys that may be there. */
  readonly #keys: readonly Key[];
  readonly #standing = new Map<number, Standing>();
  /** Of the processes that were looked at. */
  readonly #lives = new Map<number, number | undefined>();
  readonly #asked = new Set<number>();

  constructor(stage: Stage, { key, listing }: Operation, keys: readonly Key[]) {
    this.#stage = stage;
    this.#prefix = key;
    this.#listing = listing ?? { limit: 1000, gapMs: 0, nodes: [0] };
    this.#keys = keys.filter((each) => each.startsWith(key));
  }

  async run(): Promise<Answer> {
    const { limit, gapMs } = this.#listing;
    const found: Key[] = [];
    let cursor: string | undefined;
    await this.#look();
    for (let page = 0; ; page++) {
      const node = this.#nodeOf(page);
      if (node?.replica === undefined) return { type: "refused", code: "UNREACHABLE" };
      this.#asked.add(node.index);
      const { keys, cursor: next } = await node.replica.keys({
        prefix: this.#prefix,
        limit,
        ...(cursor === undefined ? {} : { cursor }),
      });
      found.push(...keys);
      await this.#look();
      if (next === undefined) return { type: "listed", keys: found, throughout: this.#throughout() };
      cursor = next;
      if (gapMs > 0) await this.#wait(gapMs);
    }
  }

  #nodeOf(page: number): StageNode | undefined {
    const { nodes } = this.#listing;
    for (let tried = 0; tried < nodes.length; tried++) {
      const node = this.#stage.node(nodes[(page + tried) % nodes.length] ?? 0);
      if (isThere(node, this.#stage.now)) return node;
    }
    return undefined;
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => this.#stage.at(this.#stage.now + ms, resolve));
  }

  async #look(): Promise<void> {
    const kept = this.#stage.keptByAll?.(this.#keys);
    for (const index of new Set(this.#listing.nodes)) {
      const { replica } = this.#stage.node(index);
      const before = this.#standing.get(index);
      const begunAt = this.#stage.now;
      const now =
        kept !== undefined
          ? unchanged(kept, before)
          : replica === undefined
            ? new Map()
            : await this.#versionsAt(replica, before);
      // Values that have to be fetched take time: the next process may have got by then what it did not have when it listed.
      const number = this.#stage.node(index).life?.number;
      const isSame = !this.#lives.has(index) || this.#lives.get(index) === number || this.#stage.now === begunAt;
      this.#standing.set(index, isSame ? now : new Map());
      this.#lives.set(index, number);
    }
  }

  /** Versions of the keys that are there as they were before. */
  async #versionsAt(store: Store, before: Standing | undefined): Promise<Standing> {
    const versions = new Map<Key, Version>();
    const look = async (key: Key): Promise<void> => {
      const { entry } = await store.get(key);
      if (entry !== undefined && (before === undefined || before.get(key) === entry.version)) {
        versions.set(key, entry.version);
      }
    };
    await Promise.all(Array.from(before?.keys() ?? this.#keys, look));
    return versions;
  }

  #throughout(): Key[] {
    return this.#keys.filter((key) => [...this.#asked].every((index) => this.#standing.get(index)?.has(key) === true));
  }
}

/** Those that are as they were before. */
function unchanged(now: Standing, before: Standing | undefined): Standing {
  return new Map([...now].filter(([key, version]) => before === undefined || before.get(key) === version));
}
