/**
 * What an update holds and what a document shows of it, in the terms of Yjs: of each client, which of its clocks were made
 * and which were deleted. Two documents with the same of both are the same; a document has an update once it shows all that
 * the update holds.
 */

import * as Y from "yjs";

/** Clocks of one client of Yjs, up to `to`, which is no part of it. */
export interface ClockSpan {
  readonly client: number;
  readonly from: number;
  readonly to: number;
}

export interface Contents {
  readonly made: readonly ClockSpan[];
  readonly deleted: readonly ClockSpan[];
}

export function contentsOfUpdate(update: Uint8Array): Contents {
  const { structs, ds } = Y.decodeUpdate(update);
  const made = structs.flatMap((struct) => {
    const { client, clock } = struct.id;
    return struct instanceof Y.Skip ? [] : [{ client, from: clock, to: clock + struct.length }];
  });
  return { made, deleted: deletedIn(ds) };
}

/** What is there of a document, without what waits for something before it. */
export function contentsOfDocument(document: Y.Doc): Contents {
  const { sv, ds } = Y.snapshot(document);
  return { made: [...sv].map(([client, to]) => ({ client, from: 0, to })), deleted: deletedIn(ds) };
}

/** True when something in a document waits for what it follows. */
export function isWaiting(document: Y.Doc): boolean {
  return document.store.pendingStructs !== null || document.store.pendingDs !== null;
}

function deletedIn(deleted: ReturnType<typeof Y.snapshot>["ds"]): ClockSpan[] {
  return [...deleted.clients].flatMap(([client, items]) =>
    items.map(({ clock, len }) => ({ client, from: clock, to: clock + len })),
  );
}

/** Equal exactly for the same clocks. */
export function nameOfContents({ made, deleted }: Contents): string {
  return `${new Clocks(made).name()} without ${new Clocks(deleted).name()}`;
}

/** The first of what an update holds that a document does not show; undefined when it shows all of it. */
export function firstMissing(update: Contents, shown: Contents): ClockSpan | undefined {
  return new Clocks(shown.made).firstBeyond(update.made) ?? new Clocks(shown.deleted).firstBeyond(update.deleted);
}

/**
 * The first of what a document shows that was made in none of the updates. Deletions are not asked for: of two values that are
 * set at once Yjs deletes one by itself.
 */
export function firstUnexplained(shown: Contents, updates: readonly Contents[]): ClockSpan | undefined {
  return new Clocks(updates.flatMap(({ made }) => made)).firstBeyond(shown.made);
}

export function showSpan({ client, from, to }: ClockSpan): string {
  return `clocks ${from} to ${to - 1} of client ${client}`;
}

/** A set of clocks: of each client spans in order that do not touch. */
class Clocks {
  readonly #spansByClient = new Map<number, ClockSpan[]>();

  constructor(spans: readonly ClockSpan[]) {
    for (const span of [...spans].sort((a, b) => a.from - b.from)) {
      const before = this.#spansByClient.get(span.client) ?? [];
      const last = before.at(-1);
      if (last === undefined || last.to < span.from) before.push(span);
      else before[before.length - 1] = { ...last, to: Math.max(last.to, span.to) };
      this.#spansByClient.set(span.client, before);
    }
  }

  firstBeyond(spans: readonly ClockSpan[]): ClockSpan | undefined {
    return spans.find(({ client, from, to }) => {
      const around = this.#spansByClient.get(client)?.find((span) => span.to > from);
      return to > from && !(around !== undefined && around.from <= from && around.to >= to);
    });
  }

  name(): string {
    const clients = [...this.#spansByClient].sort(([a], [b]) => a - b);
    return clients.map(([client, spans]) => `${client}:${spans.map(({ from, to }) => `${from}-${to}`)}`).join(" ");
  }
}
