/**
 * Spaces that others wrote to, or asked for, before the definition of their keyspace came here: there is such a keyspace, though
 * nothing else is known of it. A definition comes within a comparison or two; what was heard longer ago is forgotten, since
 * whoever knew of the keyspace may be gone, and it with that one.
 */

import { isDue } from "../base/deadline.ts";
import type { SpaceId } from "../base/ids.ts";
import { KEYSPACES_MAX } from "./keyspaces.ts";

const REMEMBERED_MS = 10_000;

export class HeardSpaces {
  readonly #forgetAtBySpace = new Map<SpaceId, number>();

  /** Of more than there can be keyspaces the one that was last heard of longest ago is forgotten. */
  note(space: SpaceId, now: number): void {
    this.#forgetAtBySpace.delete(space);
    this.#forgetAtBySpace.set(space, now + REMEMBERED_MS);
    if (this.#forgetAtBySpace.size <= KEYSPACES_MAX) return;
    for (const first of this.#forgetAtBySpace.keys()) {
      this.#forgetAtBySpace.delete(first);
      return;
    }
  }

  has(space: SpaceId, now: number): boolean {
    const dueAt = this.#forgetAtBySpace.get(space);
    if (dueAt === undefined) return false;
    if (!isDue({ dueAt, waitMaxMs: REMEMBERED_MS }, now)) return true;
    this.#forgetAtBySpace.delete(space);
    return false;
  }
}
