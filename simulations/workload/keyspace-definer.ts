/**
 * Defines the keyspace of a plan, and changes it. A replica that is not there, that refuses, or whose process ends before it
 * has answered is no reason to give up: the next one is asked.
 */

import type { KeyspaceChange } from "../plan.ts";
import type { World } from "../simulator/world.ts";
import { answerOfError } from "./carry-out.ts";
import { KEYSPACE } from "./keyspace-stage.ts";

const RETRY_MS = 200;

export class KeyspaceDefiner {
  readonly #world: World;
  /** Asked for last, and not answered: one that comes later takes its place. */
  #wanted: KeyspaceChange | undefined;

  constructor(world: World, changes: readonly KeyspaceChange[]) {
    this.#world = world;
    for (const change of changes) {
      world.at(change.at, () => {
        this.#wanted = change;
        this.#ask(change, change.node);
      });
    }
  }

  #ask(change: KeyspaceChange, index: number): void {
    const node = this.#world.node(index % this.#world.nodes.length);
    const { life, replica } = node;
    const isThere = life !== undefined && life.pausedUntil <= this.#world.now;
    let isRefused = !isThere || replica?.defineKeyspace === undefined;
    if (!isRefused) {
      replica?.defineKeyspace?.(KEYSPACE, change.settings).then(
        () => {
          if (this.#wanted === change) this.#wanted = undefined;
        },
        (error: unknown) => {
          isRefused = true;
          if (answerOfError(error) === undefined && !life?.ended) this.#world.fail(node.index, error);
        },
      );
    }
    const lookAgain = (): void => {
      if (this.#wanted !== change) return;
      if (isRefused || life?.ended === true) this.#ask(change, index + 1);
      else this.#world.at(this.#world.now + RETRY_MS, lookAgain);
    };
    this.#world.at(this.#world.now + RETRY_MS, lookAgain);
  }
}
