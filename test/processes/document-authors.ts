/**
 * Stock Yjs clients that edit one document at real replicas. Each writes a word once its last is acknowledged: another
 * client has it. Whoever loses its connection writes some more before it has another.
 */

import * as Y from "yjs";
import type { SeededRandom } from "../../src/base/random.ts";
import type { ReplicaProcess } from "../end-to-end/replica-process.ts";
import { untilTrue } from "../end-to-end/until.ts";
import { connect, type YjsClient } from "../support/yjs-clients.ts";

const KEY = "shared/notes";
const WORDS_OFFLINE = 3;
const PARAMS = { maxBackoffTime: 100 };

interface Author {
  readonly name: string;
  readonly place: number;
  readonly client: YjsClient;
  words: number;
  /** Still to be written. */
  left: number;
  /** Not acknowledged yet. */
  readonly owed: Set<string>;
}

export class DocumentAuthors {
  /** Words that somebody else than their author has had. */
  readonly acknowledged = new Set<string>();
  readonly #random: SeededRandom;
  readonly #replicas: readonly ReplicaProcess[];
  readonly #authors: Author[] = [];

  constructor(replicas: readonly ReplicaProcess[], random: SeededRandom) {
    this.#replicas = replicas;
    this.#random = random;
  }

  async start(authorsPerReplica: number): Promise<void> {
    for (const [place] of this.#replicas.entries()) {
      for (let count = 0; count < authorsPerReplica; count++) this.#add(place);
    }
    await Promise.all(this.#authors.map(({ client }) => client.synced));
  }

  /** Each has so many more words to write. */
  begin(words: number): void {
    for (const author of this.#authors) {
      author.left += words;
      this.#write(author);
    }
  }

  /** Waits until those at these replicas have only so many words left to write. */
  async until(left: number, places: readonly number[]): Promise<void> {
    const authors = this.#authors.filter(({ place }) => places.includes(place));
    const isDone = () => authors.every((author) => author.left <= left);
    await untilTrue(`all at ${places} have ${left} words left`, isDone, { describe: () => this.#describe() });
  }

  /** Waits until nobody has anything left to write, and each word is acknowledged. */
  async finish(): Promise<void> {
    const isDone = () => this.#authors.every(({ left, owed }) => left === 0 && owed.size === 0);
    await untilTrue("all words are acknowledged", isDone, { describe: () => this.#describe() });
  }

  /** The documents of all, and of those who come now. Waits until they have what these have. */
  async docs(): Promise<readonly Y.Doc[]> {
    const docs = [...this.#authors.map(({ client }) => client.doc), ...(await this.freshDocs())];
    const isEqual = () => new Set(docs.map((doc) => String(Y.encodeSnapshot(Y.snapshot(doc))))).size === 1;
    await untilTrue("all documents are equal", isEqual);
    return docs;
  }

  /** As somebody who comes now finds it, at each replica. */
  async freshDocs(): Promise<readonly Y.Doc[]> {
    const clients = this.#replicas.map(({ port }) => connect(`127.0.0.1:${port}`, KEY, PARAMS));
    await Promise.all(clients.map(({ synced }) => synced));
    return clients.map(({ doc }) => doc);
  }

  #describe(): unknown {
    return this.#authors.map(({ name, left, owed }) => ({ name, left, owed: owed.size }));
  }

  #add(place: number): void {
    const client = connect(`127.0.0.1:${this.#replicas[place]?.port}`, KEY, PARAMS);
    const author = { name: `author${this.#authors.length}`, place, client, words: 0, left: 0, owed: new Set<string>() };
    this.#authors.push(author);
    client.doc.getArray<string>("words").observe(({ changes, transaction }) => {
      if (transaction.local) return;
      for (const { insert } of changes.delta) if (Array.isArray(insert)) this.#seen(author, insert);
    });
    client.provider.on("status", ({ status }) => {
      if (status === "disconnected") for (let count = 0; count < WORDS_OFFLINE; count++) this.#insert(author);
    });
  }

  #seen(reader: Author, words: readonly string[]): void {
    for (const word of words) {
      const author = this.#authors.find(({ owed }) => owed.has(word));
      if (author === undefined || author === reader) continue;
      author.owed.delete(word);
      this.acknowledged.add(word);
      // Not while Yjs tells what has changed.
      queueMicrotask(() => this.#write(author));
    }
  }

  #write(author: Author): void {
    if (author.left === 0 || author.owed.size > 0) return;
    author.left--;
    this.#insert(author);
  }

  /** Into a list, and into a text that all write in. */
  #insert(author: Author): void {
    const word = `${author.name}-${author.words++}`;
    const { doc, text } = author.client;
    const list = doc.getArray<string>("words");
    author.owed.add(word);
    doc.transact(() => {
      list.insert(this.#random.below(list.length + 1), [word]);
      text.insert(this.#random.below(text.length + 1), "x");
    });
  }
}
