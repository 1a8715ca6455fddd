import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import type { Key } from "../../src/base/ids.ts";
import { Changes } from "../../src/replica/changes.ts";
import type { WatchEvent } from "../../src/store.ts";
import { NOW } from "../support/shards.ts";

const KEPT_MAX = 65_536;
const LINGER_MS = 5 * 60_000;

let deliveries: (() => void)[];
let changes: Changes;

beforeEach(() => {
  deliveries = [];
  changes = new Changes("life", (deliver) => deliveries.push(deliver));
});

function deliver(): void {
  for (const each of deliveries.splice(0)) each();
}

function change(key: string, now = NOW): void {
  if (changes.isWanted(now)) changes.record({ type: "delete", key: key as Key, version: `v-${key}` });
  else changes.skip();
}

class Listener {
  readonly events: WatchEvent[] = [];
  close: () => void = () => {};

  watch(options: { prefix?: string; resume?: string } = {}, now = NOW): this {
    this.close = changes.watch({ prefix: "", ...options }, (event) => this.events.push(event), now).close;
    return this;
  }

  get texts(): string[] {
    deliver();
    return this.events.map((event) => (event.type === "reset" ? "reset" : event.key));
  }

  get last(): string {
    deliver();
    return this.events.at(-1)?.resume ?? "";
  }
}

describe("a watcher", () => {
  it("hears of the changes under its prefix, in order, and never during a call", () => {
    const listener = new Listener().watch({ prefix: "a" });
    for (const key of ["a1", "b1", "a2"]) change(key);
    expect(listener.events).toEqual([]);
    expect(listener.texts).toEqual(["a1", "a2"]);
  });

  it("is told the very same event as the others", () => {
    const [one, other] = [new Listener().watch(), new Listener().watch({ prefix: "a" })];
    change("a");
    deliver();
    expect(one.events[0]).toBe(other.events[0]);
  });

  it("hears nothing more once it is closed, not even what was on its way", () => {
    const listener = new Listener().watch();
    change("a");
    listener.close();
    change("b");
    expect(listener.texts).toEqual([]);
  });
});

describe("a watcher that comes back", () => {
  it("misses nothing and hears nothing twice, wherever it was cut off", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("a", "b", "watch", "stop"), { maxLength: 40 }), (steps) => {
        changes = new Changes("life", (each) => deliveries.push(each));
        const witness = new Listener().watch({ prefix: "a" });
        let listener: Listener | undefined = new Listener().watch({ prefix: "a" });
        change("a");
        let resume = listener.last;
        const heard: string[] = [];
        const stop = () => {
          if (listener === undefined) return;
          heard.push(...listener.texts);
          resume = listener.last || resume;
          listener.close();
          listener = undefined;
        };
        for (const [i, step] of steps.entries()) {
          if (step === "watch") listener ??= new Listener().watch({ prefix: "a", resume });
          else if (step === "stop") stop();
          else change(`${step}${i}`);
        }
        stop();
        listener = new Listener().watch({ prefix: "a", resume });
        stop();
        expect(heard).toEqual(witness.texts);
        expect(new Set(heard).size).toBe(heard.length);
      }),
    );
  });

  it("is reset when its token is of another life, from the future, or no token", () => {
    const first = new Listener().watch();
    change("a");
    const [, number] = first.last.split(".");
    for (const resume of [`other.${number}`, "life.zzzz", "life.", "", "life", "..."]) {
      expect([resume, new Listener().watch({ resume }).texts]).toEqual([resume, ["reset"]]);
    }
  });

  it("is reset when it was away too long, and follows on from there", () => {
    const first = new Listener().watch();
    change("a");
    const resume = first.last;
    for (let i = 0; i < KEPT_MAX; i++) change("b");
    const late = new Listener().watch({ resume });
    expect(late.texts).toEqual(["reset"]);
    change("c");
    expect(late.texts).toEqual(["reset", "c"]);
    expect(new Listener().watch({ resume: late.last }).texts).toEqual([]);
  });

  it("finds what changed while nobody watched, up to a while", () => {
    const first = new Listener().watch();
    change("a");
    const resume = first.last;
    changes.tick(NOW);
    first.close();
    change("b", NOW + LINGER_MS - 1);
    expect(new Listener().watch({ resume }, NOW + LINGER_MS - 1).texts).toEqual(["b"]);
  });

  it("is reset when a change was not kept because nobody had watched for long", () => {
    const first = new Listener().watch();
    change("a");
    const resume = first.last;
    changes.tick(NOW);
    first.close();
    change("b", NOW + LINGER_MS);
    expect(new Listener().watch({ resume }, NOW + LINGER_MS).texts).toEqual(["reset"]);
  });

  it("loses nothing when there was nothing to lose, however long it was away", () => {
    const first = new Listener().watch();
    change("a");
    const resume = first.last;
    changes.tick(NOW);
    first.close();
    const late = new Listener().watch({ resume }, NOW + 10 * LINGER_MS);
    expect(late.texts).toEqual([]);
    change("b", NOW + 10 * LINGER_MS);
    expect(late.texts).toEqual(["b"]);
  });
});

describe("what is kept", () => {
  it("is bounded in bytes", () => {
    new Listener().watch();
    const entry = { value: new Uint8Array(1024 * 1024), version: "v" };
    const first = new Listener().watch();
    changes.record({ type: "put", key: "a" as Key, entry });
    const resume = first.last;
    for (let i = 0; i < 40; i++) changes.record({ type: "put", key: "b" as Key, entry });
    expect(new Listener().watch({ resume }).texts).toEqual(["reset"]);
  });
});

describe("a reset", () => {
  it("reaches all who watch, and makes earlier tokens worthless", () => {
    const listener = new Listener().watch();
    change("a");
    const resume = listener.last;
    changes.reset();
    change("b");
    expect(listener.texts).toEqual(["a", "reset", "b"]);
    expect(new Listener().watch({ resume }).texts).toEqual(["reset"]);
    const after = listener.events[1]?.resume ?? "";
    expect(new Listener().watch({ resume: after }).texts).toEqual(["b"]);
  });
});
