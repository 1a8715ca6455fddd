import * as decoding from "lib0/decoding";
import { afterEach, describe, expect, it } from "vitest";
import { Awareness, applyAwarenessUpdate, encodeAwarenessUpdate, removeAwarenessStates } from "y-protocols/awareness";
import * as Y from "yjs";
import { AtollError } from "../../src/base/errors.ts";
import type { ReplicaId } from "../../src/base/ids.ts";
import { type AwarenessMember, AwarenessRelay } from "../../src/documents/awareness-relay.ts";
import { CLOCK_MAX, documentLimits } from "../../src/documents/document-limits.ts";
import { bytesOf, text, uint } from "./update-bytes.ts";

const awarenesses: Awareness[] = [];

afterEach(() => {
  for (const awareness of awarenesses.splice(0)) awareness.destroy();
});

/** A client with the awareness of y-protocols, at a relay. */
class Client implements AwarenessMember {
  readonly awareness = new Awareness(new Y.Doc());
  readonly heardUpdates: Uint8Array[] = [];

  constructor(name?: string) {
    awarenesses.push(this.awareness);
    this.awareness.setLocalState(name === undefined ? null : { name });
  }

  get id(): number {
    return this.awareness.clientID;
  }

  get told(): Uint8Array {
    return encodeAwarenessUpdate(this.awareness, [this.id]);
  }

  /** The names that it sees. */
  get names(): readonly string[] {
    return [...this.awareness.getStates().values()].map((state) => String(state.name)).sort();
  }

  heard(update: Uint8Array): void {
    this.heardUpdates.push(update);
    applyAwarenessUpdate(this.awareness, update, "relay");
  }

  /** Joins, hears who is there and tells of itself, as the stock client does. */
  join(relay: AwarenessRelay, now: number): this {
    const all = relay.join(this, now);
    if (all !== undefined) this.heard(all);
    if (this.awareness.getLocalState() !== null) relay.receive(this, this.told, now);
    return this;
  }
}

interface Site {
  readonly id: ReplicaId;
  readonly relay: AwarenessRelay;
  now: number;
}

/** Relays of several replicas, whose whispers arrive at once unless their link is cut. */
class Sites {
  readonly sites = new Map<ReplicaId, Site>();
  readonly whispers: { readonly from: string; readonly to: string; readonly kind: number; readonly bytes: number }[] =
    [];
  readonly cut = new Set<string>();
  now = 1_000_000;

  constructor(...names: readonly string[]) {
    for (const name of names) {
      const id = name as ReplicaId;
      const whisper = (message: Uint8Array, to?: ReplicaId) => this.#whisper(id, message, to);
      this.sites.set(id, { id, relay: new AwarenessRelay({ limits: documentLimits, whisper }), now: this.now });
    }
  }

  at(name: string): AwarenessRelay {
    return this.sites.get(name as ReplicaId)?.relay as AwarenessRelay;
  }

  tick(ms: number): void {
    this.now += ms;
    for (const { relay } of this.sites.values()) relay.tick(this.now);
  }

  #whisper(from: ReplicaId, message: Uint8Array, to?: ReplicaId): void {
    for (const { id, relay } of this.sites.values()) {
      if (id === from || (to !== undefined && to !== id)) continue;
      if (this.cut.has(id) || this.cut.has(from)) continue;
      this.whispers.push({ from, to: id, kind: message[0] ?? -1, bytes: message.length });
      relay.heard(from, message, this.now);
    }
  }
}

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof AtollError) return error.code;
    throw error;
  }
  return "";
}

/** An update that tells of these clients, made by hand. */
function update(...clients: readonly (readonly [client: number, clock: number, state: string])[]): Uint8Array {
  const awareness = new Awareness(new Y.Doc());
  awarenesses.push(awareness);
  const states = new Map<number, Record<string, unknown>>();
  for (const [client, clock, state] of clients) {
    awareness.meta.set(client, { clock, lastUpdated: 0 });
    if (state !== "null") states.set(client, JSON.parse(state));
  }
  return encodeAwarenessUpdate(
    awareness,
    clients.map(([client]) => client),
    states,
  );
}

