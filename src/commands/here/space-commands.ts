/**
 * Carries commands out on the keys of one keyspace, against what this replica holds of it, at once wherever nothing has to be waited for. What a command reads and is
 * not in memory, or is too long to be copied without asking, is seen to first; then the command begins again (C1 of
 * `workspace.ts`).
 */

import { assert } from "../../base/assert.ts";
import { AtollError } from "../../base/errors.ts";
import type { Key, SpaceId } from "../../base/ids.ts";
import type { Random } from "../../base/random.ts";
import { arrayReply, errorReply, NO_ARRAY, type Reply } from "../../command-reply.ts";
import type {
  Amid,
  CommandClient,
  CommandFacts,
  CommandWords,
  QueuedCommand,
  WatchedKey,
} from "../../command-store.ts";
import { type KeyspaceHost, LocalKeyspace } from "../../replica/local-keyspace.ts";
import { commandTable } from "../command-table.ts";
import { Blocking } from "../rows/blocking.ts";
import type { CommandRow } from "../rows/command-row.ts";
import { ScriptCalls } from "../rows/script-calls.ts";
import type { ScriptEngine } from "../rows/script-engine.ts";
import type { ScriptCommand } from "../rows/scripting.ts";
import type { Turn } from "../rows/turns.ts";
import { checkSizes } from "../rows/word-sizes.ts";
import { replyOfError } from "../words/command-error.ts";
import { keysOf } from "../words/words.ts";
import { Interruption, NOT_NAMED, NOTHING_SEEN_TO, type SeenTo } from "../workspace/interruption.ts";
import { Lookups } from "../workspace/lookups.ts";
import type { Scope } from "../workspace/scope.ts";
import type { Workspace } from "../workspace/workspace.ts";
import { isAboutAllKeys } from "./all-keys.ts";
import { awaited, type BlockedHost } from "./blocked-commands.ts";
import { KeyGate } from "./key-gate.ts";
import { PlainSpace } from "./plain-space.ts";
import { ReplicaWorkspace } from "./replica-workspace.ts";
import { seeTo } from "./seeing-to.ts";
import { ToldCommands } from "./told-commands.ts";
import { WriteWaits } from "./write-waits.ts";

/** Of a command that begins again. */
const TRIES_MAX = 256;

type Body<T> = (workspace: ReplicaWorkspace) => T;

/** A command, and where it looks. */
interface ScopedCommand extends QueuedCommand {
  readonly scope: Scope;
}

export interface SpaceCommandsOptions {
  /** Absent: scripts are not run here. */
  readonly scripts?: ScriptEngine | undefined;
  /** What becomes of keys there is told of here, so that they can be waited for. Absent: always. */
  readonly isHere?: (scope: Scope) => boolean;
  /** Absent: nobody is told of commands as a whole. */
  readonly told?: ToldCommands | undefined;
}

export class SpaceCommands {
  readonly #host: KeyspaceHost;
  readonly #space: SpaceId;
  readonly #local: LocalKeyspace;
  readonly #random: () => number;
  readonly #scripts: ScriptEngine | undefined;
  readonly #isHere: (scope: Scope) => boolean;
  readonly #told: ToldCommands;
  readonly #gate = new KeyGate();
  readonly #writeWaits: WriteWaits;
  /** Of all clients, those of other replicas included. */
  readonly lookups = new Lookups();
  readonly plain: PlainSpace;
  /** All commands share it: one begins when the one before has ended, or has thrown. */
  #workspace: ReplicaWorkspace | undefined;
  #isAtWork = false;
  /** Whose commands are carried out. */
  #client: CommandClient = { lastWrite: undefined };

