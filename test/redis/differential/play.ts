/** Plays a sequence on two servers, and says where their answers first differ. */

import { areAlike, type Comparison, comparisonOf } from "./comparison.ts";
import { lineOf } from "./lines.ts";
import { RawClient } from "./raw-client.ts";
import type { RawReply } from "./raw-reply.ts";
import type { Sequence, Step } from "./sequence.ts";

export interface Ports {
  readonly ours: number;
  readonly theirs: number;
}

export interface Difference {
  readonly step: Step;
  readonly ours: string;
  readonly theirs: string;
}

export interface Played {
  readonly commands: number;
  readonly difference?: Difference;
}

const NOTHING = new Set(["*-1\r\n", "_\r\n"]);

/**
 * As `play`; `EXEC` may answer nothing in Atoll where what a watched key was deleted by, or what was added to it, is tidied up at that very
 * moment: then it is played again.
 */
export async function playSurely(ports: Ports, sequence: Sequence): Promise<Played> {
  for (let tries = 1; ; tries++) {
    const played = await play(ports, sequence);
    const { difference } = played;
    const mayBeTidied = difference?.step.words[0] === "exec" && NOTHING.has(difference.ours);
    if (!mayBeTidied || tries === TRIES_MAX) return played;
  }
}

/** By then what was given a millisecond is gone, by the clock of this machine, which both servers go by. */
const PAUSE_MS = 3;
const PAGES_MAX = 1000;
const TRIES_MAX = 4;

async function play(ports: Ports, { version, isPipelined, units }: Sequence): Promise<Played> {
  const [ours, theirs] = await Promise.all([
    Player.connect(ports.ours, version),
    Player.connect(ports.theirs, version),
  ]);
  const compared = new Comparing();
  try {
    for (const batch of batchesOf(units.flat(), isPipelined)) {
      const [ourReplies, theirReplies] = await Promise.all([ours.play(batch), theirs.play(batch)]);
      for (const [index, step] of batch.entries()) {
        const difference = compared.next(step, ourReplies[index] as RawReply, theirReplies[index] as RawReply);
        if (difference !== undefined) return { commands: compared.count, difference };
      }
    }
    return { commands: compared.count };
  } finally {
    ours.close();
    theirs.close();
  }
}

function batchesOf(steps: readonly Step[], isPipelined: boolean): readonly (readonly Step[])[] {
  const batches: Step[][] = [];
  for (const step of steps) {
    const batch = batches.at(-1);
    const before = batch?.at(-1);
    const goesOn =
      isPipelined && isSent(step) && before !== undefined && isSent(before) && before.client === step.client;
    if (goesOn && batch !== undefined) batch.push(step);
    else batches.push([step]);
  }
  return batches;
}

function isSent({ form }: Step): boolean {
  return form === "array" || form === "inline";
}

/** What is queued between `MULTI` and `EXEC` is compared where it comes: in the answer of the latter. */
class Comparing {
  count = 0;
  #queued: Comparison[] = [];

  next(step: Step, ours: RawReply, theirs: RawReply): Difference | undefined {
    if (step.form === "pause") return undefined;
    this.count++;
    const name = (step.words[0] ?? "").toLowerCase();
    const isAlike =
      name === "exec" && theirs.sign === "*" && theirs.items.length > 0
        ? ours.sign === "*" &&
          ours.items.length === theirs.items.length &&
          theirs.items.every((item, i) => areAlike(ours.items[i] as RawReply, item, this.#queued[i] ?? "exactly"))
        : areAlike(ours, theirs, step.form === "scan" && theirs.sign === "*" ? "unordered" : comparisonOf(step.words));
    if (step.client === 0) {
      if (theirs.raw === "+QUEUED\r\n") this.#queued.push(comparisonOf(step.words));
      else if (["multi", "exec", "discard"].includes(name)) this.#queued = [];
    }
    return isAlike ? undefined : { step, ours: ours.raw, theirs: theirs.raw };
  }
}

class Player {
  readonly #clients: readonly RawClient[];

  private constructor(clients: readonly RawClient[]) {
    this.#clients = clients;
  }

  static async connect(port: number, version: string): Promise<Player> {
    const clients = await Promise.all([RawClient.connect(port), RawClient.connect(port)]);
    for (const client of clients) await client.ask(bytesOf(["hello", version]), 1);
    await clients[0].ask(bytesOf(["flushall"]), 1);
    return new Player(clients);
  }

  async play(batch: readonly Step[]): Promise<readonly RawReply[]> {
    const [first] = batch as readonly [Step];
    const client = this.#clients[first.client] as RawClient;
    if (first.form === "pause") {
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      return [];
    }
    if (first.form === "scan") return [await scanned(client, first.words)];
    return client.ask(Buffer.concat(batch.map(sentAs)), batch.length);
  }

  close(): void {
    for (const client of this.#clients) client.close();
  }
}

/** All pages as one: each member once, whatever page it stands in. */
async function scanned(client: RawClient, words: readonly string[]): Promise<RawReply> {
  const cursorAt = (words[0] as string).toLowerCase() === "scan" ? 1 : 2;
  const each = ["hscan", "zscan"].includes((words[0] as string).toLowerCase()) ? 2 : 1;
  const found = new Map<string, RawReply>();
  for (let [cursor, pages] = ["0", 0]; pages < PAGES_MAX; pages++) {
    const [reply] = (await client.ask(bytesOf(words.map((word, at) => (at === cursorAt ? cursor : word))), 1)) as [
      RawReply,
    ];
    const [next, page] = reply.items;
    if (next === undefined || page === undefined) return reply;
    for (let at = 0; at < page.items.length; at += each) {
      const raw = page.items
        .slice(at, at + each)
        .map((item) => item.raw)
        .join("");
      found.set(raw, { sign: "*", raw, text: "", items: [], end: 0 });
    }
    cursor = next.text;
    if (cursor === "0") break;
  }
  const items = [...found.values()];
  return { sign: "*", raw: items.map(({ raw }) => raw).join(""), text: "", items, end: 0 };
}

function sentAs({ form, words }: Step): Buffer {
  return form === "inline" ? Buffer.from(`${lineOf(words)}\r\n`, "latin1") : bytesOf(words);
}

function bytesOf(words: readonly string[]): Buffer {
  return Buffer.from(`*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join("")}`, "latin1");
}
