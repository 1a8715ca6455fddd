/**
 * What a store of keys offers to doors whose clients speak in commands: a name and arguments, all bytes, and an answer. Beside
 * `Store`, of which it is another view: the keys are the same.
 */

import type { Key, OriginId, ReplicaId, ShardId } from "./base/ids.ts";
import type { PlainWords } from "./base/plain-words.ts";
import type { Reply } from "./command-reply.ts";
import type { AckLevel, Acks, Dot, Room } from "./store.ts";

/** The name and the arguments. Nobody changes the bytes while the command is carried out. */
export type CommandWords = readonly Uint8Array[];

export type CommandFlag =
  | "readonly"
  | "write"
  | "denyoom"
  | "admin"
  | "pubsub"
  | "noscript"
  | "blocking"
  | "loading"
  | "stale"
  | "skip_monitor"
  | "skip_slowlog"
  | "fast"
  | "no_auth"
  | "may_replicate"
  | "movablekeys"
  | "allow_busy"
  | "no_multi"
  | "no_mandatory_keys";

/** What is known of a command before it is carried out. */
export interface CommandFacts {
  /** In lower case. */
  readonly name: string;
  /** Words, the name included; negative: at least so many. */
  readonly arity: number;
  readonly flags: ReadonlySet<CommandFlag>;
  /**
   * Places of keys among the words: the first, the last (negative: from the end), and how far apart; zeros: none. Behind them, as
   * many as the word at `counted` says, right after it; 0: there is no such word. From the word at `stored` on, if there is one,
   * an option may name a last key (`command-keys.ts`).
   */
  readonly keys: {
    readonly first: number;
    readonly last: number;
    readonly step: number;
    readonly counted: number;
    readonly stored?: number;
  };
  /** As in Redis's documentation: `string`, `generic`, `connection` ... */
  readonly group: string;
  /** The version of Redis that had it first. */
  readonly since: string;
  readonly summary: string;
  /** Carried out by whoever has the connection, since it is about that, not about keys. */
  readonly isOfConnection: boolean;
}

export interface QueuedCommand {
  readonly words: CommandWords;
  readonly facts: CommandFacts;
}

/** A command that waits until there is something for it. */
export interface BlockedCommand {
  /** It waits no more: answered with this, or as when its time is over. */
  end(reply?: Reply): void;
}

/** What somebody may do who may not do everything. */
export interface Allowance {
  readonly scopes: readonly string[];
  /** Of keys, as latin1 text. */
  readonly prefix: string;
}

/** One client of a keyspace, as far as commands care. */
export interface CommandClient {
  /** Asked before a long value is copied for the client; absent: nobody is asked. */
  readonly room?: Room | undefined;
  /** What it can be answered with, beside what surrounds each command's: what a command reads beyond that ends it. Absent: `room` says. */
  readonly answerBytesMax?: number;
  /**
   * Asked before what is to be answered is removed: throws where the client cannot be answered with a list of so many items, of
   * so many bytes with what surrounds each. Absent: it can.
   */
  expectAnswer?(items: number, bytes: number): void;
  /** Told of a command that waits for something to come; absent: none does, and they are answered as if nothing came. */
  readonly waits?: { begin(command: BlockedCommand): void };
  /**
   * Told of the writes that the value of a key, a member of a collection, or a page of them, is read as, for its session; also of
   * those by which there is none.
   */
  saw?(dot: Dot): void;
  /** Of the last write that was made for it. */
  lastWrite: Dot | undefined;
  /** How far what is written for it must have got before it is answered; then it is the client of these commands alone. Absent: nobody asked. */
  readonly ack?: { readonly level: AckLevel; readonly timeoutMs?: number } | undefined;
  /** What `saw` told it of: where nothing had to be written, that must have got as far. */
  readonly seen?: readonly Dot[];
  /** How far it got. Absent: nothing was written, or found. */
  acks?: Acks | undefined;
  /** The last write into each shard that it has written into; `all`: into so many that any may be of it. Absent: `lastWrite` alone. */
  readonly written?: readonly Dot[] | "all" | undefined;
  /**
   * What its session has seen of the keyspace: whoever carries commands out has all of it, or they end with `SESSION_BEHIND` after
   * `waitMs`. Absent: what it wrote itself is waited for a little, if that is known.
   */
  readonly session?: { readonly dots: readonly Dot[]; readonly waitMs: number } | undefined;
  /**
   * Told while `run` is under way that others carry the command out, so that what it asks for next may be begun before that is
   * answered: see `CommandKeyspace.run`. Absent: it waits for each answer.
   */
  goesOn?(): AnswerPlace;
  /** Aborts as it goes. */
  readonly gone?: AbortSignal | undefined;
  /** Why it may not have a command carried out, which a script asks for; absent: it may read and write every key. */
  readonly refusal?: ((words: CommandWords, facts: CommandFacts) => string | undefined) | undefined;
  /** What `refusal` goes by, for another replica that carries commands out for it; absent as that is. */
  readonly allowance?: Allowance | undefined;
  /** Carries out what is about its connection, for a script; absent: nothing is. */
  carryOut?(words: CommandWords, facts: CommandFacts): Reply | undefined | Promise<Reply | undefined>;
}