describe("presence at one replica", () => {
  it("is told to the others and not to the one that tells, as the bytes that came", () => {
    const { now, ...sites } = new Sites("a");
    const relay = sites.sites.get("a" as ReplicaId)?.relay as AwarenessRelay;
    const [ada, bo] = [new Client("Ada").join(relay, now), new Client("Bo").join(relay, now)];
    expect([ada.names, bo.names]).toEqual([
      ["Ada", "Bo"],
      ["Ada", "Bo"],
    ]);
    const { told } = ada;
    ada.heardUpdates.length = 0;
    ada.awareness.setLocalState({ name: "Eve" });
    relay.receive(ada, ada.told, now);
    expect(bo.names).toEqual(["Bo", "Eve"]);
    expect(bo.heardUpdates.at(-1)).toEqual(ada.told);
    expect([ada.heardUpdates, told.length > 0]).toEqual([[], true]);
  });

  it("goes with the connection that told of it, and not with one that echoes it", () => {
    const sites = new Sites("a");
    const [ada, bo, cy] = ["Ada", "Bo", "Cy"].map((name) => new Client(name).join(sites.at("a"), sites.now)) as [
      Client,
      Client,
      Client,
    ];
    const echo = encodeAwarenessUpdate(bo.awareness, [ada.id]);
    sites.at("a").receive(bo, echo, sites.now);
    sites.at("a").leave(bo, sites.now);
    expect(cy.names).toEqual(["Ada", "Cy"]);
    sites.at("a").leave(ada, sites.now);
    expect(cy.names).toEqual(["Cy"]);
    sites.at("a").receive(cy, echo, sites.now);
    expect(new Client().join(sites.at("a"), sites.now).names).toEqual(["Cy"]);
  });

  it("is not ended by somebody else who says that it has", () => {
    const sites = new Sites("a");
    const [ada, bo] = [
      new Client("Ada").join(sites.at("a"), sites.now),
      new Client("Bo").join(sites.at("a"), sites.now),
    ];
    removeAwarenessStates(bo.awareness, [ada.id], "timeout");
    sites.at("a").receive(bo, encodeAwarenessUpdate(bo.awareness, [ada.id]), sites.now);
    expect(new Client().join(sites.at("a"), sites.now).names).toEqual(["Ada", "Bo"]);
  });

  it("ends after 30 s without news, and not before", () => {
    const sites = new Sites("a");
    const [, bo] = [new Client("Ada").join(sites.at("a"), sites.now), new Client("Bo").join(sites.at("a"), sites.now)];
    sites.tick(20_000);
    bo.awareness.setLocalState(bo.awareness.getLocalState());
    sites.at("a").receive(bo, bo.told, sites.now);
    sites.tick(9_999);
    expect(new Client().join(sites.at("a"), sites.now).names).toEqual(["Ada", "Bo"]);
    sites.tick(1);
    expect(bo.names).toEqual(["Bo"]);
    expect(new Client().join(sites.at("a"), sites.now).names).toEqual(["Bo"]);
  });

  it("goes over to the connection that tells of a greater clock", () => {
    const sites = new Sites("a");
    const ada = new Client("Ada").join(sites.at("a"), sites.now);
    const again = new Client("-").join(sites.at("a"), sites.now);
    sites.at("a").receive(again, update([ada.id, 50, '{"name":"Ada 2"}']), sites.now);
    sites.at("a").leave(ada, sites.now);
    expect(new Client().join(sites.at("a"), sites.now).names).toEqual(["-", "Ada 2"]);
  });
});

describe("presence at several replicas", () => {
  it("is told to those that have clients of the document, and to nobody else", () => {
    const sites = new Sites("a", "b", "c");
    const ada = new Client("Ada").join(sites.at("a"), sites.now);
    const bo = new Client("Bo").join(sites.at("b"), sites.now);
    expect([ada.names, bo.names]).toEqual([
      ["Ada", "Bo"],
      ["Ada", "Bo"],
    ]);
    sites.whispers.length = 0;
    ada.awareness.setLocalState({ name: "Eve" });
    const { told } = ada;
    sites.at("a").receive(ada, told, sites.now);
    expect(bo.names).toEqual(["Bo", "Eve"]);
    expect(sites.whispers).toEqual([{ from: "a", to: "b", kind: 3, bytes: told.length + 1 }]);
  });

  it("goes with the client, and no more is whispered to where the last has left", () => {
    const sites = new Sites("a", "b");
    const ada = new Client("Ada").join(sites.at("a"), sites.now);
    const bo = new Client("Bo").join(sites.at("b"), sites.now);
    sites.at("a").leave(ada, sites.now);
    expect(bo.names).toEqual(["Bo"]);
    expect([...sites.at("b").peers]).toEqual([]);
    sites.whispers.length = 0;
    sites.at("b").receive(bo, update([bo.id, 9, '{"name":"Bob"}']), sites.now);
    expect(sites.whispers).toEqual([]);
  });

  it("goes with the link to its replica, and is there again with it", () => {
    const sites = new Sites("a", "b");
    const ada = new Client("Ada").join(sites.at("a"), sites.now);
    const bo = new Client("Bo").join(sites.at("b"), sites.now);
    sites.cut.add("b");
    sites.at("a").peerGone("b" as ReplicaId, sites.now);
    sites.at("b").peerGone("a" as ReplicaId, sites.now);
    expect([ada.names, bo.names]).toEqual([["Ada"], ["Bo"]]);
    sites.cut.clear();
    sites.at("a").peerHere("b" as ReplicaId);
    sites.at("b").peerHere("a" as ReplicaId);
    for (const client of [ada, bo]) client.awareness.setLocalState(client.awareness.getLocalState());
    sites.at("a").receive(ada, ada.told, sites.now);
    sites.at("b").receive(bo, bo.told, sites.now);
    expect([ada.names, bo.names]).toEqual([
      ["Ada", "Bo"],
      ["Ada", "Bo"],
    ]);
  });

  it("is made good within 15 s where whispers were lost", () => {
    const sites = new Sites("a", "b");
    sites.cut.add("b");
    const ada = new Client("Ada").join(sites.at("a"), sites.now);
    const bo = new Client("Bo").join(sites.at("b"), sites.now);
    sites.cut.clear();
    sites.tick(14_999);
    expect([ada.names, bo.names]).toEqual([["Ada"], ["Bo"]]);
    sites.tick(1);
    expect([ada.names, bo.names]).toEqual([
      ["Ada", "Bo"],
      ["Ada", "Bo"],
    ]);
  });

  it("whispers to one that has no clients any more are answered so", () => {
    const sites = new Sites("a", "b");
    new Client("Ada").join(sites.at("a"), sites.now);
    const bo = new Client("Bo").join(sites.at("b"), sites.now);
    sites.cut.add("a");
    sites.at("b").leave(bo, sites.now);
    sites.cut.clear();
    expect([...sites.at("a").peers]).toEqual(["b"]);
    const cy = new Client("Cy").join(sites.at("a"), sites.now);
    expect([...sites.at("a").peers]).toEqual([]);
    expect(cy.names).toEqual(["Ada", "Cy"]);
  });
});

