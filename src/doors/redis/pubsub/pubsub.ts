/** Publishing and subscribing at one replica: its machines, and what tells them the time. */

import type { Reply } from "../../../command-reply.ts";
import type { CommandStore, CommandWords } from "../../../command-store.ts";
import type { DocumentStore } from "../../../document-store.ts";
import type { Store } from "../../../store.ts";
import { errorOf } from "../error-of.ts";
import type { Extension } from "../extension.ts";
import { KeyspaceNotifications } from "./keyspace-notifications.ts";
import { publish, pubsubExtension } from "./pubsub-commands.ts";
import { PubsubRelay } from "./pubsub-relay.ts";
import { WHISPER_TOPIC } from "./pubsub-whisper.ts";
import { CHANNEL, SHARDED, Subscriptions } from "./subscriptions.ts";

const TICK_MS = 1_000;

export interface PubsubOptions {
  readonly peers: Pick<DocumentStore, "whisper" | "onWhisper">;
  /** Whose keys are told of to who wants that. */
  readonly store: Pick<Store, "watch">;
  readonly commands: Pick<CommandStore, "tellOf">;
  readonly clock: { now(): number };
  readonly scheduler: { after(delayMs: number, run: () => void): () => void };
}

export class Pubsub {
  readonly extension: Extension;
  readonly relay: PubsubRelay;
  readonly #options: PubsubOptions;
  readonly #notifications: KeyspaceNotifications;
  readonly #stopListening: () => void;
  #cancelTick: () => void = () => {};

  constructor(options: PubsubOptions) {
    const { peers, clock } = options;
    this.#options = options;
    const subscriptions = new Subscriptions();
    this.relay = new PubsubRelay({ subscriptions, whisper: (bytes, to) => peers.whisper(WHISPER_TOPIC, bytes, to) });
    this.#notifications = new KeyspaceNotifications(options.store, options.commands, subscriptions);
    const settings = { "notify-keyspace-events": this.#notifications.setting };
    const stats = () => {
      const { topicCount, shardedCount, patternCount } = subscriptions;
      return {
        pubsub_channels: topicCount - shardedCount,
        pubsub_patterns: patternCount,
        pubsubshard_channels: shardedCount,
      };
    };
    this.extension = { ...pubsubExtension(this.relay, subscriptions), settings, stats };
    this.#stopListening = peers.onWhisper((whisper) => this.relay.heard(whisper, clock.now()));
  }

  /** For a script of a client of another replica. */
  publish(words: CommandWords, name: string): Reply {
    try {
      return publish(this.relay, words, name === "spublish" ? SHARDED : CHANNEL);
    } catch (error) {
      return errorOf(error);
    }
  }

  /** From now on until it is closed others are told again what is listened to here. */
  start(): void {
    this.#tickLater();
  }

  close(): void {
    this.#cancelTick();
    this.#notifications.close();
    this.#stopListening();
  }

  #tickLater(): void {
    this.#cancelTick = this.#options.scheduler.after(TICK_MS, () => {
      this.relay.tick(this.#options.clock.now());
      this.#tickLater();
    });
  }
}
