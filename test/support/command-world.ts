/** Redis commands in a simulated cluster whose members keep a keyspace in part. */

import { bytesFromLatin1 } from "../../src/base/bytes.ts";
import type { Key } from "../../src/base/ids.ts";
import { SeededRandom } from "../../src/base/random.ts";
import type { Reply } from "../../src/command-reply.ts";
import type { Allowance, CommandClient, CommandKeyspace, QueuedCommand, WatchedKey } from "../../src/command-store.ts";
import { commandTable, doorTable } from "../../src/commands/command-table.ts";
import { Commands } from "../../src/commands/commands.ts";
import { NAME, PlacedWorld, type PlacedWorldOptions } from "./placed-world.ts";
import { scriptEngine } from "./script-engine.ts";

/** One client of one replica. */
export class CommandsAt {
  readonly client: CommandClient = { lastWrite: undefined };
  readonly #world: PlacedWorld;
  readonly #keyspace: () => CommandKeyspace;

  constructor(world: PlacedWorld, keyspace: () => CommandKeyspace) {
    this.#world = world;
    this.#keyspace = keyspace;
  }

  /** What a client reads. */
  async do(line: string): Promise<unknown> {
    return shown(await this.#world.do(Promise.resolve(this.ask(line))));
  }

  ask(line: string): Reply | Promise<Reply> {
    const { words, facts } = parsed(line);
    return this.#keyspace().run(words, facts, this.client);
  }

  async exec(lines: readonly string[], watched: readonly WatchedKey[] = []): Promise<unknown> {
    return shown(await this.#world.do(Promise.resolve(this.askAll(lines, watched))));
  }

  askAll(lines: readonly string[], watched: readonly WatchedKey[] = []): Reply | Promise<Reply> {
    return this.#keyspace().runAll(lines.map(parsed), watched, this.client);
  }

  async watch(keys: readonly string[], watched: readonly WatchedKey[] = []): Promise<readonly WatchedKey[]> {
    return this.#world.do(Promise.resolve(this.#keyspace().watch(keys as readonly Key[], watched)));
  }

  wait(wanted: number, timeoutMs: number): Promise<number> {
    return this.#world.do(this.#keyspace().wait(this.client, wanted, timeoutMs));
  }
}

export class CommandWorld extends PlacedWorld {
  readonly #commands = new WeakMap<object, Commands>();
  readonly #seed: string;
  /** What clients may do for whom commands were carried out at another replica. */
  readonly allowances: Allowance[] = [];

  constructor(options: PlacedWorldOptions) {
    super(options);
    this.#seed = options.seed;
  }

  override async begin(nodes?: readonly number[]): Promise<void> {
    await super.begin(nodes);
    for (const { index, replica } of this.world.nodes) if (replica !== undefined) this.commandsOf(index);
  }

  commandsOf(node: number): Commands {
    const driver = this.driver(node);
    const known = this.#commands.get(driver);
    if (known !== undefined) return known;
    const random = new SeededRandom(`${this.#seed}-commands-${node}`);
    const refusalFor = (allowance: Allowance) => {
      this.allowances.push(allowance);
      return () => "NOPERM";
    };
    const commands = new Commands({
      refusalFor,
      host: driver.commandHost,
      router: driver.commandRouter,
      keyspaces: driver,
      random,
      scripts: scriptEngine(),
    });
    driver.commandService = commands;
    this.#commands.set(driver, commands);
    return commands;
  }

  /** A new client of a node. */
  at(node: number): CommandsAt {
    return new CommandsAt(this, () => {
      const keyspace = this.commandsOf(node).keyspace(NAME);
      if (keyspace === undefined) throw new Error(`node ${node} has not heard of the keyspace`);
      return keyspace;
    });
  }
}

export function parsed(line: string): QueuedCommand {
  const words = line.split(" ").map(bytesFromLatin1);
  const name = line.split(" ")[0] as string;
  const facts = commandTable.get(name) ?? doorTable.get(name);
  if (facts === undefined) throw new Error(`no such command: ${line}`);
  return { words, facts };
}

export function shown(reply: Reply): unknown {
  switch (reply.type) {
    case "bulk":
      return Buffer.from(reply.value).toString("latin1");
    case "array":
    case "set":
      return reply.items.map(shown);
    case "nothing":
    case "no-array":
      return null;
    case "error":
      return `-${reply.text}`;
    case "status":
      return reply.text;
    default:
      return "value" in reply ? reply.value : reply;
  }
}
