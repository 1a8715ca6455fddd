/**
 * Commands on the keys of one keyspace, wherever these are kept. What this replica keeps is carried out here, at once; what others
 * keep goes as a whole to the best replica that keeps all keys of it (`replica/command-router.ts`), and what has no such replica
 * in parts, where that means the same (`command-parts.ts`), or not at all.
 */

import { toAtollError } from "../../base/errors.ts";
import type { Key, ReplicaId, SpaceId } from "../../base/ids.ts";
import type { Random } from "../../base/random.ts";
import { numberOf } from "../../base/shard-id.ts";
import { bytesOfReply, NO_ARRAY, NOTHING, plainReply, type Reply } from "../../command-reply.ts";
import type {
  Amid,
  CommandClient,
  CommandFacts,
  CommandKeyspace,
  CommandWords,
  PlainKeys,
  QueuedCommand,
  WatchedKey,
} from "../../command-store.ts";
import type { Shard } from "../../core/shard/shard.ts";
import { FROM_CLIENT } from "../../replica/circumstances.ts";
import { type AskedCommands, type CommandRouter, keysApart, lengthOfWords } from "../../replica/command-router.ts";
import type { CommandRequest } from "../../replica/command-service.ts";
import type { KeyspaceHost } from "../../replica/local-keyspace.ts";
import { ACK_TIMEOUT_MS } from "../../replica/operations.ts";
import { untilInView } from "../../replica/policy-wait.ts";
import type { ResponseBody } from "../../wire/request.ts";
import { commandOf } from "../command-table.ts";
import { type AllKeysHost, isAboutAllKeys, overAllKeys } from "../here/all-keys.ts";
import { ELSEWHERE } from "../here/blocked-commands.ts";
import type { SpaceCommands } from "../here/space-commands.ts";
import { isDivisible, joined, partsOf } from "../rows/command-parts.ts";
import type { ScriptEngine } from "../rows/script-engine.ts";
import { withScript } from "../rows/scripting.ts";
import { replyOfError } from "../words/command-error.ts";
import { keysOf } from "../words/words.ts";
import { Acknowledgements } from "./acknowledgements.ts";
import { questionTo } from "./await-question.ts";
import { answersIn, noneIfUnreachable, repliedIn, takeRoom } from "./carried-answer.ts";
import { ClientInHaste } from "./client-in-haste.ts";
import { KeysHere } from "./keys-here.ts";
import { seenBy } from "./own-writes.ts";
import type { Publish } from "./passed-on-client.ts";
import { type PassedCommand, Pipelines, TOGETHER_BYTES_MAX } from "./pipelines.ts";
import { type RefusalFor, refusalOf } from "./refusals-for.ts";
import { ANSWERS_BYTES_MAX } from "./served-pipeline.ts";
import { isReading, serveCommands } from "./serving.ts";
import { isNothing, mayWait, WaitsElsewhere } from "./waiting-elsewhere.ts";
import { watchElsewhere } from "./watched-elsewhere.ts";

/** A million keys are removed in less. */
const ALL_KEYS_MS = 60_000;

export interface PlacedOptions {
  readonly host: KeyspaceHost;
  readonly router: CommandRouter;
  readonly space: SpaceId;
  readonly random: Random;
  /** What a client may not do that may do so much; absent: anything but everything is refused. */
  readonly refusalFor: RefusalFor | undefined;
  readonly scripts: ScriptEngine | undefined;
  readonly publish: Publish | undefined;
}

