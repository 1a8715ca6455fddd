/**
 * Carries commands out on the keys of one keyspace, at once wherever nothing has to be waited for. What a command reads and is
 * not in memory, or is too long to be copied without asking, is seen to first; then the command begins again (C1 of
 * `workspace.ts`).
 */

import { AtollError } from "../base/errors.ts";
import type { Key, SpaceId } from "../base/ids.ts";
import type { Random } from "../base/random.ts";
import { keyPlaces } from "../command-keys.ts";
import { arrayReply, errorReply, type Reply } from "../command-reply.ts";
import type { CommandClient, CommandFacts, CommandKeyspace, CommandWords, WatchedKey } from "../command-store.ts";
import { type KeyspaceHost, LocalKeyspace } from "../replica/local-keyspace.ts";
import { ValueLong } from "../replica/operations.ts";
import { untilInView } from "../replica/policy-wait.ts";
import { replyOfError } from "./command-error.ts";
import type { CommandRow } from "./command-row.ts";
import { Interruption, NOTHING_SEEN_TO, type SeenTo } from "./interruption.ts";
import { ReplicaWorkspace } from "./replica-workspace.ts";
import type { Turn } from "./turns.ts";

import { checkSizes } from "./word-sizes.ts";
import { keyOf } from "./words.ts";

/** Of a client that waits for acknowledgements, however long it may. */
const WAIT_MS_MAX = 10 * 60_000;
const PUT_BACK_MAX_MS = 1000;

type Body<T> = (workspace: ReplicaWorkspace) => T;

export class SpaceCommands implements CommandKeyspace {
  readonly #host: KeyspaceHost;
  readonly #space: SpaceId;
  readonly #local: LocalKeyspace;
  readonly #random: () => number;
  #workspace: ReplicaWorkspace | undefined;

  constructor(host: KeyspaceHost, space: SpaceId, random: Random) {
    this.#host = host;
    this.#space = space;
    this.#local = new LocalKeyspace(host, space);
    this.#random = () => random.uint32();
  }

  run(words: CommandWords, facts: CommandFacts, client: CommandClient): Reply | Promise<Reply> {
    try {
      const coming = this.#untilHere();
      if (coming !== undefined) return coming.then(() => this.run(words, facts, client)).catch(replyOfError);
      const { turns } = facts as CommandRow;
      if (turns !== undefined) return this.#inTurns(client, turns(words)).catch(replyOfError);
      return this.#carryOut(client, NOTHING_SEEN_TO, (workspace) => execute(workspace, words, facts));
    } catch (error) {
      if (!(error instanceof Interruption)) return replyOfError(error);
      return this.#later(client, error, (workspace) => execute(workspace, words, facts)).catch(replyOfError);
    }
  }

  runAll(
    commands: readonly { readonly words: CommandWords; readonly facts: CommandFacts }[],
    watched: readonly WatchedKey[],
    client: CommandClient,
  ): readonly Reply[] | undefined | Promise<readonly Reply[] | undefined> {
    const keys = commands.flatMap(({ words, facts }) => keyPlaces(words, facts).map((at) => keyOf(words, at)));
    const all = (workspace: ReplicaWorkspace): Reply => {
      for (const { key, version } of watched) if (workspace.versionOf(key) !== version) return errorReply("");
      return arrayReply(commands.map(({ words, facts }) => executeSafely(workspace, words, facts)));
    };
    const done = this.runScript(keys, client, () => errorReply(""), all);
    const open = (reply: Reply): readonly Reply[] | undefined => {
      if (reply.type === "array") return reply.items;
      return reply.type === "error" && reply.text === "" ? undefined : commands.map(() => reply);
    };
    return done instanceof Promise ? done.then(open) : open(done);
  }

  runScript(
    keys: readonly Key[],
    client: CommandClient,
    body: (call: (command: CommandWords, facts: CommandFacts) => Reply) => Reply,
    run: Body<Reply> = (workspace) => body((words, facts) => executeSafely(workspace, words, facts)),
  ): Reply | Promise<Reply> {
    const whole = (workspace: ReplicaWorkspace): Reply => {
      workspace.expect(keys);
      return run(workspace);
    };
    try {
      const coming = this.#untilHere();
      if (coming !== undefined) return coming.then(() => this.runScript(keys, client, body, run)).catch(replyOfError);
      return this.#carryOut(client, NOTHING_SEEN_TO, whole);
    } catch (error) {
      if (!(error instanceof Interruption)) return replyOfError(error);
      return this.#later(client, error, whole).catch(replyOfError);
    }
  }

