/** The client of another replica for which commands are carried out here: what it is answered has to go through a message. */

import { AtollError } from "../../base/errors.ts";
import type { ShardId } from "../../base/ids.ts";
import { NewestDots } from "../../base/newest-dots.ts";
import { errorReply, type Reply } from "../../command-reply.ts";
import type { CommandClient, CommandFacts, QueuedCommand } from "../../command-store.ts";
import type { Dot } from "../../store.ts";
import { mayListBeWritten } from "../../wire/reply-codec.ts";
import { NOT_ALLOWED } from "../rows/script-calls.ts";

/** Carries `PUBLISH` or `SPUBLISH` out for a script. Undefined: this replica has nobody to publish to. */
export type Publish = (words: QueuedCommand["words"], name: string) => Reply | undefined;

export interface PassedOnOptions extends Pick<CommandClient, "refusal" | "allowance" | "ack"> {
  readonly publish: Publish | undefined;
  /** It waits until there is something to be told of, and for nothing else. */
  readonly isHeld: boolean;
}

const NO_MESSAGES = errorReply("ERR messages are not published at the replica that keeps the keys of the script");
const TOO_LONG_TEXT = "the answer is too long to be passed on from the replica that keeps the keys";
export const TOO_LONG = errorReply(`ERR ${TOO_LONG_TEXT}`);
/** Of a script, whose answer nobody knows before: what it has written stays. */
export const DONE_AND_TOO_LONG = errorReply(`ERR it was carried out, but ${TOO_LONG_TEXT}`);

export class PassedOnClient implements CommandClient {
  readonly #written = new Map<ShardId, Dot>();
  readonly refusal: CommandClient["refusal"];
  readonly allowance: CommandClient["allowance"];
  readonly ack: CommandClient["ack"];
  readonly waits?: NonNullable<CommandClient["waits"]>;
  acks: CommandClient["acks"];
  readonly #publish: Publish | undefined;
  readonly #seen = new NewestDots();
  #bytesMax: number;
  #bytes = 0;
  /** Of the present command: it found no room for its answer ... */
  lacksRoom = false;
  /** ... and has written, or sent a message. */
  hasActed = false;

  constructor(bytesMax: number, { refusal, allowance, ack, publish, isHeld }: PassedOnOptions) {
    this.#bytesMax = bytesMax;
    this.refusal = refusal;
    this.allowance = allowance;
    this.ack = ack;
    this.#publish = publish;
    if (isHeld) this.waits = { begin: () => {} };
  }

  /** Another command is carried out, whose answer may have so many bytes. */
  beginNext(bytesMax: number): void {
    this.#bytesMax = bytesMax;
    this.#bytes = 0;
    this.lacksRoom = false;
    this.hasActed = false;
  }

  get answerBytesMax(): number {
    return this.#bytesMax;
  }

  /** Of what is about its connection a script can do nothing here but publish. */
  carryOut(words: QueuedCommand["words"], { name }: CommandFacts): Reply {
    if (name !== "publish" && name !== "spublish") return NOT_ALLOWED;
    this.hasActed = true;
    return this.#publish?.(words, name) ?? NO_MESSAGES;
  }

  saw(dot: Dot): void {
    this.#seen.note(dot);
  }

  /** In the order of time. */
  get seen(): readonly Dot[] {
    return this.#seen.all.toReversed();
  }

  get lastWrite(): Dot | undefined {
    return this.written.at(-1);
  }

  set lastWrite(dot) {
    if (dot === undefined) return;
    this.hasActed = true;
    this.#written.delete(dot.shard);
    this.#written.set(dot.shard, dot);
  }

  /** The last of each shard, in the order of time. */
  get written(): readonly Dot[] {
    return [...this.#written.values()];
  }

  expectAnswer(items: number, bytes: number): void {
    if (!mayListBeWritten(items, bytes, this.#bytesMax)) throw this.#tooLong();
  }

  readonly room = (bytes: number): undefined => {
    this.#bytes += bytes;
    if (this.#bytes > this.#bytesMax) throw this.#tooLong();
  };

  #tooLong(): AtollError {
    this.lacksRoom = true;
    return new AtollError("VALUE_TOO_LARGE", TOO_LONG_TEXT);
  }
}
