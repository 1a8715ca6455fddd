/**
 * The items of an update in the order in which Yjs takes them: all of the highest client first, but before each what it stands
 * on, and what the same client wrote before that. See integrateStructs in
 * https://github.com/yjs/yjs/blob/v13.6.27/src/utils/encoding.js
 */

import * as Y from "yjs";
import type { NewItem, NewItems } from "./new-items.ts";

interface Queue {
  readonly items: readonly NewItem[];
  next: number;
}

export function* inArrivalOrder({ byClient }: NewItems): Generator<NewItem> {
  const queues = new Map<number, Queue>();
  for (const client of [...byClient.keys()].sort((a, b) => b - a)) {
    queues.set(client, { items: byClient.get(client) ?? [], next: 0 });
  }
  for (const queue of queues.values()) {
    const waiting: NewItem[] = [];
    for (let item = take(queue); item !== undefined; item = waiting.pop() ?? take(queue)) {
      const first = firstOfMissing(item, queues);
      if (first === undefined) yield item;
      else waiting.push(item, first);
    }
  }
}

function take(queue: Queue): NewItem | undefined {
  const item = queue.items[queue.next];
  if (item !== undefined) queue.next++;
  return item;
}

/** What has to be taken next for the sake of what an item stands on. */
function firstOfMissing(
  { client, left, right, item }: NewItem,
  queues: ReadonlyMap<number, Queue>,
): NewItem | undefined {
  const { parent } = item;
  for (const id of [left, right, parent instanceof Y.ID ? parent : null]) {
    if (id === null || id.client === client) continue;
    const queue = queues.get(id.client);
    const first = queue?.items[queue.next];
    if (queue !== undefined && first !== undefined && first.clock <= id.clock) return take(queue);
  }
  return undefined;
}