export class PlacedCommands implements CommandKeyspace {
  readonly #host: KeyspaceHost;
  readonly #router: CommandRouter;
  readonly #space: SpaceId;
  readonly #random: Random;
  readonly #refusalFor: RefusalFor | undefined;
  readonly #scripts: ScriptEngine | undefined;
  readonly #publish: Publish | undefined;
  readonly #local: SpaceCommands;
  readonly #here: KeysHere;
  readonly #acknowledgements: Acknowledgements;
  readonly #waits: WaitsElsewhere;
  readonly #pipelines = new Pipelines({
    alone: (command, client, takesRoom) => {
      const inLine = new ClientInHaste(client, takesRoom ? command.place : {});
      return this.#whole(command, command.shards, inLine).catch(replyOfError);
    },
    together: (commands, client) => this.#together(commands, client),
  });
  /** One array for all shards that are kept here. */
  #self: readonly ReplicaId[] = [];

  constructor({ host, router, space, random, refusalFor, scripts, publish }: PlacedOptions, local: SpaceCommands) {
    this.#host = host;
    this.#router = router;
    this.#space = space;
    this.#random = random;
    this.#refusalFor = refusalFor;
    this.#scripts = scripts;
    this.#publish = publish;
    this.#local = local;
    this.#here = new KeysHere(host, router, space);
    this.#waits = new WaitsElsewhere(host, questionTo({ router, space, here: this.#here }));
    this.#acknowledgements = new Acknowledgements(host, router, space, local);
  }

  get plain(): PlainKeys {
    return this.#local.plain;
  }

  run(words: CommandWords, facts: CommandFacts, client: CommandClient): Reply | Promise<Reply> {
    return this.#acknowledgements.after(client, this.#runOne(words, facts, client));
  }

  #runOne(words: CommandWords, facts: CommandFacts, client: CommandClient): Reply | Promise<Reply> {
    return mayWait(facts, client) ? this.#runAndWait(words, facts, client) : this.#run(words, facts, client);
  }

  /** Wherever it waits, once that is the wrong place it waits on in another, for the rest of its time. */
  #runAndWait(words: CommandWords, facts: CommandFacts, client: CommandClient): Reply | Promise<Reply> {
    const answered = this.#pipelines.answered(client);
    if (answered !== undefined) return answered.then(() => this.#runAndWait(words, facts, client));
    const began = this.#host.now();
    // The words last until more is read, as it is while a client waits.
    const kept = { words: words.map((word) => word.slice()), facts };
    const reply = this.#run(kept.words, facts, client);
    if (!(reply instanceof Promise)) return reply;
    const again = (at: ReplicaId | undefined) => this.#again(kept, new ClientInHaste(client), at);
    return reply
      .then((first) => (first === ELSEWHERE ? this.#waits.wait(client, { ...kept, began, again }) : first))
      .catch(replyOfError);
  }

  /** Where it may be said that there is something, at `at` alone: another owner may not have heard of it yet. */
  async #again(command: QueuedCommand, client: CommandClient, at: ReplicaId | undefined): Promise<Reply> {
    if (at === undefined) return this.#run(command.words, command.facts, client);
    try {
      return await this.#whole(command, this.#shardsOf([command]), client, { only: at });
    } catch (error) {
      return toAtollError(error).code === "OWNERS_UNREACHABLE" ? NOTHING : replyOfError(error);
    }
  }

  #run(words: CommandWords, facts: CommandFacts, client: CommandClient): Reply | Promise<Reply> {
    try {
      if (this.#isEverywhere) return this.#local.run(words, facts, client);
      const coming = untilInView(this.#host, this.#space);
      if (coming !== undefined) return coming.then(() => this.#run(words, facts, client)).catch(replyOfError);
      const shut = this.#pipelines.shutFor(client);
      if (shut !== undefined) return shut.then(() => this.#run(words, facts, client));
      const command = { words, facts };
      const shards = this.#shardsOf([command]);
      if (this.#isAtHand(shards, client)) return this.#local.run(words, facts, client, new Set(shards));
      return this.#passedOn(command, shards, client) ?? this.#elsewhereNext(command, shards, client);
    } catch (error) {
      return replyOfError(error);
    }
  }

  runAll(
    commands: readonly QueuedCommand[],
    watched: readonly WatchedKey[],
    client: CommandClient,
    amid?: Amid,
  ): Reply | Promise<Reply> {
    return this.#acknowledgements.after(client, this.#runAll(commands, watched, client, amid));
  }

  #runAll(
    commands: readonly QueuedCommand[],
    watched: readonly WatchedKey[],
    client: CommandClient,
    amid: Amid | undefined,
  ): Reply | Promise<Reply> {
    try {
      if (this.#isEverywhere) return this.#local.runAll(commands, watched, client, undefined, amid);
      const coming = untilInView(this.#host, this.#space);
      if (coming !== undefined)
        return coming.then(() => this.#runAll(commands, watched, client, amid)).catch(replyOfError);
      const shards = this.#shardsOf(commands, watched);
      const isWatchedHere = watched.every(({ at }) => at === undefined);
      if (isWatchedHere && this.#isAtHand(shards, client))
        return this.#local.runAll(commands, watched, client, new Set(shards), amid);
      return this.#allElsewhere(commands, watched, shards, client, amid).catch(replyOfError);
    } catch (error) {
      return replyOfError(error);
    }
  }

  watch(keys: readonly Key[], watched: readonly WatchedKey[]): readonly WatchedKey[] | Promise<readonly WatchedKey[]> {
    if (this.#isEverywhere) return this.#local.watch(keys);
    const coming = untilInView(this.#host, this.#space);
    if (coming !== undefined) return coming.then(() => this.watch(keys, watched));
    const shards = this.#shardsOfKeys([...keys, ...watched.map(({ key }) => key)]);
    const at = watched[0]?.at;
    if (at === undefined && this.#router.isReadyIn(this.#space, shards)) return this.#local.watch(keys);
    const around = { router: this.#router, space: this.#space, local: this.#local };
    return watchElsewhere(around, keys, shards, at);
  }

  wait(client: CommandClient, wanted: number, timeoutMs: number): Promise<number> {
    return this.#acknowledgements.wait(client, wanted, timeoutMs);
  }

  /** Of commands that were carried out here. */
  get lookups(): SpaceCommands["lookups"] {
    return this.#local.lookups;
  }

  /** What another replica asks for a client of its own. */
  serve(request: CommandRequest): Promise<ResponseBody> {
    const around = {
      host: this.#host,
      router: this.#router,
      acknowledgements: this.#acknowledgements,
      publish: this.#publish,
    };
    const refusal = refusalOf(request.body.allowance, this.#refusalFor);
    return serveCommands({ ...request, ...around, local: this.#local, here: this.#here, refusal });
  }

  get #isEverywhere(): boolean {
    return this.#host.replica().ownership.isEverywhere(this.#space);
  }

  // --- Where keys are ------------------------------------------------------------------------------------------

  #shardsOf(commands: readonly QueuedCommand[], watched: readonly WatchedKey[] = []): readonly Shard[] {
    if (commands.some(({ facts }) => isAboutAllKeys(facts))) return this.#allShards;
    const keys = commands.flatMap(({ words, facts }) => keysOf(words, facts));
    return this.#shardsOfKeys(watched.length === 0 ? keys : [...keys, ...watched.map(({ key }) => key)]);
  }

  /** Each once. Throws what a key may be refused for. */
  #shardsOfKeys(keys: readonly Key[]): readonly Shard[] {
    return this.#here.shardsOf(keys);
  }

  get #allShards(): readonly Shard[] {
    return this.#host.replica().shards.in(this.#space);
  }

  /** All there is of them is here, what the client has written included. */
  #isAtHand(shards: readonly Shard[], client: CommandClient): boolean {
    return this.#router.isReadyIn(this.#space, shards) && this.#here.isCaughtUp(seenBy(client, shards));
  }

  // --- Elsewhere -----------------------------------------------------------------------------------------------

  /** With others that the client sends together with it. Undefined: it goes by itself. */
  #passedOn({ words, facts }: QueuedCommand, shards: readonly Shard[], client: CommandClient) {
    if (client.goesOn === undefined || isAboutAllKeys(facts)) return undefined;
    const group = this.#here.groupOf(shards);
    if (group === undefined || mayWait(facts, client)) return undefined;
    // What is sent behind it may remove the script.
    const sent = withScript(words, facts, this.#scripts);
    const bytes = lengthOfWords(sent);
    if (bytes > TOGETHER_BYTES_MAX) return undefined;
    const place = client.goesOn();
    const command = sent === words ? { words, facts } : commandOf(sent);
    return this.#pipelines.pass({ ...command, shards, bytes, place }, group, client);
  }

  #elsewhereNext(command: QueuedCommand, shards: readonly Shard[], client: CommandClient): Promise<Reply> {
    const answered = this.#pipelines.answered(client);
    if (answered === undefined) return this.#elsewhere(command, shards, client).catch(replyOfError);
    return answered.then(() => this.#run(command.words, command.facts, client));
  }

  async #together(commands: readonly PassedCommand[], client: CommandClient): Promise<readonly Reply[]> {
    const shards = [...new Set(commands.flatMap((command) => command.shards))];
    const body = {
      ...({ type: "commands", isTransaction: false, isPipeline: true, watched: [], shards: [] } as const),
      commands: commands.map(({ words }) => words),
    };
    const roomless = new ClientInHaste(client, {});
    const carried = await this.#carry({ body, shards, isReadonly: isReading(commands) }, roomless);
    if (carried !== undefined) return answersIn(carried);
    await this.#here.prepare(commands, shards);
    const scope = new Set(shards);
    const replies: Reply[] = [];
    let bytes = 0;
    for (const { words, facts } of commands) {
      if (bytes > ANSWERS_BYTES_MAX) break;
      const reply = plainReply(await this.#local.run(words, facts, roomless, scope));
      bytes += bytesOfReply(reply);
      replies.push(reply);
    }
    return replies;
  }

  #elsewhere(command: QueuedCommand, shards: readonly Shard[], client: CommandClient): Promise<Reply> {
    const { words, facts } = command;
    if (isAboutAllKeys(facts)) return overAllKeys(this.#allKeysFor(client), words, facts);
    return isDivisible(facts) && this.#router.areApart(shards)
      ? this.#inParts(command, client)
      : this.#wholeOrWait(command, shards, client);
  }

  /** `ELSEWHERE`: it finds nothing, and would wait. Nowhere does it yet: here nobody may ever tell of what comes there. */
  async #wholeOrWait(command: QueuedCommand, shards: readonly Shard[], client: CommandClient): Promise<Reply> {
    if (!mayWait(command.facts, client)) return this.#whole(command, shards, client);
    const reply = await this.#whole(command, shards, new ClientInHaste(client));
    return isNothing(reply) ? ELSEWHERE : reply;
  }

  async #whole(
    { words, facts }: QueuedCommand,
    shards: readonly Shard[],
    client: CommandClient,
    { isAboutAll = false, only }: { readonly isAboutAll?: boolean; readonly only?: ReplicaId } = {},
  ): Promise<Reply> {
    const commands = [withScript(words, facts, this.#scripts)];
    const body = {
      ...({ type: "commands", commands, isTransaction: false, watched: [] } as const),
      shards: isAboutAll ? shards.map(({ id }) => numberOf(id)) : [],
    };
    const isReadonly = isReading([{ words, facts }]);
    const asked = { body, shards, isReadonly, only, waitMs: isAboutAll ? ALL_KEYS_MS : 0 };
    const carried = await this.#carry(asked, client);
    if (carried !== undefined) return carried;
    if (!isAboutAll) await this.#here.prepare([{ words, facts }], shards);
    return this.#local.run(words, facts, client, new Set(shards));
  }

  async #inParts({ words, facts }: QueuedCommand, client: CommandClient): Promise<Reply> {
    const { ownership } = this.#host.replica();
    const groups = keysOf(words, facts).map((key) => {
      const [shard] = this.#shardsOfKeys([key]);
      return shard === undefined || this.#router.isReadyIn(this.#space, [shard])
        ? undefined
        : ownership.groupOf(shard.id);
    });
    const parts = [...partsOf(words, facts, groups).values()];
    const alone = new ClientInHaste(client);
    const replies = await Promise.all(parts.map((part) => this.#run(part.words, commandOf(part.words).facts, alone)));
    return joined(facts, replies.map(plainReply), parts);
  }

  async #allElsewhere(
    commands: readonly QueuedCommand[],
    watched: readonly WatchedKey[],
    shards: readonly Shard[],
    client: CommandClient,
    amid: Amid | undefined,
  ): Promise<Reply> {
    const { at: only } = watched[0] ?? {};
    // Whoever told their versions has lost the keys, or they were told by several.
    if (watched.some(({ at }) => at !== only)) return NO_ARRAY;
    if (watched.length > 0 && only === undefined && !this.#router.isReadyIn(this.#space, shards)) return NO_ARRAY;
    const isReadonly = isReading(commands);
    const body = {
      ...({ type: "commands", isTransaction: true, shards: [] } as const),
      commands: commands.map(({ words, facts }) => withScript(words, facts, this.#scripts)),
      watched: watched.map(({ key, version }) => ({ key, version })),
    };
    if (commands.some(({ facts }) => isAboutAllKeys(facts))) throw keysApart();
    const carried = await this.#carry({ body, shards, isReadonly, only }, client).catch(noneIfUnreachable);
    if (carried !== undefined) return carried;
    await this.#here.prepare(commands, shards);
    return this.#local.runAll(commands, watched, client, new Set(shards), amid);
  }

  /** Undefined: to be carried out here, and what the client has written is waited for. */
  async #carry(asked: AskedCommands, client: CommandClient): Promise<Reply | undefined> {
    const seen = seenBy(client, asked.shards);
    const circumstances = { ...FROM_CLIENT, seen };
    const ack = client.ack && { timeoutMs: ACK_TIMEOUT_MS, ...client.ack };
    const body = { ...asked.body, allowance: client.allowance, isBehindRefused: seen?.isRequired, ack };
    const carried = await this.#router.carry(this.#space, { ...asked, body }, circumstances);
    if (carried === undefined) {
      await this.#here.catchUp(seen);
      return undefined;
    }
    const { reply, dots, acks } = repliedIn(carried);
    if (ack !== undefined) client.acks = acks;
    if (asked.isReadonly) for (const dot of dots) client.saw?.(dot);
    else for (const dot of dots) client.lastWrite = dot;
    await takeRoom(client, reply, asked.isReadonly);
    return reply;
  }

  // --- All keys ------------------------------------------------------------------------------------------------

  #allKeysFor(client: CommandClient): AllKeysHost {
    const replica = this.#host.replica();
    if (this.#self[0] !== replica.id) this.#self = [replica.id];
    return {
      shards: this.#allShards,
      random: () => this.#random.uint32(),
      keepersOf: (shard) =>
        this.#router.isReadyIn(this.#space, [shard]) ? this.#self : replica.ownership.groupOf(shard.id),
      isReachable: (id) => id === replica.id || replica.isLinked(id),
      ask: (words, shards) => this.#whole(commandOf(words), shards, client, { isAboutAll: true }).catch(replyOfError),
    };
  }
}
