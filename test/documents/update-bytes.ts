/** Updates written by hand, field by field, for what no writer would write. */

import * as encoding from "lib0/encoding";

export type Part = (encoder: encoding.Encoder) => void;

export const uint =
  (value: number): Part =>
  (encoder) =>
    encoding.writeVarUint(encoder, value);

export const text =
  (value: string): Part =>
  (encoder) =>
    encoding.writeVarString(encoder, value);

export const raw =
  (...bytes: number[]): Part =>
  (encoder) =>
    encoding.writeUint8Array(encoder, Uint8Array.from(bytes));

export const any =
  (value: unknown): Part =>
  (encoder) =>
    encoding.writeAny(encoder, value as never);

export const all =
  (...parts: readonly Part[]): Part =>
  (encoder) => {
    for (const part of parts) part(encoder);
  };

export function bytesOf(...parts: readonly Part[]): Uint8Array {
  const encoder = encoding.createEncoder();
  all(...parts)(encoder);
  return encoding.toUint8Array(encoder);
}

/** An id of a struct. */
export const id = (client: number, clock: number): Part => all(uint(client), uint(clock));

/** An item with no neighbours in the shared type `root`. */
export const first = (kind: number, content: Part, root = "r"): Part => all(raw(kind), uint(1), text(root), content);

/** An item with no neighbours in the shared type that is the item `client`, `clock`. */
export const firstIn = (client: number, clock: number, kind: number, content: Part): Part =>
  all(raw(kind), uint(0), id(client, clock), content);

/** An item right of another. */
export const rightOf = (client: number, clock: number, kind: number, content: Part): Part =>
  all(raw(kind | 128), id(client, clock), content);

/** An item left of another. */
export const leftOf = (client: number, clock: number, kind: number, content: Part): Part =>
  all(raw(kind | 64), id(client, clock), content);

export const collected = (length: number): Part => all(raw(0), uint(length));
export const skip = (length: number): Part => all(raw(10), uint(length));
export const letter: Part = text("a");

export interface Section {
  readonly client: number;
  readonly clock?: number;
  readonly structs: readonly Part[];
}

export interface Deletions {
  readonly client: number;
  /** Clock and length of each. */
  readonly ranges: readonly (readonly [number, number])[];
}

export function update(sections: readonly Section[], deletions: readonly Deletions[] = []): Uint8Array {
  return bytesOf(
    uint(sections.length),
    ...sections.flatMap(({ client, clock = 0, structs }) => [
      uint(structs.length),
      uint(client),
      uint(clock),
      ...structs,
    ]),
    uint(deletions.length),
    ...deletions.flatMap(({ client, ranges }) => [
      uint(client),
      uint(ranges.length),
      ...ranges.map(([clock, length]) => all(uint(clock), uint(length))),
    ]),
  );
}

/** An update of one client with these structs. */
export const of = (...structs: readonly Part[]): Uint8Array => update([{ client: 7, structs }]);
