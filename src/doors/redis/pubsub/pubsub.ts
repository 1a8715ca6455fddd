/** Publishing and subscribing at one replica: its machines, and what tells them the time. */

import type { DocumentStore } from "../../../document-store.ts";
import type { Extension } from "../extension.ts";
import { pubsubExtension } from "./pubsub-commands.ts";
import { PubsubRelay } from "./pubsub-relay.ts";
import { WHISPER_TOPIC } from "./pubsub-whisper.ts";
import { Subscriptions } from "./subscriptions.ts";

const TICK_MS = 1_000;

export interface PubsubOptions {
  readonly store: Pick<DocumentStore, "whisper" | "onWhisper">;
  readonly clock: { now(): number };
  readonly scheduler: { after(delayMs: number, run: () => void): () => void };
}

export class Pubsub {
  readonly extension: Extension;
  readonly relay: PubsubRelay;
  readonly #options: PubsubOptions;
  readonly #stopListening: () => void;
  #cancelTick: () => void = () => {};

  constructor(options: PubsubOptions) {
    const { store, clock } = options;
    this.#options = options;
    const subscriptions = new Subscriptions();
    this.relay = new PubsubRelay({ subscriptions, whisper: (bytes, to) => store.whisper(WHISPER_TOPIC, bytes, to) });
    this.extension = pubsubExtension(this.relay, subscriptions);
    this.#stopListening = store.onWhisper((whisper) => this.relay.heard(whisper, clock.now()));
    this.#tickLater();
  }

  close(): void {
    this.#cancelTick();
    this.#stopListening();
  }

  #tickLater(): void {
    this.#cancelTick = this.#options.scheduler.after(TICK_MS, () => {
      this.relay.tick(this.#options.clock.now());
      this.#tickLater();
    });
  }
}
