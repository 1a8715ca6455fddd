/**
 * How long an attacker in another process delays what others write in the document that it attacks. The writer and the
 * reader are in this process. What else the machine does only adds: a node is attacked a few times, and the time counts
 * in which the longest delay was shortest. How long delays are without an attack is shown as well.
 */

import { fork } from "node:child_process";
import { once } from "node:events";
import { bundle } from "../support/bundle.ts";
import { DocumentServer } from "./document-server.ts";
import type { Kind } from "./document-server-child.ts";
import { DocumentWire, updateMessage } from "./document-wire.ts";
import { quantile } from "./median.ts";
import type { BenchmarkRow } from "./report.ts";
import { typed } from "./typing.ts";

const WRITE_EVERY_MS = 10;
const CALM_MS = 3_000;
const ATTACKS = 3;
/** What theirs does not get through is ended. */
const ATTACK_MS_MAX = 30_000;
const MB = 1024 * 1024;
const KEY = "attacked";

const attacks = [
  { kind: "bombs", count: 10_000, what: "10,000 struct-count bombs" },
  { kind: "orphans", count: 3_000, what: "3,000 updates of 1 KB without predecessor" },
] as const;

interface Outcome {
  readonly calmMs: number;
  readonly maxMs: number;
  readonly p99Ms: number;
  readonly grownMb: number;
  readonly isOver: boolean;
}

/** Writes steadily, and knows how long each update took to a reader. */
class Conversation {
  readonly #sentAt: number[] = [];
  readonly #reader: DocumentWire;
  readonly #timer: NodeJS.Timeout;
  #delays: number[] = [];

  static async begin(server: DocumentServer): Promise<Conversation> {
    const url = server.url(KEY);
    return new Conversation(await DocumentWire.open(url), await DocumentWire.open(url));
  }

  private constructor(writer: DocumentWire, reader: DocumentWire) {
    const messages = typed((2 * (ATTACK_MS_MAX + CALM_MS)) / WRITE_EVERY_MS).updates.map(updateMessage);
    this.#reader = reader;
    // Only its own updates: an attacker's are refused, or never get here.
    reader.onUpdate = () => this.#delays.push(performance.now() - (this.#sentAt[reader.updates - 1] ?? Number.NaN));
    this.#timer = setInterval(() => {
      const message = messages[this.#sentAt.length];
      if (message === undefined) return;
      this.#sentAt.push(performance.now());
      writer.send(message);
    }, WRITE_EVERY_MS);
  }

  /** The delays since the last call, of those that have not arrived as well. */
  delays(): readonly number[] {
    const waiting = this.#sentAt.slice(this.#reader.updates).map((at) => performance.now() - at);
    const all = [...this.#delays, ...waiting];
    this.#delays = [];
    return all;
  }

  end(): void {
    clearInterval(this.#timer);
    this.#reader.onUpdate = () => {};
  }
}

async function attack(kind: Kind, { kind: what, count }: (typeof attacks)[number]): Promise<Outcome> {
  const script = await bundle(new URL("./document-attacker-child.ts", import.meta.url).href);
  const server = await DocumentServer.start(kind);
  try {
    const conversation = await Conversation.begin(server);
    const pause = () => new Promise((resolve) => setTimeout(resolve, CALM_MS));
    await pause();
    conversation.delays();
    await pause();
    const calmMs = Math.max(...conversation.delays());
    const before = await server.ask("watch");
    const attacker = fork(script, [server.url(KEY), what, String(count)], {
      execArgv: [],
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
    const timer = setTimeout(() => attacker.kill("SIGKILL"), ATTACK_MS_MAX);
    const [code] = (await once(attacker, "exit")) as [number | null];
    clearTimeout(timer);
    const delays = conversation.delays();
    conversation.end();
    // Whoever is stunned may not answer for minutes.
    const grown = code === 0 ? (await server.ask("peak")) - before : Number.NaN;
    const maxMs = Math.max(...delays);
    return { calmMs, maxMs, p99Ms: quantile(delays, 0.99), grownMb: grown / MB, isOver: code === 0 };
  } finally {
    await server.kill();
  }
}

async function shortest(each: (typeof attacks)[number]): Promise<Outcome> {
  const outcomes: Outcome[] = [];
  for (let time = 0; time < ATTACKS; time++) outcomes.push(await attack("atoll", each));
  if (!outcomes.every(({ isOver }) => isOver)) throw new Error(`${each.what}: not through`);
  const [best] = outcomes.sort((one, other) => one.maxMs - other.maxMs);
  if (best === undefined) throw new Error("BUG: no attack");
  return { ...best, grownMb: Math.max(...outcomes.map(({ grownMb }) => grownMb)) };
}

export async function attackRows(): Promise<readonly BenchmarkRow[]> {
  const rows: BenchmarkRow[] = [];
  for (const each of attacks) {
    const ours = await shortest(each);
    const theirs = await attack("y-websocket-server", each);
    const left = theirs.isOver ? "" : `, not through after ${ATTACK_MS_MAX / 1_000} s`;
    const memory = theirs.isOver ? `theirs (${Math.round(theirs.grownMb)} MB)` : "theirs does not answer";
    rows.push(
      {
        what: `${each.what}: longest delay of others' updates`,
        value: ours.maxMs,
        unit: "ms",
        against: `theirs (${Math.round(theirs.maxMs)} ms${left})`,
        ratio: ours.maxMs / theirs.maxMs,
        target: "< 50 ms",
      },
      { what: "the same: of 99 in 100", value: ours.p99Ms, unit: "ms" },
      { what: "before the attack: longest delay", value: ours.calmMs, unit: "ms" },
      { what: "the attack: memory grown by", value: ours.grownMb, unit: "MB", against: memory, target: "<= 64 MB" },
    );
  }
  return rows;
}
