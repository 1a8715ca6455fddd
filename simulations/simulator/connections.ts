/** The live connections of a network, found by their ends: each list in the order in which they came to be. */

import type { Connection, Side } from "./connection.ts";

export class Connections {
  readonly #all = new Set<Connection>();
  readonly #byNode = new Map<number, Set<Connection>>();
  readonly #byPair = new Map<string, Set<Connection>>();

  add(connection: Connection): void {
    this.#all.add(connection);
    const { dialer, acceptor } = connection;
    for (const { node } of [dialer, acceptor]) into(this.#byNode, node, connection);
    into(this.#byPair, pairOf(dialer.node, acceptor.node), connection);
  }

  delete(connection: Connection): void {
    if (!this.#all.delete(connection)) return;
    const { dialer, acceptor } = connection;
    for (const { node } of [dialer, acceptor]) outOf(this.#byNode, node, connection);
    outOf(this.#byPair, pairOf(dialer.node, acceptor.node), connection);
  }

  all(): Iterable<Connection> {
    return this.#all;
  }

  /** Sides at one node towards another. */
  between(at: number, towards: number): Side[] {
    const found: Side[] = [];
    for (const { dialer, acceptor } of this.#byPair.get(pairOf(at, towards)) ?? []) {
      if (dialer.node === at && dialer.peerNode === towards) found.push(dialer);
      if (acceptor.node === at && acceptor.peerNode === towards) found.push(acceptor);
    }
    return found;
  }

  /** Connections of which this node is an end. */
  of(node: number): Iterable<Connection> {
    return [...(this.#byNode.get(node) ?? [])];
  }
}

function pairOf(one: number, other: number): string {
  return one < other ? `${one} ${other}` : `${other} ${one}`;
}

function into<Key>(map: Map<Key, Set<Connection>>, key: Key, connection: Connection): void {
  const there = map.get(key);
  if (there === undefined) map.set(key, new Set([connection]));
  else there.add(connection);
}

function outOf<Key>(map: Map<Key, Set<Connection>>, key: Key, connection: Connection): void {
  const there = map.get(key);
  there?.delete(connection);
  if (there?.size === 0) map.delete(key);
}
