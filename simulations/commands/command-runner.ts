/** Has clients give commands to the replicas of a world when that is due, and writes the history. */

import { assert } from "../../src/base/assert.ts";
import { latin1FromBytes } from "../../src/base/bytes.ts";
import type { Key } from "../../src/base/ids.ts";
import { DEFAULT_SPACE } from "../../src/base/shard-id.ts";
import type { Reply } from "../../src/command-reply.ts";
import type { CommandClient } from "../../src/command-store.ts";
import { commandTable } from "../../src/commands/command-table.ts";
import { SpaceCommands } from "../../src/commands/here/space-commands.ts";
import { timestampAt } from "../../src/core/record/record.ts";
import type { Shard } from "../../src/core/shard/shard.ts";
import { versionAt } from "../../src/replica/register-view.ts";
import type { Replica } from "../../src/replica/replica.ts";
import type { Dot } from "../../src/store.ts";
import type { NodeEvidence } from "../checkers/evidence.ts";
import { stampOfVersion } from "../checkers/stamp.ts";
import type { Evicted, Going, Life, SimulatedNode } from "../simulator/node.ts";
import type { World } from "../simulator/world.ts";
import { isThere } from "../workload/stage.ts";
import type { CommandAnswer, CommandEntry, FinalCollection, FinalCounter, HeldMember } from "./command-history.ts";
import { type CommandedType, type CommandOperation, isCounter, wordsOf } from "./command-operation.ts";
import { addedIn, valueIn } from "./held-counter.ts";
import { membersIn } from "./held-members.ts";

/** No plan has it. */
const EVICTION_ID = -1;

const NOTHING_HELD: ReadonlyMap<string, HeldMember> = new Map();

export class CommandRunner {
  readonly history: CommandEntry[] = [];
  readonly #world: World;
  readonly #commanded = new Map<Key, CommandedType>();
  readonly #wholes: (Going & { readonly node: number })[] = [];
  /** Nodes whose replicas took no value at the end. */
  readonly #full = new Set<number>();
  readonly #byLife = new WeakMap<Life, SpaceCommands>();

  constructor(world: World, operations: readonly CommandOperation[]) {
    this.#world = world;
    for (const operation of operations) {
      this.#commanded.set(operation.key, operation.of);
      world.at(operation.at, () => this.#due(operation));
    }
    if (operations.length === 0) return;
    world.onGoing = (node, shard, going) => this.#going(node, shard, going);
    world.onGone = (node, _shard, evicted) => this.#gone(node, evicted);
  }

  /** Takes note of which replicas have no room for anything. */
  lookForRoom(): void {
    for (const { index, replica: driver } of this.#world.nodes) {
      const { replica } = driver ?? {};
      if (replica !== undefined && this.#commanded.size > 0 && !hasRoom(replica)) this.#full.add(index);
    }
  }

  /** What the collections of a node have come to; none where no replica runs. */
  finals({
    index,
    replica: driver,
    clockTime,
  }: SimulatedNode): Pick<NodeEvidence, "collections" | "counters" | "wholes" | "isFull"> {
    const replica = driver?.replica;
    const collections: FinalCollection[] = [];
    const counters: FinalCounter[] = [];
    for (const [key, of] of replica === undefined ? [] : this.#commanded) {
      const shard = (replica as Replica).shardOfKey(key);
      if (isCounter(of)) counters.push({ key, value: valueIn(shard, of, key, clockTime) });
      else collections.push({ key, members: membersIn(shard, of, key, clockTime) });
    }
    return {
      collections,
      counters,
      wholes: this.#wholes.filter(({ node }) => node === index),
      isFull: this.#full.has(index),
    };
  }

  /** True of the key of a collection or a counter. */
  isCommanded(key: Key): boolean {
    return this.#commanded.has(key);
  }

  /** A replica removes what it has of a collection, or a counter. */
  #going(index: number, shard: Shard, going: Going): void {
    const { at, key, life } = going;
    const of = this.#commanded.get(key);
    if (of === undefined) return;
    const node = this.#world.node(index);
    const operation: CommandOperation = { id: EVICTION_ID, at, node: index, type: "drop", of, key };
    const dot = { shard: shard.id, origin: shard.ownOrigin, sequence: shard.nextSequence };
    const told = { timestamp: undefined, version: undefined, member: undefined };
    this.history.push({
      operation,
      node: index,
      life,
      invokedAt: at,
      knew: shard.vector.snapshot(),
      ...seenIn(shard, operation, node.clockTime),
      isEviction: true,
      answeredAt: at,
      answer: { type: "done", dot, ...told },
    });
    this.#wholes.push({ ...going, node: index });
  }

  /** Of a value the deletion is known by its stamp. */
  #gone(node: number, { at, key, version }: Evicted): void {
    const entry = this.history[this.history.length - 1];
    if (entry?.isEviction !== true || entry.node !== node || entry.operation.key !== key || entry.invokedAt !== at)
      return;
    if (entry.answer?.type !== "done") return;
    entry.answer = { ...entry.answer, timestamp: stampOfVersion(version, true).timestamp, version };
  }

