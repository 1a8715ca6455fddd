/** What is added to the door: commands that are about connections, settings, and what follows when a client goes. */

import type { Reply } from "../../command-reply.ts";
import type { CommandWords } from "../../command-store.ts";
import type { Connection } from "./connection.ts";

/**
 * Carries out a command that is of the connection. Undefined: all there is to say has been written. May throw `RedisError`.
 */
export type ConnectionCommand = (
  connection: Connection,
  words: CommandWords,
) => Reply | undefined | Promise<Reply | undefined>;

/** A setting that `CONFIG` knows. */
export interface Setting {
  get(): string;
  /** What is wrong with a value; absent: it cannot be set. */
  set?(value: string): string | undefined;
}

export interface Extension {
  /** By name, in lower case. */
  readonly commands?: Readonly<Record<string, ConnectionCommand>>;
  readonly settings?: Readonly<Record<string, Setting>>;
  /** Numbers that `INFO` tells among its statistics, in their order. */
  stats?(): Readonly<Record<string, number>>;
  closed?(connection: Connection): void;
}

/** Ends a command; the message is what the client is told, its code included. */
export class RedisError extends Error {}
