/** The file of a backup: chunks of records as they came, which go back as they are, and what stands in them. */

import type { BackupFacts, BackupPart } from "../../src/backup-store.ts";
import type { Key } from "../../src/base/ids.ts";
import { KIND_PLAIN } from "../../src/core/record/kind.ts";
import { bodyLengthAt, bodyStartAt, expiresAt, keyAt, kindAt, recordLength } from "../../src/core/record/record.ts";
import { versionAt } from "../../src/replica/register-view.ts";
import type { Version } from "../../src/store.ts";
import type { Bits } from "../commands/command-history.ts";
import type { CounterType } from "../commands/command-operation.ts";
import { bitsInRecord } from "../commands/held-counter.ts";
import type { ReadPart } from "../workload/history.ts";
import { authorOf, type Operation } from "../workload/operation.ts";

/** One value in a file. */
export interface CopiedValue {
  readonly key: Key;
  readonly version: Version;
  /** Undefined: bytes that nobody wrote. */
  readonly author: ReadPart["author"];
  /** Infinity: never. */
  readonly expiresAt: number;
}

/** What a counter comes to in a file. */
export interface CopiedSum {
  readonly key: Key;
  readonly bits: Bits;
}

export interface FileChunk {
  readonly keyspace: string;
  readonly records: Uint8Array;
  readonly values: readonly CopiedValue[];
  readonly sums: readonly CopiedSum[];
}

/** What there may be in a file. */
export interface Written {
  readonly operationsById: ReadonlyMap<number, Operation>;
  readonly counters: ReadonlyMap<Key, CounterType>;
}

export class BackupFile {
  readonly facts: BackupFacts;
  readonly chunks: FileChunk[] = [];
  readonly #operationsById: ReadonlyMap<number, Operation>;
  readonly #counters: ReadonlyMap<Key, CounterType>;
  readonly #chunkRecords: number;

  constructor(facts: BackupFacts, chunkRecords: number, { operationsById, counters }: Written) {
    this.facts = facts;
    this.#chunkRecords = chunkRecords;
    this.#operationsById = operationsById;
    this.#counters = counters;
  }

  /** In the order in which they stand. */
  get values(): readonly CopiedValue[] {
    return this.chunks.flatMap(({ values }) => values);
  }

  append({ keyspace, records }: BackupPart): void {
    const view = new DataView(records.buffer, records.byteOffset, records.byteLength);
    let [from, count] = [0, 0];
    for (let at = 0; at < records.length; ) {
      at += recordLength(view, at);
      if (++count < this.#chunkRecords && at < records.length) continue;
      const own = records.slice(from, at);
      this.chunks.push({ keyspace, records: own, values: this.#valuesIn(own), sums: this.#sumsIn(own) });
      [from, count] = [at, 0];
    }
  }

  #sumsIn(records: Uint8Array): CopiedSum[] {
    const view = new DataView(records.buffer, records.byteOffset, records.byteLength);
    const sums: CopiedSum[] = [];
    for (let at = 0; at < records.length; at += recordLength(view, at)) {
      const key = keyAt(view, records, at);
      const of = this.#counters.get(key);
      if (of !== undefined) sums.push({ key, bits: bitsInRecord(of, view, records, at) });
    }
    return sums;
  }

  #valuesIn(records: Uint8Array): CopiedValue[] {
    const view = new DataView(records.buffer, records.byteOffset, records.byteLength);
    const values: CopiedValue[] = [];
    for (let at = 0; at < records.length; at += recordLength(view, at)) {
      if (kindAt(view, at) !== KIND_PLAIN || this.#counters.has(keyAt(view, records, at))) continue;
      const start = bodyStartAt(view, at);
      const found = authorOf(records.subarray(start, start + bodyLengthAt(view, at)), this.#operationsById);
      values.push({
        key: keyAt(view, records, at),
        version: versionAt(view, at),
        author: found === undefined ? undefined : { id: found.operation.id, part: found.part },
        expiresAt: expiresAt(view, at),
      });
    }
    return values;
  }
}
