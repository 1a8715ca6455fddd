/** One connection of a load: it carries one request at a time, and connects by itself when it has to. */

import type { OperationType } from "./operation-mix.ts";

/**
 * `error`: the code of what was answered, or of what became of the connection, and then `isBroken`. `isMiss`: a get found
 * nothing, which is no error.
 */
export type Answered = (error: string | undefined, isMiss: boolean, isBroken: boolean) => void;

export interface LoadConnection {
  /** Asks about the key of this number; `answered` is called once, later. Not to be called before that. */
  send(type: OperationType, key: number, answered: Answered): void;
  /** Gives up what is under way: it is answered as failed with this code. */
  abort(code: string): void;
  close(): void;
}

export interface LoadTarget {
  readonly url: URL;
  /** Absent: `default`. */
  readonly keyspace?: string;
  readonly token?: string;
  /** Certificate authority, PEM. */
  readonly ca?: string;
  /** That all keys begin with; the number of a key comes behind it. */
  readonly prefix: string;
  /** What is put; of ASCII. */
  readonly value: string;
}

/** The system's code, or what there is of one. */
export function errorCode(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "CONNECTION_FAILED";
}
