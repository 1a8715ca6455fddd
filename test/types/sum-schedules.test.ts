/**
 * Random schedules on one number that several replicas add to, put and delete, while lives end and are sealed, sums are written anew, and
 * tombstones are purged, of other keys in its bucket as well. The model knows of clients' writes alone.
 */

import fc from "fast-check";
import { expect, it } from "vitest";
import { bytesFromLatin1, latin1FromBytes } from "../../src/base/bytes.ts";
import type { Key } from "../../src/base/ids.ts";
import { wholeAmount } from "../../src/core/record/amount.ts";
import { KIND_PLAIN } from "../../src/core/record/kind.ts";
import { bodyLengthAt, bodyStartAt, originAt, sequenceAt, timestampAt } from "../../src/core/record/record.ts";
import type { Tally } from "../../src/core/record/seen.ts";
import type { LocalWrite } from "../../src/core/shard/author.ts";
import { addition, sumOf, textOf } from "../../src/types/counter.ts";
import { upkeepOf } from "../../src/types/counter-upkeep.ts";
import { beginNextLife, sealEndedLives } from "../support/shard-lives.ts";
import { createShard, type LooseShard, NOW, origin, purgeMarks, sendDelta } from "../support/shards.ts";
import { MemberKnowledge } from "./counted-model.ts";

const RUNS = 120;
const KEY = "k" as Key;
const NAME = "value";

interface Actor {
  readonly at: LooseShard;
  readonly knows: MemberKnowledge;
}

type Step = { readonly replica: number } & (
  | { readonly type: "add" | "put"; readonly by: number }
  | { readonly type: "remove" | "purge" | "purgeBeside" | "upkeep" | "restart" | "seal" | "endLife" }
  | { readonly type: "send"; readonly to: number }
);

const common = { replica: fc.nat(2) };
const by = fc.integer({ min: -9, max: 9 });
const plain = (type: string) => fc.record({ type: fc.constant(type), ...common });
const STEP = fc.oneof(
  { weight: 8, arbitrary: fc.record({ type: fc.constant("add"), ...common, by }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("put"), ...common, by }) },
  { weight: 2, arbitrary: plain("remove") },
  { weight: 2, arbitrary: plain("purge") },
  { weight: 2, arbitrary: plain("purgeBeside") },
  { weight: 3, arbitrary: plain("upkeep") },
  { weight: 1, arbitrary: plain("restart") },
  { weight: 1, arbitrary: plain("seal") },
  { weight: 2, arbitrary: plain("endLife") },
  { weight: 12, arbitrary: fc.record({ type: fc.constant("send"), ...common, to: fc.nat(2) }) },
) as fc.Arbitrary<Step>;

class World {
  readonly actors: readonly Actor[] = [1, 2, 3].map((each) => {
    const at = createShard();
    at.shard.beginLife(origin(each));
    return { at, knows: new MemberKnowledge() };
  });
  now = NOW;

  step(step: Step): void {
    this.now++;
    const actor = this.actors[step.replica] as Actor;
    const shards = this.actors.map(({ at }) => at);
    if (step.type === "add") this.#add(actor, step.by);
    else if (step.type === "put") this.#write(actor, put(step.by), step.by);
    else if (step.type === "remove") this.#write(actor, { kind: KIND_PLAIN, key: KEY }, undefined);
    else if (step.type === "purge") this.#purge(actor);
    else if (step.type === "purgeBeside") this.#purgeBeside(actor);
    else if (step.type === "upkeep") this.#keep(actor);
    else if (step.type === "restart") beginNextLife(actor.at);
    else if (step.type === "seal") sealEndedLives(shards);
    else if (step.type === "endLife") this.#endLife(actor);
    else if (step.type === "send" && step.replica !== step.to) this.#send(actor, this.actors[step.to] as Actor);
    this.check();
  }

