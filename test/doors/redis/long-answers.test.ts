/** Answers in parts: whoever does not read has no more written for, and nothing stands within an answer that is not of it. */

import { expect, it } from "vitest";
import { PackedItems } from "../../../src/base/packed-items.ts";
import { arrayReply, type Reply, textReply } from "../../../src/command-reply.ts";
import { LongAnswers } from "../../../src/doors/redis/long-answers.ts";
import { isLong, writeReply } from "../../../src/doors/redis/reply-encoder.ts";
import { ReplyWriter } from "../../../src/doors/redis/reply-writer.ts";

class Client {
  readonly writer = new ReplyWriter();
  readonly sent: Uint8Array[] = [];
  isClosed = false;
  /** The client reads nothing. */
  isStuck = false;
  awaited = 0;

  flush(): void {
    this.sent.push(...this.writer.take());
  }

  awaitReader(): number {
    if (!this.isStuck) return 0;
    this.awaited++;
    return 1;
  }

  get text(): string {
    return Buffer.concat(this.sent).toString("latin1");
  }
}

function packed(items: number): Extract<Reply, { type: "packed" }> {
  const all = new PackedItems();
  for (let i = 0; i < items; i++) all.add(new Uint8Array(1020).fill(97));
  return { type: "packed", form: "array", packed: all };
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it("writes the next part once the last was taken, and not before", async () => {
  const client = new Client();
  client.isStuck = true;
  const answers = new LongAnswers(client);
  const writing = answers.write(packed(200));
  await nextTurn();
  const first = client.text.length;
  await nextTurn();
  expect([client.text.length, client.awaited]).toEqual([first, 1]);
  expect(first).toBeLessThan(70_000);
  client.isStuck = false;
  answers.goOn();
  await writing;
  client.flush();
  expect(client.text.length).toBeGreaterThan(200 * 1020);
});

it("writes no more for a client that has gone", async () => {
  const client = new Client();
  client.isStuck = true;
  const answers = new LongAnswers(client);
  const writing = answers.write(packed(200));
  await nextTurn();
  const { length } = client.text;
  client.isClosed = true;
  answers.goOn();
  await writing;
  client.flush();
  expect(client.text.length).toBe(length);
});

it("has what was not asked for wait until the answer is complete", async () => {
  const client = new Client();
  client.writer.version = 3;
  const answers = new LongAnswers(client);
  const reply = arrayReply(Array.from({ length: 10_000 }, (_, i) => textReply(String(i))));
  if (!isLong(reply)) throw new Error("it is long");
  const writing = answers.write(reply);
  await nextTurn();
  writeReply(answers.pushes, { type: "push", items: [textReply("message")] });
  expect(answers.pushedBytes).toBeGreaterThan(0);
  await writing;
  client.flush();
  expect(client.text.startsWith("*10000\r\n$1\r\n0\r\n")).toBe(true);
  expect(client.text.endsWith("$4\r\n9999\r\n>1\r\n$7\r\nmessage\r\n")).toBe(true);
  expect(client.text.split(">").length).toBe(2);
  expect(answers.pushes).toBe(client.writer);
});