describe("floods of presence", () => {
  it("end at a count of clients of one connection; echoes do not count", () => {
    const sites = new Sites("a");
    const [ada, bo] = [new Client(), new Client()];
    for (const each of [ada, bo]) each.join(sites.at("a"), sites.now);
    const most = documentLimits.awarenessClientsPerConnectionMax;
    const told = (count: number) => Array.from({ length: count }, (_, i) => [i + 1, 1, "{}"] as const);
    sites.at("a").receive(ada, update(...told(most)), sites.now);
    sites.at("a").receive(bo, update(...told(most)), sites.now);
    sites.at("a").receive(bo, update([100, 1, "{}"]), sites.now);
    expect(codeOf(() => sites.at("a").receive(ada, update([101, 1, "{}"]), sites.now))).toBe("AWARENESS_FLOOD");
  });

  it("end at a count of news in a second", () => {
    const sites = new Sites("a");
    const ada = new Client().join(sites.at("a"), sites.now);
    const most = documentLimits.awarenessNewsPerSecondMax;
    for (let clock = 1; clock <= most; clock++) sites.at("a").receive(ada, update([1, clock, "{}"]), sites.now);
    sites.at("a").receive(ada, update([1, most, "{}"]), sites.now);
    expect(codeOf(() => sites.at("a").receive(ada, update([1, most + 1, "{}"]), sites.now))).toBe("AWARENESS_FLOOD");
    expect(codeOf(() => sites.at("a").receive(ada, update([1, most + 2, "{}"]), sites.now + 1_000))).toBe("");
  });

  it("cost nobody the connection who only goes on from, or sends back, what another told", () => {
    const relay = new Sites("a").at("a");
    const victim = new Client("v").join(relay, 0);
    const other = new Client().join(relay, 0);
    const numbers = `{"a":[${Array(3000).fill("9e19").join()}]}`;
    // By hand: whoever encodes it from values writes these numbers at length, and so would the victim each 15 s.
    const forged = bytesOf(uint(1), uint(victim.id), uint(50), text(numbers));
    expect(codeOf(() => relay.receive(other, forged, 0))).toBe("AWARENESS_TOO_LARGE");
    relay.receive(other, update([victim.id, CLOCK_MAX, "{}"], [7, 1, "{}"]), 0);
    relay.receive(victim, update([7, 1, numbers]), 0);
    victim.awareness.setLocalState({ name: "again" });
    relay.receive(victim, victim.told, 0);
  });

  it("are refused whole where they are no awareness updates", () => {
    const sites = new Sites("a");
    const ada = new Client().join(sites.at("a"), sites.now);
    expect(codeOf(() => sites.at("a").receive(ada, Uint8Array.of(200, 1), sites.now))).toBe("BAD_AWARENESS");
    expect(sites.at("a").all()).toBeUndefined();
  });

  it("end at a count of clients of a document, over all connections", () => {
    const sites = new Sites("a");
    const clients = documentLimits.awarenessClientsMax;
    let refused = 0;
    for (let i = 0; i <= clients; i++) {
      const member = { heard: () => {} };
      sites.at("a").join(member, sites.now);
      const code = codeOf(() => sites.at("a").receive(member, update([i + 1, 1, "{}"]), sites.now));
      if (code === "AWARENESS_TOO_LARGE") refused++;
    }
    expect(refused).toBe(1);
    expect(decoding.readVarUint(decoding.createDecoder(sites.at("a").all() as Uint8Array))).toBe(clients);
  });
});