  constructor(host: KeyspaceHost, space: SpaceId, random: Random, options: SpaceCommandsOptions = {}) {
    const { scripts, isHere = () => true, told = new ToldCommands() } = options;
    this.#isHere = isHere;
    this.#host = host;
    this.#scripts = scripts;
    this.#told = told;
    this.#space = space;
    this.#local = new LocalKeyspace(host, space);
    this.plain = new PlainSpace(host, space, { gate: this.#gate, told, lookups: this.lookups });
    this.#writeWaits = new WriteWaits(host);
    this.#random = () => random.uint32();
  }

  run(words: CommandWords, facts: CommandFacts, client: CommandClient, scope?: Scope): Reply | Promise<Reply> {
    const shut = this.#gate.isOpen ? undefined : this.#gate.shutFor(keysOf(words, facts));
    if (shut !== undefined) return shut.then(() => this.run(words, facts, client, scope));
    const { turns, runScript } = facts as CommandRow;
    if (runScript !== undefined) return this.#runScript(words, facts, client, scope);
    try {
      if (turns !== undefined)
        return this.#ofAllKeys(client, turns(words), { words, facts, scope }).catch(replyOfError);
      const reply = this.#carryOut<Reply | Turn>(client, NOTHING_SEEN_TO, (workspace) => {
        workspace.scope = scope;
        return this.#turnsOf(workspace, words, facts) ?? this.#execute(workspace, words, facts);
      });
      if (typeof reply !== "function") return reply;
      return this.#long(client, reply, { words, facts, scope }).catch(replyOfError);
    } catch (error) {
      const command = { words, facts, scope };
      if (!(error instanceof Interruption)) return this.#ended(client, error, command);
      return this.#again(client, error, command);
    }
  }