  watch(keys: readonly Key[]): readonly WatchedKey[] {
    const client = { lastWrite: undefined };
    return this.#carryOut(client, NOTHING_SEEN_TO, (workspace) =>
      keys.map((key) => ({ key, version: workspace.versionOf(key) })),
    );
  }

  async wait({ lastWrite }: CommandClient, wanted: number, timeoutMs: number): Promise<number> {
    const replica = this.#host.replica();
    if (lastWrite === undefined) return replica.linked().length;
    const forMs = timeoutMs === 0 ? WAIT_MS_MAX : Math.min(timeoutMs, WAIT_MS_MAX);
    return new Promise((resolve) => {
      this.#host.step((now) => {
        const answer = ({ reached }: { readonly reached: number }): void => {
          replica.outbox.answers.push(() => resolve(Math.max(0, reached - 1)));
        };
        const until = { dueAt: now + forMs, waitMaxMs: forMs + PUT_BACK_MAX_MS };
        replica.acks.add({ ...lastWrite, level: "all", enough: wanted + 1, ...until, answer }, now);
      });
    });
  }

  /** Throws what a command has to wait for, and what ends it. */
  #carryOut<T>(client: CommandClient, seenTo: SeenTo, body: Body<T>): T {
    const replica = this.#host.replica();
    this.#workspace ??= new ReplicaWorkspace(replica, this.#space, this.#random);
    const workspace = this.#workspace;
    return this.#host.step((now) => {
      workspace.begin(replica, client, now, seenTo);
      return body(workspace);
    });
  }

  async #later(client: CommandClient, first: Interruption, body: Body<Reply>): Promise<Reply> {
    let seenTo = NOTHING_SEEN_TO;
    for (let interruption = first; ; ) {
      seenTo = await this.#seeTo(client, interruption, seenTo);
      try {
        return this.#carryOut(client, seenTo, body);
      } catch (error) {
        if (!(error instanceof Interruption)) throw error;
        interruption = error;
      }
    }
  }

  /** One turn of the loop for each of the command; one that has to wait for something begins again, not the command. */
  async #inTurns(client: CommandClient, turn: Turn): Promise<Reply> {
    for (let seenTo = NOTHING_SEEN_TO; ; ) {
      try {
        const [reply, takenBytes] = this.#carryOut(client, seenTo, (workspace) => [
          turn(workspace),
          workspace.takenBytes,
        ]);
        if (reply !== undefined) return reply;
        seenTo = { ...seenTo, takenBytes };
        await this.#host.pause(0);
      } catch (error) {
        if (!(error instanceof Interruption)) throw error;
        seenTo = await this.#seeTo(client, error, seenTo);
      }
    }
  }

  async #seeTo(client: CommandClient, { key, cause }: Interruption, seenTo: SeenTo): Promise<SeenTo> {
    if (cause instanceof ValueLong) {
      await client.room?.(cause.bytes - seenTo.roomBytes);
      return { ...seenTo, roomBytes: cause.bytes };
    }
    if (await this.#local.bringBack(key, cause)) return seenTo;
    return { ...seenTo, lost: new Set(seenTo.lost).add(key) };
  }

  /** Of a keyspace that has just come it is soon known who keeps it. Throws where others keep the keys. */
  #untilHere(): Promise<void> | undefined {
    if (this.#host.replica().ownership.isEverywhere(this.#space)) return undefined;
    const coming = untilInView(this.#host, this.#space);
    if (coming !== undefined) return coming;
    throw new AtollError("NOT_READY", "commands are carried out in keyspaces that every replica keeps");
  }
}

/** Throws what the function throws. */
function execute(workspace: ReplicaWorkspace, words: CommandWords, facts: CommandFacts): Reply {
  const { run } = facts as CommandRow;
  if (run === undefined) return errorReply(`ERR '${facts.name}' is about a connection, and there is none here`);
  checkSizes(words, facts, workspace);
  return run(workspace, words);
}

/** What has to be waited for is still thrown. */
function executeSafely(workspace: ReplicaWorkspace, words: CommandWords, facts: CommandFacts): Reply {
  try {
    return execute(workspace, words, facts);
  } catch (error) {
    if (error instanceof Interruption) throw error;
    return replyOfError(error);
  }
}