  #due(operation: CommandOperation): void {
    const { now, trace } = this.#world;
    const node = this.#world.node(operation.node);
    const { life } = node;
    const replica = isThere(node, now) ? node.replica?.replica : undefined;
    const shard = replica?.shardOfKey(operation.key);
    const entry: CommandEntry = {
      operation,
      node: node.index,
      life: shard === undefined ? 0 : (life?.number ?? 0),
      invokedAt: now,
      knew: shard?.vector.snapshot(),
      ...seenIn(shard, operation, node.clockTime),
      answeredAt: undefined,
      answer: undefined,
    };
    this.history.push(entry);
    trace.record(now, "invoke", node.index, operation.id);
    if (life === undefined || shard === undefined) {
      this.#answer(entry, { type: "refused", text: "there is no replica" });
      return;
    }
    const client: CommandClient = { lastWrite: undefined };
    const words = wordsOf(operation);
    const facts = commandTable.get(latin1FromBytes(words[0] as Uint8Array));
    assert(facts !== undefined, "a plan has commands that there are");
    const isFull = !hasRoom(replica as Replica);
    const reply = this.#commandsOf(life).run(words, facts, client);
    const answered = (given: Reply): void => {
      if (!life.ended) this.#answer(entry, answerOf(operation, given, client.lastWrite, shard));
    };
    if (reply instanceof Promise) {
      reply.then(answered);
      return;
    }
    if (isFull) entry.wasFull = true;
    answered(reply);
  }

  #commandsOf(life: Life): SpaceCommands {
    const made = this.#byLife.get(life);
    if (made !== undefined) return made;
    const { commandHost } = life.replica;
    assert(commandHost !== undefined, "a plan with commands takes replicas that know them");
    const commands = new SpaceCommands(commandHost, DEFAULT_SPACE, this.#world.random.fork(`commands ${life.number}`));
    this.#byLife.set(life, commands);
    return commands;
  }

  #answer(entry: CommandEntry, answer: CommandAnswer): void {
    const { trace, now } = this.#world;
    entry.answeredAt = now;
    entry.answer = answer;
    trace.record(now, "answer", entry.node, entry.operation.id, 0, summaryOf(answer));
  }
}

function hasRoom({ residency, eviction, persistence }: Replica): boolean {
  return residency?.isFull !== true && eviction.disk?.isSpent(persistence.writtenBytes) !== true;
}

function seenIn(
  shard: Shard | undefined,
  { key, of }: CommandOperation,
  nowMs: number,
): Pick<CommandEntry, "held" | "added"> {
  if (shard === undefined) return { held: NOTHING_HELD, added: 0n };
  if (isCounter(of)) return { held: NOTHING_HELD, added: addedIn(shard, of, key) };
  return { held: membersIn(shard, of, key, nowMs), added: 0n };
}

function answerOf(operation: CommandOperation, reply: Reply, dot: Dot | undefined, shard: Shard): CommandAnswer {
  if (reply.type === "error") return { type: "refused", text: reply.text };
  const written = dot === undefined ? undefined : writtenAt(shard, dot);
  const member = operation.type === "pop" ? poppedOf(reply) : operation.member;
  const shown = operation.type === "read" && !isCounter(operation.of) ? shownOf(operation.of, reply) : undefined;
  return {
    type: "done",
    dot,
    ...{ timestamp: undefined, version: undefined },
    ...written,
    member,
    ...(shown && { shown }),
  };
}

/** Of a register that was written a moment ago. */
function writtenAt(shard: Shard, { origin, sequence }: Dot): { timestamp: number; version: string } {
  const slots: number[] = [];
  shard.collectAbove(origin, sequence - 1, slots);
  const slot = slots[0];
  assert(slot !== undefined, "what was written a moment ago is held");
  const [view, at] = [shard.table.viewOf(slot), shard.table.offsetOf(slot)];
  return { timestamp: timestampAt(view, at), version: versionAt(view, at) };
}

function poppedOf(reply: Reply): string | undefined {
  if (reply.type === "bulk") return latin1FromBytes(reply.value);
  return reply.type === "array" && reply.items[0] !== undefined ? poppedOf(reply.items[0]) : undefined;
}

/** Names and values, as the client was told them. */
function shownOf(of: CommandedType, reply: Reply): ReadonlyMap<string, string> {
  const texts = flat(reply);
  const shown = new Map<string, string>();
  const step = of === "hash" || of === "zset" ? 2 : 1;
  for (let i = 0; i < texts.length; i += step)
    shown.set(texts[i] as string, of === "hash" ? (texts[i + 1] as string) : "");
  return shown;
}

function flat(reply: Reply): string[] {
  switch (reply.type) {
    case "bulk":
      return [latin1FromBytes(reply.value)];
    case "double":
    case "integer":
      return [String(reply.value)];
    case "array":
    case "map":
    case "pairs":
    case "set":
      return reply.items.flatMap(flat);
    default:
      return [];
  }
}

/** One line for the trace. */
function summaryOf(answer: CommandAnswer): string {
  if (answer.type === "refused") return answer.text;
  if (answer.shown !== undefined) return [...answer.shown].map(([name, value]) => `${name}=${value}`).join(" ");
  return answer.version ?? "nothing";
}