  #runScript(words: CommandWords, facts: CommandFacts, client: CommandClient, scope: Scope): Reply | Promise<Reply> {
    const keys = keysOf(words, facts);
    const whole = this.#whole((workspace) => this.#execute(workspace, words, facts), scope, keys, keys);
    return this.#begin(client, keys, whole);
  }

  /** It has to wait for something, and then begins again. */
  #again(client: CommandClient, first: Interruption, command: ScopedCommand): Reply | Promise<Reply> {
    const { words, facts, scope } = command;
    const keys = keysOf(words, facts);
    const whole = (workspace: ReplicaWorkspace): Reply => {
      workspace.scope = scope;
      if (facts.flags.has("readonly")) workspace.expect(keys);
      else workspace.expectHere(keys);
      return this.#execute(workspace, words, facts);
    };
    // Of several keys it is known by now what all of them take.
    return keys.length > 1
      ? this.#begin(client, keys, whole, command)
      : this.#later(client, keys, first, whole).catch((later) => this.#ended(client, later, command));
  }

  /** Of what a command may throw that nothing more can be done about but wait. */
  #ended(client: CommandClient, error: unknown, command: ScopedCommand | undefined): Reply | Promise<Reply> {
    if (!(error instanceof Blocking) || command === undefined) return replyOfError(error);
    if (!mayBlock(client)) return error.awaited.instead;
    const { facts, scope } = command;
    // The words last until more is read, as it is while a client waits.
    const kept = { facts, words: command.words.map((word) => word.slice()) };
    const keys = keysOf(kept.words, facts);
    const within =
      (body: Body<Reply>): Body<Reply> =>
      (workspace) => {
        workspace.scope = scope;
        return this.#tell(workspace, kept, () => body(workspace));
      };
    const around: BlockedHost = {
      ...{ host: this.#host, space: this.#space, isHere: () => this.#isHere(scope) },
      carryOut: (who, body) => this.#carryOut(who, NOTHING_SEEN_TO, within(body)),
      later: (who, first, body) => this.#later(who, keys, first, within(body)),
      isPutOff: (again) => this.#gate.isAhead(keys, again),
    };
    return awaited(around, client, error.awaited);
  }

  /** As `CommandKeyspace.runAll`. */
  runAll(
    commands: readonly QueuedCommand[],
    watched: readonly WatchedKey[],
    client: CommandClient,
    scope?: Scope,
    amid: Amid = () => false,
  ): Reply | Promise<Reply> {
    const keys = commands.flatMap(({ words, facts }) => keysOf(words, facts));
    const shut = this.#gate.shutFor(keys);
    if (shut !== undefined) return shut.then(() => this.runAll(commands, watched, client, scope, amid));
    const givenBack = commands.flatMap(({ words, facts }) => (facts.group === "generic" ? [] : keysOf(words, facts)));
    const all = (workspace: ReplicaWorkspace): Reply => {
      for (const { key, version } of watched) if (workspace.versionOf(key) !== version) return NO_ARRAY;
      const goOn = (at: number): void => {
        if (amid(at)) workspace.hasWritten = true;
      };
      const replies = commands.map(({ words, facts }, at) => {
        goOn(at);
        return this.#executeSafely(workspace, words, facts);
      });
      goOn(commands.length);
      return arrayReply(replies);
    };
    const begin = () => this.#begin(client, keys, this.#whole(all, scope, keys, givenBack));
    return commands.some(({ facts }) => writesAllKeys(facts)) ? this.#gate.pass(async () => begin()) : begin();
  }

  /** `givenBack`: keys, as often as what is under them may be answered. */
  #whole(run: Body<Reply>, scope: Scope, keys: readonly Key[], givenBack: readonly Key[]): Body<Reply> {
    return (workspace) => {
      workspace.scope = scope;
      workspace.expect(keys, givenBack);
      return run(workspace);
    };
  }

  watch(keys: readonly Key[]): readonly WatchedKey[] {
    const client = { lastWrite: undefined };
    return this.#carryOut(client, NOTHING_SEEN_TO, (workspace) =>
      keys.map((key) => ({ key, version: workspace.versionOf(key) })),
    );
  }

  wait(client: CommandClient, wanted: number, timeoutMs: number): Promise<number> {
    return this.#writeWaits.wait(client, wanted, timeoutMs);
  }

  /** Throws what a command has to wait for, and what ends it. */
  #carryOut<T>(client: CommandClient, seenTo: SeenTo, body: Body<T>): T {
    const replica = this.#host.replica();
    this.#workspace ??= new ReplicaWorkspace(replica, this.#space, this.#random, this.lookups);
    const workspace = this.#workspace;
    return this.#host.step((now) => {
      assert(!this.#isAtWork, "a command begins within another");
      this.#isAtWork = true;
      try {
        workspace.begin(replica, client, now, seenTo);
        this.#client = client;
        return body(workspace);
      } catch (error) {
        if (error instanceof Interruption) this.lookups.takeBack();
        throw error;
      } finally {
        this.#isAtWork = false;
      }
    });
  }

  #begin(
    client: CommandClient,
    keys: readonly Key[],
    body: Body<Reply>,
    command?: ScopedCommand,
  ): Reply | Promise<Reply> {
    try {
      return this.#carryOut(client, NOTHING_SEEN_TO, body);
    } catch (error) {
      if (!(error instanceof Interruption)) return this.#ended(client, error, command);
      return this.#later(client, keys, error, body).catch((later) => this.#ended(client, later, command));
    }
  }

  /** Values that others push out of memory again and again have no room there together. */
  async #later(client: CommandClient, keys: readonly Key[], first: Interruption, body: Body<Reply>): Promise<Reply> {
    let seenTo = NOTHING_SEEN_TO;
    let interruption = first;
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      seenTo = await seeTo(this.#local, client, interruption, seenTo);
      // K3 of the gate.
      for (let shut = this.#gate.shutFor(keys); shut !== undefined; shut = this.#gate.shutFor(keys)) await shut;
      try {
        return this.#carryOut(client, seenTo, body);
      } catch (error) {
        if (!(error instanceof Interruption)) throw error;
        interruption = error;
      }
    }
    throw new AtollError("MEMORY_FULL", "what this command reads does not stay in memory together");
  }

  #ofAllKeys(client: CommandClient, turn: Turn, command: ScopedCommand): Promise<Reply> {
    const told: Turn = (workspace) => this.#tell(workspace, command, () => turn(workspace));
    const begin = () => this.#inTurns(client, told, command);
    return writesAllKeys(command.facts) ? this.#gate.pass(begin) : begin();
  }

  /** Of many members of collections. */
  async #long(client: CommandClient, turn: Turn, command: ScopedCommand): Promise<Reply> {
    const { words, facts, scope } = command;
    if (!facts.flags.has("write")) return this.#inTurns(client, turn, command);
    const { passing } = this.#gate;
    if (passing !== undefined) return passing.then(() => this.run(words, facts, client, scope));
    let isBegun = false;
    const inRoom: Turn = (workspace) => {
      // What it has removed would be lost where there is room no longer.
      workspace.expectRoom((facts as CommandRow).needsRoom, isBegun);
      isBegun = true;
      return turn(workspace);
    };
    this.#host.replica().eviction.keysInUse.set(this.#space, this.#gate.held);
    return this.#gate.hold(keysOf(words, facts), () => this.#toldInTurns(client, inRoom, command));
  }

  /** Told of once, whatever has come of it. */
  async #toldInTurns(client: CommandClient, turn: Turn, command: ScopedCommand): Promise<Reply> {
    const telling = this.#told.begin(this.#host.replica().audience, command);
    if (telling === undefined) return this.#inTurns(client, turn, command);
    const told: Turn = (workspace) => {
      const reply = telling.during(() => turn(workspace));
      if (reply !== undefined) telling.end(workspace, true);
      return reply;
    };
    try {
      return await this.#inTurns(client, told, command);
    } catch (error) {
      this.#carryOut(client, NOTHING_SEEN_TO, (workspace) => {
        workspace.scope = command.scope;
        telling.end(workspace, false);
      });
      throw error;
    }
  }

  /** One turn of the loop for each of the command; one that has to wait for something begins again, not the command. */
  async #inTurns(client: CommandClient, turn: Turn, command: ScopedCommand): Promise<Reply> {
    for (let seenTo = NOTHING_SEEN_TO; ; ) {
      try {
        const [reply, takenBytes] = this.#carryOut(client, seenTo, (workspace) => {
          workspace.scope = command.scope;
          return [turn(workspace), workspace.takenBytes];
        });
        if (reply !== undefined) return reply;
        seenTo = { ...seenTo, takenBytes };
        await this.#host.pause(0);
      } catch (error) {
        if (!(error instanceof Interruption)) throw error;
        seenTo = await seeTo(this.#local, client, error, seenTo);
      }
    }
  }

  /** Of a command that is carried out by itself. Undefined: it takes one turn. */
  #turnsOf(workspace: ReplicaWorkspace, words: CommandWords, facts: CommandFacts): Turn | undefined {
    const { long, isReadonly } = facts as CommandRow;
    if (long === undefined) return undefined;
    checkSizes(words, facts, workspace);
    const turn = long(workspace, words);
    // Of the rest it is counted as the command is executed.
    if (turn !== undefined && isReadonly) workspace.lookups.hits++;
    return turn;
  }

  /** Throws what the command throws. */
  #execute(workspace: ReplicaWorkspace, words: CommandWords, facts: CommandFacts): Reply {
    const { run, runScript, needsRoom, isCounted } = facts as CommandRow;
    if (runScript !== undefined) return this.#executeScript(workspace, words, runScript);
    if (run === undefined) return errorReply(`ERR '${facts.name}' is about a connection, and there is none here`);
    checkSizes(words, facts, workspace);
    workspace.lookups.begin(isCounted);
    workspace.expectRoom(needsRoom);
    // Most often nobody wants to know: then nothing is made for it.
    if (this.#told.listener === undefined) return run(workspace, words);
    return this.#tell(workspace, { words, facts }, () => run(workspace, words));
  }

  #tell<T>(workspace: Workspace, command: QueuedCommand, run: () => T): T {
    return this.#told.around(workspace, this.#host.replica().audience, command, run);
  }

  /** What has to be waited for is still thrown. */
  #executeSafely(workspace: ReplicaWorkspace, words: CommandWords, facts: CommandFacts): Reply {
    try {
      return this.#execute(workspace, words, facts);
    } catch (error) {
      if (error instanceof Interruption) throw error;
      return error instanceof Blocking ? error.awaited.instead : replyOfError(error);
    }
  }

  #executeScript(workspace: ReplicaWorkspace, words: CommandWords, run: ScriptCommand): Reply {
    const engine = this.#scripts;
    if (engine === undefined) return errorReply("ERR scripts are not run here");
    const client = this.#client;
    const execute = (inner: CommandWords, facts: CommandFacts): Reply => {
      // Of the keys that it has named it is known that nobody holds them.
      const shut = writesAllKeys(facts) ? this.#gate.shutForSome : this.#gate.shutFor(keysOf(inner, facts));
      if (shut === undefined) return this.#executeSafely(workspace, inner, facts);
      if (workspace.hasWritten) return errorReply(NOT_NAMED);
      throw new Interruption(shut);
    };
    const sent = (): void => {
      workspace.hasWritten = true;
    };
    const caller = (isReadOnly: boolean) => new ScriptCalls(commandTable, { execute, client, isReadOnly, sent });
    return run({ engine, caller }, words);
  }
}

function writesAllKeys(facts: CommandFacts): boolean {
  return facts.flags.has("write") && isAboutAllKeys(facts);
}

function mayBlock(client: CommandClient): client is CommandClient & Required<Pick<CommandClient, "waits">> {
  return client.waits !== undefined;
}
