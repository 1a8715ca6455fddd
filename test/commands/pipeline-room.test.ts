/** What a pipeline at a replica that passes it on is answered takes room of its client, and waits for it to read (L3). */

import { expect, it } from "vitest";
import { bytesFromLatin1 } from "../../src/base/bytes.ts";
import type { ReplicaId } from "../../src/base/ids.ts";
import { bulkReply, bytesOfReply, type Reply } from "../../src/command-reply.ts";
import { commandOf } from "../../src/commands/command-table.ts";
import { type Group, type PassedCommand, Pipelines } from "../../src/commands/placed/pipelines.ts";
import { replyOfError } from "../../src/commands/words/command-error.ts";
import { ByteAccount } from "../../src/doors/byte-account.ts";
import { AnswerLine } from "../../src/doors/redis/answer-line.ts";
import { AnswerRoom } from "../../src/doors/redis/answer-room.ts";
import { LongAnswers } from "../../src/doors/redis/long-answers.ts";
import { ReplyWriter } from "../../src/doors/redis/reply-writer.ts";

const SIZE = 200_000;
const A: Group = ["a" as ReplicaId];
const B: Group = ["b" as ReplicaId];

/** A client that reads when it is told to, of an account that others have a share of. */
class Reader {
  readonly account = new ByteAccount({ bytesMax: 4 * SIZE, waitMs: 60_000, keepMs: 60_000 });
  readonly #room = new AnswerRoom(this.account, 4 * SIZE, { traffic: () => 0, cutOff: () => {} });
  readonly #long = new LongAnswers({
    writer: new ReplyWriter(),
    isClosed: false,
    flush: () => {},
    awaitReader: () => this.#unsent,
  });
  readonly #line = new AnswerLine(this.#room, this.#long, {
    write: (reply) => this.#write(reply),
    unread: () => this.#line.bytes + this.#unsent,
  });
  readonly #gone = new AbortController();
  readonly #client = { lastWrite: undefined, gone: this.#gone.signal };
  readonly #pipelines = new Pipelines({
    alone: async (command, _client, takesRoom) => this.#alone(command, takesRoom),
    together: async (commands) => this.#together(commands),
  });
  /** Those of whom the owners have sent their answers; of others these wait. */
  readonly open = new Set<string>(["a", "b"]);
  readonly #shut: (() => void)[] = [];
  #unsent = 0;
  /** Lent to others. */
  othersBytes = 0;
  readonly written: Reply[] = [];
  /** How often each was carried out. */
  readonly carriedOut = new Map<string, number>();

  /** In one go. */
  send(commands: readonly (readonly [line: string, group: Group])[]): void {
    for (const [line, group] of commands) {
      this.#line.begin();
      const place = this.#line.passedOn();
      const command = commandOf(line.split(" ").map(bytesFromLatin1));
      const passed = { ...command, shards: [], bytes: line.length, place };
      this.#line.take(this.#pipelines.pass(passed, group, this.#client));
    }
    void this.#line.behind(() => undefined);
  }

  /** For a command that is begun here behind what is passed on. */
  room(bytes: number): Promise<void> {
    return Promise.resolve(this.#line.room(bytes));
  }

  /** Bytes that are not read and that it was lent nothing for, others apart. */
  get unlent(): number {
    return this.#unsent - (this.account.lentBytes - this.othersBytes);
  }

  lendOthers(): void {
    this.othersBytes = this.account.ask(2 * SIZE).bytes;
  }

  read(): void {
    this.#unsent = 0;
    this.#long.goOn();
  }

  go(): void {
    this.#gone.abort();
    this.read();
  }

  openFor(group: string): void {
    this.open.add(group);
    for (const resolve of this.#shut.splice(0)) resolve();
  }

  #write(reply: Reply): undefined {
    this.written.push(reply);
    this.#unsent += bytesOfReply(reply);
  }

  #carryOut({ words }: PassedCommand): Reply {
    const line = words.map((word) => Buffer.from(word).toString()).join(" ");
    this.carriedOut.set(line, (this.carriedOut.get(line) ?? 0) + 1);
    return line.startsWith("set") ? { type: "status", text: "OK" } : bulkReply(Buffer.alloc(SIZE, words[1]));
  }

  async #alone(command: PassedCommand, takesRoom: boolean): Promise<Reply> {
    try {
      const [reply] = await this.#together([command]);
      if (takesRoom) await command.place.room?.(bytesOfReply(reply as Reply));
      return reply as Reply;
    } catch (error) {
      return replyOfError(error);
    }
  }

  /** As an owner does, no more than a message of it. */
  async #together(commands: readonly PassedCommand[]): Promise<readonly Reply[]> {
    const group = Buffer.from(commands[0]?.words[1] as Uint8Array).toString("latin1", 0, 1);
    while (!this.open.has(group)) await new Promise<void>((resolve) => this.#shut.push(resolve));
    const replies: Reply[] = [];
    let bytes = 0;
    for (const command of commands) {
      const reply = this.#carryOut(command);
      bytes += bytesOfReply(reply);
      replies.push(reply);
      if (bytes > SIZE) break;
    }
    return replies;
  }
}

