/**
 * Live keys of a keyspace whose shards are held by several replicas: each owner is asked, all at once, for those of its
 * shards that are nearest, and for about as many keys as are likely to be taken. What they tell is put together in the order
 * of the listing, up to the first shard that somebody did not come to.
 */

import type { Key, ReplicaId, SpaceId } from "../base/ids.ts";
import { numberOf } from "../base/shard-id.ts";
import type { Shard } from "../core/shard/shard.ts";
import type { KeyPage, KeysOptions } from "../store.ts";
import type { ListBody, ListedShard } from "../wire/request.ts";
import { firstKeys, formatCursor, listingOf, pageOfKeys, pageOfShard, SCAN_MAX, type SpacePlace } from "./key-pages.ts";
import type { KeyspaceHost } from "./local-keyspace.ts";
import { untilInView } from "./policy-wait.ts";
import { Refusals } from "./refusals.ts";
import type { Replica } from "./replica.ts";
import type { Router } from "./router.ts";

/** Each is asked for that many times its share of the keys, since shares are not equal, and for some more. */
const SHARE_FACTOR = 2;
const SHARE_MORE = 16;

export async function listKeys(
  host: KeyspaceHost,
  router: Router,
  space: SpaceId,
  options: KeysOptions,
): Promise<KeyPage> {
  const replica = host.replica();
  if (replica.ownership.isEverywhere(space)) return pageOfKeys(replica, space, options, host.now());
  const coming = untilInView(host, space);
  if (coming !== undefined) return coming.then(() => listKeys(host, router, space, options));
  const shards = replica.shards.in(space);
  const { place, limit } = listingOf(options, shards.length);
  const pages = await gather(host, router, space, shards.slice(place.shard), { prefix: options.prefix, place, limit });
  return putTogether(pages, place, limit, shards.length);
}

/** What one owner is asked for: these shards, from that place of the first one on. */
interface Wanted {
  readonly prefix: string;
  readonly place: SpacePlace;
  readonly limit: number;
}

type Pages = ReadonlyMap<number, ListedShard>;

/** Pages of shards by their numbers. Where all who can be asked refuse, they are asked once more, as for a read (`refusals.ts`). */
async function gather(
  host: KeyspaceHost,
  router: Router,
  space: SpaceId,
  shards: readonly Shard[],
  wanted: Wanted,
): Promise<Pages> {
  const tried = new Set<ReplicaId>();
  const refusals = new Refusals(true);
  const pages = new Map<number, ListedShard>();
  for (let left = shards; left.length > 0; ) {
    const groups = groupByTeller(router, space, left, tried);
    const unasked = refusals.mayBeTaken ? groups.get(NOBODY) : undefined;
    if (unasked !== undefined) groups.delete(NOBODY);
    const asked = [...groups].map(async ([teller, group]) => {
      const body = bodyFor(group, shards.length, wanted);
      if (teller === HERE || teller === NOBODY) return listHere(host.replica(), space, body, host.now());
      const listed = await router.list(teller, space, body, refusals);
      if (listed === undefined) tried.add(teller);
      return listed ?? [];
    });
    for (const listed of await Promise.all(asked)) for (const page of listed) pages.set(page.shard, page);
    // Whoever did answer has told what it came to.
    left = [...groups].flatMap(([teller, group]) => (typeof teller === "string" && tried.has(teller) ? group : []));
    if (unasked === undefined) continue;
    await refusals.pause(host);
    left = [...left, ...unasked].sort((a, b) => a.id - b.id);
    tried.clear();
  }
  return pages;
}

/** This replica itself, and those who cannot be asked. */
const HERE = Symbol("here");
const NOBODY = Symbol("nobody");
type Teller = ReplicaId | typeof HERE | typeof NOBODY;

function groupByTeller(router: Router, space: SpaceId, shards: readonly Shard[], tried: ReadonlySet<ReplicaId>) {
  const groups = new Map<Teller, Shard[]>();
  for (const shard of shards) {
    const teller = router.isReadyHere(shard, space) ? HERE : (router.nearestOwner(shard, tried) ?? NOBODY);
    const group = groups.get(teller);
    if (group === undefined) groups.set(teller, [shard]);
    else group.push(shard);
  }
  return groups;
}

function bodyFor(group: readonly Shard[], count: number, { prefix, place, limit }: Wanted): ListBody {
  const numbers = group.map(({ id }) => numberOf(id));
  const share = Math.ceil((SHARE_FACTOR * limit * group.length) / count) + SHARE_MORE;
  const begun = numbers[0] === place.shard ? place : { order: 0 };
  const { order, after } = begun as SpacePlace;
  return { type: "list", prefix, limit: Math.min(limit, share), shards: numbers, order, after };
}

/** What this replica holds of these shards, up to a limit of keys and of work. */
export function listHere(replica: Replica, space: SpaceId, body: ListBody, now: number): readonly ListedShard[] {
  const shards = replica.shards.in(space);
  const listed: ListedShard[] = [];
  let [keys, looked] = [body.limit, SCAN_MAX];
  for (const [i, number] of body.shards.entries()) {
    const shard = shards[number];
    if (shard === undefined || keys <= 0 || looked <= 0) break;
    const from = i === 0 ? { order: body.order, after: body.after } : { order: 0 };
    const page = pageOfShard(shard, body.prefix, from, { keys, looked }, now);
    listed.push({ shard: number, keys: page.keys, next: page.next });
    keys -= page.keys.length;
    looked -= page.looked;
    if (page.next !== undefined) break;
  }
  return listed;
}

function putTogether(pages: Pages, place: SpacePlace, limit: number, shards: number): KeyPage {
  const keys: Key[] = [];
  for (let number = place.shard; number < shards; number++) {
    const page = pages.get(number);
    const from = number === place.shard ? place : { shard: number, order: 0 };
    if (page === undefined || keys.length === limit) return { keys, cursor: formatCursor(from) };
    const room = limit - keys.length;
    const { taken, next = page.next } = firstKeys(page.keys, room);
    keys.push(...taken);
    if (next !== undefined) return { keys, cursor: formatCursor({ shard: number, ...next }) };
  }
  return { keys };
}
