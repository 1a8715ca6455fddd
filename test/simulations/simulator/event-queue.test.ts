import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EventQueue, type SimulatedEvent } from "../../../simulations/simulator/event-queue.ts";

const nothing = (): void => undefined;

function takeAll(queue: EventQueue, until = Infinity): SimulatedEvent[] {
  const taken: SimulatedEvent[] = [];
  for (let event = queue.take(until); event !== undefined; event = queue.take(until)) taken.push(event);
  return taken;
}

describe("event queue", () => {
  it("gives events by time, and those of one instant in the order of scheduling", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5), { maxLength: 60 }), (times) => {
        const queue = new EventQueue();
        const events = times.map((at) => queue.schedule(at, undefined, nothing));
        const expected = events.toSorted((a, b) => a.at - b.at || a.sequence - b.sequence);
        expect(takeAll(queue)).toEqual(expected);
      }),
    );
  });

  it("keeps the order of what was put off when its owner goes on sooner, or later, than was said", () => {
    for (const goesOnAt of [5, 20]) {
      const queue = new EventQueue();
      const owner = { ended: false, pausedUntil: 10 };
      const order: string[] = [];
      queue.schedule(1, owner, () => order.push("put off"));
      queue.postpone(queue.take(1) as SimulatedEvent, owner.pausedUntil);
      queue.retime(owner, goesOnAt);
      queue.schedule(goesOnAt, owner, () => order.push("later"));
      for (const event of takeAll(queue)) event.run?.();
      expect(order).toEqual(["put off", "later"]);
    }
  });

  it("holds back what is due after `until`", () => {
    const queue = new EventQueue();
    for (const at of [3, 1, 2]) queue.schedule(at, undefined, nothing);
    expect(takeAll(queue, 2).map((event) => event.at)).toEqual([1, 2]);
    expect(queue.size).toBe(1);
  });

  it("drops cancelled events, however many, and those of what has ended", () => {
    const queue = new EventQueue();
    const owner = { ended: false, pausedUntil: 0 };
    const events = Array.from({ length: 5000 }, (_, i) => queue.schedule(i, undefined, nothing));
    queue.schedule(1, owner, nothing);
    for (const event of events) if (event.at % 10 !== 0) queue.cancel(event);
    owner.ended = true;
    expect(takeAll(queue).map((event) => event.at)).toEqual(Array.from({ length: 500 }, (_, i) => i * 10));
    expect(queue.size).toBe(0);
  });

  it("puts a postponed event behind what was scheduled for that instant", () => {
    const queue = new EventQueue();
    const first = queue.schedule(1, undefined, nothing);
    const second = queue.schedule(2, undefined, nothing);
    queue.take(1);
    queue.postpone(first, 2);
    expect(takeAll(queue)).toEqual([second, first]);
  });
});