/** All that can go on without the client has gone on. */
async function still(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise(setImmediate);
}

async function untilWritten(reader: Reader, count: number): Promise<readonly string[]> {
  while (reader.written.length < count) {
    reader.read();
    await still();
    expect(reader.unlent).toBeLessThan(SIZE / 2);
  }
  return reader.written.map((reply) =>
    reply.type === "bulk" ? Buffer.from(reply.value).toString("latin1", 0, 2) : reply.type,
  );
}

it("asks for no more while what was answered is not read, also beside commands that write", async () => {
  const reader = new Reader();
  reader.send(Array.from({ length: 50 }, () => [["set ax 1", A] as const, ["get a1", A] as const]).flat());
  await still();
  expect(reader.carriedOut.get("get a1")).toBe(2);
  expect(reader.account.lentBytes).toBeGreaterThan(2 * SIZE - 1);
  expect(await untilWritten(reader, 100)).toEqual(Array.from({ length: 50 }, () => ["status", "a1"]).flat());
  expect(reader.carriedOut.get("set ax 1")).toBe(50);
});

it("refuses no long value for those before it that are not read", async () => {
  const reader = new Reader();
  reader.lendOthers();
  reader.send(Array.from({ length: 12 }, (_, i) => [`get a${i % 8}`, A]));
  expect(await untilWritten(reader, 12)).toEqual(Array.from({ length: 12 }, (_, i) => `a${i % 8}`));
});

it("lends what is carried out here room behind what is passed on before it, once that is read", async () => {
  const reader = new Reader();
  reader.lendOthers();
  reader.send(Array.from({ length: 3 }, (_, i) => [`get a${i}`, A]));
  let isLent = false;
  const lent = reader.room(SIZE).then(() => {
    isLent = true;
  });
  await still();
  expect(await untilWritten(reader, 3)).toEqual(["a0", "a1", "a2"]);
  expect(isLent).toBe(false);
  reader.read();
  await lent;
  expect(reader.account.lentBytes).toBe(3 * SIZE);
});

it("lets go of what comes before its turn, and asks for it again then", async () => {
  const reader = new Reader();
  reader.lendOthers();
  reader.open.delete("a");
  reader.send(Array.from({ length: 6 }, (_, i) => [`get a${i}`, A] as const).flatMap((a, i) => [a, [`get b${i}`, B]]));
  await still();
  expect(reader.carriedOut.get("get b0")).toBe(1);
  expect(reader.account.lentBytes).toBe(2 * SIZE);
  reader.openFor("a");
  await still();
  const expected = Array.from({ length: 6 }, (_, i) => [`a${i}`, `b${i}`]).flat();
  expect(await untilWritten(reader, 12)).toEqual(expected);
  expect(reader.carriedOut.get("get b0")).toBe(2);
});

it("asks for nothing that only reads once its client has gone", async () => {
  const reader = new Reader();
  reader.send(Array.from({ length: 20 }, (_, i) => (i % 2 ? [`set a${i} 1`, A] : ["get a0", A])));
  await still();
  const before = reader.carriedOut.get("get a0");
  reader.go();
  await still();
  expect(reader.carriedOut.get("get a0")).toBe(before);
  expect(reader.carriedOut.get("set a19 1")).toBe(1);
});
