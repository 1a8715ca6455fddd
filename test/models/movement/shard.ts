/** The one shard of the model: a register a key, the vector that claims them, and what was seen beyond it. */

import type { Holds } from "./rules.ts";
import { Vector } from "./vector.ts";

export interface Register {
  readonly key: number;
  readonly dead: boolean;
  readonly stamp: number;
  readonly origin: number;
  readonly sequence: number;
}

export function beats(a: Register, b: Register): boolean {
  if (a.stamp !== b.stamp) return a.stamp > b.stamp;
  if (a.dead !== b.dead) return b.dead;
  return a.origin > b.origin;
}

/** What is known beyond the vector of one origin: the greatest sequence held, and the greatest seen. */
export interface Early {
  readonly held: number;
  readonly seen: number;
}

export class Shard {
  readonly registers: (Register | undefined)[] = [];
  readonly marks: number[] = [];
  vector = new Vector();
  /** It has once taken the whole claim of a ready holder, or was there when nobody else was. */
  ready = false;
  readonly #seen = new Map<number, number>();

  get holds(): boolean {
    return this.ready || !this.vector.isEmpty || this.registers.some((register) => register !== undefined);
  }

  apply(register: Register, rules: Holds): void {
    const { key, origin, sequence } = register;
    const isCovered = this.vector.get(origin) >= sequence;
    if (!isCovered) this.#seen.set(origin, Math.max(sequence, this.#seen.get(origin) ?? 0));
    const held = this.registers[key];
    if (held !== undefined && !beats(register, held)) return;
    if (isCovered && rules("covered and not held is obsolete")) return;
    this.registers[key] = register;
  }

  applyPushed(register: Register, rules: Holds): void {
    this.apply(register, rules);
    if (this.vector.get(register.origin) + 1 === register.sequence)
      this.vector.advance(register.origin, register.sequence);
  }

  claim(vector: Vector, marks: readonly number[]): void {
    this.vector.merge(vector);
    for (const [key, mark] of marks.entries()) this.marks[key] = Math.max(mark ?? 0, this.markOf(key));
  }

  above(vector: Vector): Register[] {
    return this.registers
      .filter((held) => held !== undefined)
      .filter((held) => vector.get(held.origin) < held.sequence);
  }

  markOf(key: number): number {
    return this.marks[key] ?? 0;
  }

  purge(key: number): void {
    this.marks[key] = Math.max(this.markOf(key), this.registers[key]?.stamp ?? 0);
    this.registers[key] = undefined;
  }

  early(): Map<number, Early> {
    const early = new Map<number, Early>();
    for (const [origin, seen] of this.#seen) {
      if (seen <= this.vector.get(origin)) continue;
      const held = this.above(this.vector).filter((register) => register.origin === origin);
      early.set(origin, { seen, held: Math.max(0, ...held.map(({ sequence }) => sequence)) });
    }
    return early;
  }

  clone(): Shard {
    const copy = new Shard();
    copy.registers.push(...this.registers);
    copy.marks.push(...this.marks);
    copy.vector = this.vector.clone();
    copy.ready = this.ready;
    for (const [origin, seen] of this.#seen) copy.#seen.set(origin, seen);
    return copy;
  }
}
