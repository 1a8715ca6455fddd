/** Containers by their keys: mostly one under each, and where there are several, by their kinds. */

import type { Key } from "../../base/ids.ts";
import type { Container } from "./container.ts";

export class ContainersByKey {
  /** The one of the least kind under each key; it leads to the others. */
  readonly #first = new Map<Key, Container>();
  count = 0;

  *all(): Generator<Container, void> {
    for (const key of this.#first.keys()) yield* this.under(key);
  }

  /** Of ascending kinds. */
  *under(key: Key): Generator<Container, void> {
    for (let each = this.#first.get(key); each !== undefined; each = each.next) yield each;
  }

  find(kind: number, key: Key): Container | undefined {
    let container = this.#first.get(key);
    while (container !== undefined && container.kind < kind) container = container.next;
    return container?.kind === kind ? container : undefined;
  }

  /** One of whose kind and key none is in it. */
  add(container: Container): void {
    const before = this.#before(container);
    container.next = before === undefined ? this.#first.get(container.key) : before.next;
    if (before === undefined) this.#first.set(container.key, container);
    else before.next = container;
    this.count++;
  }

  remove(container: Container): void {
    const before = this.#before(container);
    if (before !== undefined) before.next = container.next;
    else if (container.next !== undefined) this.#first.set(container.key, container.next);
    else this.#first.delete(container.key);
    container.next = undefined;
    this.count--;
  }

  /** The one of the greatest kind below its own under the same key. */
  #before({ kind, key }: Container): Container | undefined {
    let before: Container | undefined;
    for (const each of this.under(key)) if (each.kind < kind) before = each;
    return before;
  }
}