  #add({ at, knows }: Actor, by: number): void {
    const slot = at.shard.write(addition(at.shard, KEY, wholeAmount(by), undefined, this.now), this.now);
    const { run, count } = at.shard.increments.tallyIn(slot) as Tally;
    knows.events.add({ type: "add", name: NAME, origin: at.shard.ownOrigin, run, place: count, by });
  }

  #write({ at, knows }: Actor, write: LocalWrite, value: number | undefined): void {
    const slot = at.shard.write(write, this.now);
    const stamp = timestampAt(at.shard.table.viewOf(slot), at.shard.table.offsetOf(slot));
    knows.events.add({ type: "base", name: NAME, stamp, origin: at.shard.ownOrigin, value, knew: knows.all() });
  }

  #send(from: Actor, to: Actor): void {
    sendDelta(from.at, to.at, this.now);
    to.knows.learn(from.knows);
  }

  #purge({ at }: Actor): void {
    if (this.#hasAll(at)) at.shard.graves.purge(10, this.isSettled);
  }

  /** Of other keys, whose tombstones are as new as anything that all have. */
  #purgeBeside({ at }: Actor): void {
    if (!this.#hasAll(at)) return;
    let newest = 0;
    at.shard.forEachHeld((slot) => {
      const [view, offset] = [at.shard.table.viewOf(slot), at.shard.table.offsetOf(slot)];
      if (this.isSettled(view, offset)) newest = Math.max(newest, timestampAt(view, offset));
    });
    if (newest > 0) at.shard.graves.takeOver(purgeMarks(newest));
  }

  #hasAll({ shard }: LooseShard): boolean {
    return this.actors.every((actor) => shard.vector.dominates(actor.at.shard.vector));
  }

  readonly isSettled = (view: DataView, offset: number): boolean =>
    this.actors.every(({ at }) => at.shard.vector.covers(originAt(view, offset), sequenceAt(view, offset)));

  #keep({ at }: Actor): void {
    const isSettled = this.#hasAll(at) ? this.isSettled : () => false;
    for (const write of upkeepOf(at.shard, KEY, { nowMs: this.now, isSettled, ageMin: 0 }))
      at.shard.write(write, this.now);
  }

  /** All have what it wrote, so that its life is sealed. */
  #endLife({ at }: Actor): void {
    this.#exchange();
    beginNextLife(at);
    sealEndedLives(this.actors.map((each) => each.at));
  }

  #exchange(): void {
    for (const from of [...this.actors, ...this.actors]) {
      for (const to of this.actors) if (from !== to) this.#send(from, to);
    }
  }

  check(): void {
    for (const { at, knows } of this.actors) {
      const value = knows.value(NAME);
      expect(shown(at, this.now)).toBe(value === undefined ? undefined : String(value));
    }
  }

  settle(): void {
    this.#exchange();
    this.check();
    const [first] = this.actors as [Actor];
    for (const { at } of this.actors) expect(at.shard.fingerprint).toEqual(first.at.shard.fingerprint);
  }
}

function put(value: number): LocalWrite {
  return { kind: KIND_PLAIN, key: KEY, value: bytesFromLatin1(String(value)) };
}

function shown({ shard }: LooseShard, now: number): string | undefined {
  const sum = sumOf(shard, KEY, now);
  if (sum === undefined) return undefined;
  const text = textOf(shard, sum);
  if (text !== undefined) return latin1FromBytes(text);
  const [view, at] = [shard.table.viewOf(sum.base), shard.table.offsetOf(sum.base)];
  const start = bodyStartAt(view, at);
  return latin1FromBytes(shard.table.bytesOf(sum.base).subarray(start, start + bodyLengthAt(view, at)));
}

it("count each addition once that nothing knew of, and none that was known", () => {
  fc.assert(
    fc.property(fc.array(STEP, { size: "max", maxLength: 80 }), (steps) => {
      const world = new World();
      for (const step of steps) world.step(step);
      world.settle();
    }),
    { numRuns: RUNS },
  );
});