/** Where the answer of a command that others carry out will stand, among those of the commands before and behind it. */
export interface AnswerPlace {
  /** Of all that the client has been answered, wherever it stands. */
  readonly unreadBytes: number;
  /** As the client's, for what stands here. */
  readonly room?: Room;
  /** All before it are answered. */
  readonly isNext: boolean;
  /** Resolves once the client has read all before it, so that nothing of `room` is taken for these any more, or has gone. */
  reached(): Promise<void>;
  /** Told of the answer as it comes. */
  answered(bytes: number): void;
}

/** A key as it was when somebody began to watch it. */
export interface WatchedKey {
  readonly key: Key;
  /** Another one once it was written, deleted, or has expired. */
  readonly version: string;
  /** The other replica that tells so, and that alone can tell whether it has changed. */
  readonly at?: ReplicaId;
}

/** Where a value is, until something is written. */
export interface ShownValue {
  view: DataView;
  at: number;
  /** -1: there is none. */
  length: number;
}

/**
 * Told of how many commands of a transaction have been carried out, before each and behind the last, where that is here. True: it has
 * done then what cannot be done twice.
 */
export type Amid = (carriedOut: number) => boolean;

/** Told of the write that is its last one. */
export interface PlainWriter {
  wrote(shard: ShardId, origin: OriginId, sequence: number): void;
}

/**
 * `GET key` and `SET key value` of what is short and in memory, as most commands are, without anything being made for them. Of what
 * is not so, and of what is refused, nothing is done: that is for `CommandKeyspace.run`.
 */
export interface PlainKeys {
  /** What `run` does, within which the others are called, is one step, at one instant: it is to be short. Not called where keys are not all kept here. */
  together(run: () => void): void;
  /** The first so many of these commands come next: what they take is looked at ahead, which changes nothing. */
  lookAhead(commands: readonly PlainWords[], count: number): void;
  /** What `GET` answers. False: not told. */
  glance(words: PlainWords, shown: ShownValue): boolean;
  /** `SET`, for a client that waits for no acknowledgement. False: not done. */
  put(words: PlainWords, client: PlainWriter): boolean;
}

export interface CommandKeyspace {
  readonly plain: PlainKeys;
  /**
   * Carries one command out, at once where nothing has to be waited for. Never throws, and never rejects. While commands of a
   * client that `goesOn` are not answered, those that name the same keys are carried out in their order.
   */
  run(command: CommandWords, facts: CommandFacts, client: CommandClient): Reply | Promise<Reply>;
  /**
   * Carries commands out with nothing in between, and answers with the list of what they answer; with none where one of
   * `watched` has changed, and with an error where they cannot be begun: then not one of them has been. Never throws, and never
   * rejects.
   */
  runAll(
    commands: readonly QueuedCommand[],
    watched: readonly WatchedKey[],
    client: CommandClient,
    amid?: Amid,
  ): Reply | Promise<Reply>;
  /** Beside those that are `watched` already. Throws `KEYS_APART` where no replica keeps all of them, and what a read may fail with. */
  watch(keys: readonly Key[], watched: readonly WatchedKey[]): readonly WatchedKey[] | Promise<readonly WatchedKey[]>;
  /**
   * How many other replicas have all that a client has written, after `timeoutMs`, or once there are `wanted` or the client has
   * gone. Rejects with `TOO_MANY_REQUESTS`.
   */
  wait(client: CommandClient, wanted: number, timeoutMs: number): Promise<number>;
}

/** What there is to tell of the replica behind a door. */
export interface ServerFacts {
  readonly replica: string;
  readonly region: string;
  readonly startedAt: number;
  readonly now: number;
  /** Other replicas that it is linked with. */
  readonly peers: number;
  readonly usedBytes: number;
  readonly memoryBytesMax: number;
  readonly isPersistent: boolean;
  readonly isDiskFull: boolean;
  /** Registers that have expired here, and values and collections that went for want of room, since it was started. */
  readonly expired: number;
  readonly evicted: number;
  /** How often commands that only read found something under a key, and how often not. */
  readonly lookups: { readonly hits: number; readonly misses: number };
  readonly keyspaces: readonly { readonly name: string; readonly keys: number; readonly expiring: number }[];
}

/** What has become of a key by a command, in the words of Redis. */
export interface KeyNotice {
  readonly key: Key;
  readonly event: string;
  /** The class that it is of, as `notify-keyspace-events` has it. */
  readonly flag: string;
}

export interface CommandStore {
  /** Every command that there is, by its name in lower case. */
  readonly commands: ReadonlyMap<string, CommandFacts>;
  /** Besides, those that doors ask for, and no client can name. */
  readonly ofDoors: ReadonlyMap<string, CommandFacts>;
  /** Undefined where there is none of that name. Throws `NOT_READY` where that is not yet known. */
  keyspace(name: string): CommandKeyspace | undefined;
  /** Creates it where there is none of that name; rejects as `KeyspaceStore.grantKeyspace` does. */
  grantKeyspace(name: string): Promise<void>;
  facts(): ServerFacts;
  /** Tells what commands here do with keys of the keyspace `default`, from now on; absent: not any more. */
  tellOf(listener: ((notice: KeyNotice) => void) | undefined): void;
}
