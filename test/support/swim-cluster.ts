/**
 * Members by themselves, hundreds of them, in virtual time: what watches over a cluster, without anything that it holds.
 * Links are as TCP makes them: in order, and a lost segment comes late. Every message is encoded, to be counted.
 */

import type { ReplicaId } from "../../src/base/ids.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { type Member, Members } from "../../src/cluster/members.ts";
import { Membership } from "../../src/cluster/membership.ts";
import type { MembershipHost } from "../../src/cluster/membership-host.ts";
import { isOfMembership } from "../../src/cluster/membership-message.ts";
import { type SwimSettings, swimDefaults } from "../../src/cluster/swim/settings.ts";
import { replicaNumber } from "../../src/core/origin.ts";
import { encodeMessage } from "../../src/wire/codec.ts";
import type { MemberState, Message } from "../../src/wire/message.ts";
import { facts } from "./surroundings.ts";

export interface SwimClusterOptions {
  readonly size: number;
  readonly seed: string;
  /** One way. */
  readonly latencyMs?: number;
  /** Probability that a segment is lost, and sent again after 200 ms, 400 ms, ... */
  readonly loss?: number;
  readonly settings?: Partial<SwimSettings>;
  readonly retentionMs?: number;
  /** All hold something together: everybody is linked with everybody. Unless told, nobody is. */
  readonly arePartners?: boolean;
  /** Members that know nobody at the beginning, and meet the first one. */
  readonly strangers?: number;
}

/** Something that a member said it saw. */
export interface Sighting {
  readonly at: number;
  readonly by: number;
  readonly of: number;
  readonly state: MemberState;
}

interface SwimNode {
  readonly index: number;
  readonly id: ReplicaId;
  members: Members;
  membership: Membership;
  life: number;
  isUp: boolean;
  pausedUntil: number;
  /** Sent over links. */
  bytes: number;
  frames: number;
  readonly links: Set<ReplicaId>;
}

interface Delivery {
  readonly from: SwimNode;
  readonly to: SwimNode;
  readonly message: Message;
  /** Of both ends when it was sent: a link does not outlive them. */
  readonly lives: string;
}

const STEP_MS = 10;
const TICK_MS = 50;
const HOUSEKEEPING_MS = 1000;
const DIAL_MS = 1000;
const RETRANSMISSION_MS = 200;
/** A link over which nothing comes goes down. */
const HEARTBEAT_TIMEOUT_MS = 10_000;

export class SwimCluster {
  now = 1_800_000_000_000;
  readonly nodes: SwimNode[] = [];
  readonly sightings: Sighting[] = [];
  /** Told of each message before it is counted; may change it. */
  forge: (from: number, to: number, message: Message) => Message = (_from, _to, message) => message;
  readonly #options: SwimClusterOptions;
  readonly #random: SeededRandom;
  readonly #nodesById = new Map<ReplicaId, SwimNode>();
  readonly #deliveries = new Map<number, Delivery[]>();
  readonly #lastArrivals = new Map<string, number>();
  readonly #later: { readonly at: number; readonly run: () => void }[] = [];
  /** Directions in which nothing arrives, as 'from to'. */
  readonly #cut = new Set<string>();

  constructor(options: SwimClusterOptions) {
    this.#options = options;
    this.#random = new SeededRandom(options.seed);
    const strangers = options.strangers ?? 0;
    const rows = Array.from({ length: options.size }, (_, index) => this.#rowOf(index, 1));
    for (const index of rows.keys()) {
      const isStranger = index >= options.size - strangers;
      const known = isStranger ? rows.slice(0, 1) : rows.slice(0, options.size - strangers);
      const node = this.#start(index, 1, known);
      this.nodes.push(node);
      this.#nodesById.set(node.id, node);
    }
    this.#dial();
  }

  node(index: number): SwimNode {
    const node = this.nodes[index];
    if (node === undefined) throw new Error(`no member ${index}`);
    return node;
  }

  /** How one member stands as another sees it; undefined: unknown to it, or it has left. */
  stateOf(observer: number, subject: number): MemberState | undefined {
    const { members, membership } = this.node(observer);
    const { id } = this.node(subject);
    const member = members.get(id);
    return member === undefined || member.left ? undefined : membership.stateOf(id);
  }

  /** True when each of these sees each other one of these in this state. */
  allSee(state: MemberState, observers: readonly number[], subjects: readonly number[]): boolean {
    return observers.every((by) => subjects.every((of) => of === by || this.stateOf(by, of) === state));
  }

  get running(): number[] {
    return this.nodes.filter(({ isUp }) => isUp).map(({ index }) => index);
  }

  get bytes(): number {
    return this.nodes.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  // --- Faults --------------------------------------------------------------------------------------------------

  /** Ends a process. Unless its links break with it, nobody is told. */
  kill(index: number, { isSilent = false } = {}): void {
    const node = this.node(index);
    node.isUp = false;
    for (const peer of [...node.links]) {
      const other = this.#nodesById.get(peer) as SwimNode;
      if (isSilent) this.#after(HEARTBEAT_TIMEOUT_MS, () => this.#unlink(node, other));
      else this.#unlink(node, other);
    }
  }

  /** Starts it again, on what it knew, with another life. */
  restart(index: number): void {
    const old = this.node(index);
    const known = old.members.all().filter(({ id }) => id !== old.id);
    const node = this.#start(index, old.life + 1, known);
    this.nodes[index] = node;
    this.#nodesById.set(node.id, node);
  }

  /** Says that it goes, and goes. */
  leave(index: number, forGood: boolean): void {
    const node = this.node(index);
    node.membership.leave(forGood);
    for (const peer of node.links) this.#send(node, peer, { type: "leave", forGood });
    this.#after(1000, () => this.kill(index));
  }

  pause(index: number, forMs: number): void {
    this.node(index).pausedUntil = this.now + forMs;
  }

  /** Nothing arrives from these at those. Links of which both directions are cut go down after a while. */
  cutOff(from: readonly number[], to: readonly number[]): void {
    for (const a of from) for (const b of to) this.#cut.add(`${a} ${b}`);
    this.#after(HEARTBEAT_TIMEOUT_MS, () => {
      for (const [a, b] of from.flatMap((a) => to.map((b) => [this.node(a), this.node(b)] as const))) {
        if (this.#isCut(a, b) && this.#isCut(b, a)) this.#unlink(a, b);
      }
    });
  }

  cutInTwo(some: readonly number[]): void {
    const others = this.nodes.map(({ index }) => index).filter((index) => !some.includes(index));
    this.cutOff(some, others);
    this.cutOff(others, some);
  }

  heal(): void {
    this.#cut.clear();
  }

  /** Breaks a link, which is dialled again. */
  breakLink(a: number, b: number): void {
    this.#unlink(this.node(a), this.node(b));
  }

  /** Hands a member a message as if a peer of its had sent it. */
  say(from: number, to: number, message: Message): void {
    this.#receive({ from: this.node(from), to: this.node(to), message, lives: "" });
  }

  // --- Time ----------------------------------------------------------------------------------------------------

  run(ms: number): void {
    for (const end = this.now + ms; this.now < end; ) {
      this.now += STEP_MS;
      this.#step();
    }
  }

  /** Runs until something is so, at most so long; returns the time that it took, or undefined. */
  runUntil(isSo: () => boolean, ms: number): number | undefined {
    const start = this.now;
    while (this.now - start < ms) {
      if (isSo()) return this.now - start;
      this.run(STEP_MS * 5);
    }
    return isSo() ? ms : undefined;
  }

  #step(): void {
    for (let i = this.#later.length - 1; i >= 0; i--) {
      const due = this.#later[i];
      if (due === undefined || due.at > this.now) continue;
      this.#later.splice(i, 1);
      due.run();
    }
    for (const node of this.nodes) if (this.#isDue(node, TICK_MS)) this.#tick(node);
    const arrived = this.#deliveries.get(this.now) ?? [];
    this.#deliveries.delete(this.now);
    for (const delivery of arrived) this.#deliver(delivery);
    if (this.now % DIAL_MS === 0) this.#dial();
  }

  #isDue(node: SwimNode, everyMs: number): boolean {
    const phase = (node.index * STEP_MS) % everyMs;
    return node.isUp && node.pausedUntil <= this.now && this.now % everyMs === phase;
  }

  #tick(node: SwimNode): void {
    node.membership.tick(this.now);
    if (this.#isDue(node, HOUSEKEEPING_MS)) node.membership.keepHouse(this.now);
  }

  #deliver(delivery: Delivery): void {
    const { from, to, lives } = delivery;
    if (lives !== livesOf(from, to) || !to.isUp || !to.links.has(from.id) || this.#isCut(from, to)) return;
    if (to.pausedUntil > this.now) this.#deliverAt(to.pausedUntil + TICK_MS, delivery);
    else this.#receive(delivery);
  }

  #receive({ from, to, message }: Delivery): void {
    if (message.type === "leave") to.membership.receiveLeave(from.id, message);
    else if (isOfMembership(message)) to.membership.receive(from.id, message, this.now);
  }

  #deliverAt(at: number, delivery: Delivery): void {
    const due = Math.max(this.now + STEP_MS, Math.ceil(at / STEP_MS) * STEP_MS);
    const there = this.#deliveries.get(due);
    if (there === undefined) this.#deliveries.set(due, [delivery]);
    else there.push(delivery);
  }

  #after(ms: number, run: () => void): void {
    this.#later.push({ at: this.now + ms, run });
  }

  // --- Links ---------------------------------------------------------------------------------------------------

  #dial(): void {
    for (const node of this.nodes) {
      if (!node.isUp || node.pausedUntil > this.now) continue;
      for (const id of node.membership.neighbours()) this.#link(node, this.#nodesById.get(id));
    }
  }

  #link(a: SwimNode, b: SwimNode | undefined): void {
    if (b === undefined || !b.isUp || b.pausedUntil > this.now || a.links.has(b.id)) return;
    if (this.#isCut(a, b) || this.#isCut(b, a)) return;
    a.links.add(b.id);
    b.links.add(a.id);
    a.membership.linkUp(introduction(b), this.now);
    b.membership.linkUp(introduction(a), this.now);
  }

  #unlink(a: SwimNode, b: SwimNode): void {
    const wasLinked = a.links.delete(b.id);
    b.links.delete(a.id);
    if (!wasLinked) return;
    if (a.isUp) a.membership.linkDown(b.id);
    if (b.isUp) b.membership.linkDown(a.id);
  }

  #isCut(from: SwimNode, to: SwimNode): boolean {
    return this.#cut.has(`${from.index} ${to.index}`);
  }

  #send(from: SwimNode, to: ReplicaId, message: Message): void {
    const peer = this.#nodesById.get(to);
    if (peer === undefined || !from.links.has(to)) return;
    const sent = this.forge(from.index, peer.index, message);
    from.bytes += encodeMessage(sent).length;
    from.frames++;
    const path = `${from.index} ${peer.index}`;
    const arrival = Math.max(this.#lastArrivals.get(path) ?? 0, this.now + this.#delayMs());
    this.#lastArrivals.set(path, arrival);
    this.#deliverAt(arrival, { from, to: peer, message: sent, lives: livesOf(from, peer) });
  }

  #delayMs(): number {
    const { latencyMs = 5, loss = 0 } = this.#options;
    let delayMs = latencyMs;
    for (let again = RETRANSMISSION_MS; loss > 0 && this.#random.chance(loss); again *= 2) delayMs += again;
    return delayMs;
  }

  // --- Members -------------------------------------------------------------------------------------------------

  #rowOf(index: number, life: number): Member {
    const id = `m${index}` as ReplicaId;
    const known = facts(id, {
      life,
      rootLife: 1,
      region: `region-${index % 5}`,
      address: `10.0.${index >> 8}.${index}:7400`,
    });
    return { ...known, number: replicaNumber(id), epochNow: 0, lineage: [] };
  }

  #start(index: number, life: number, known: readonly Member[]): SwimNode {
    const row = this.#rowOf(index, life);
    const members = new Members(row);
    for (const member of known) members.load(member, this.now);
    const links = new Set<ReplicaId>();
    const node = { index, id: row.id, members, life, isUp: true, pausedUntil: 0, bytes: 0, frames: 0, links };
    const random = this.#random.fork(`${index} ${life}`);
    const { settings, retentionMs = 3_600_000 } = this.#options;
    const limits = { retentionMs, displaceMs: retentionMs, swim: { ...swimDefaults, ...settings } };
    // The host looks its node up while the membership that completes it is being made.
    return Object.assign(node, {
      membership: new Membership(members, this.#hostOf(node), limits, random),
    });
  }

  #hostOf(node: Omit<SwimNode, "membership">): MembershipHost {
    const nodesById = this.#nodesById;
    return {
      get life() {
        return node.life;
      },
      birth: 7,
      rootLife: 1,
      lineage: [],
      startEpoch: 0,
      quarantines: 0,
      lifeDurable: true,
      isLinked: (id) => node.links.has(id),
      links: () => node.links,
      isPartner: () => this.#options.arePartners === true,
      send: (to, message) => this.#send(node as SwimNode, to, message),
      log: (_level, event, fields) => {
        const of = nodesById.get(fields.member as ReplicaId)?.index;
        const state = /^member-(alive|suspect|dead)$/.exec(event)?.[1] as MemberState | undefined;
        if (of !== undefined && state !== undefined) this.sightings.push({ at: this.now, by: node.index, of, state });
      },
      learnt: () => {},
      replanned: () => {},
      livesAnew: () => {},
      gaveUp: () => {},
      quarantine: () => {},
      countOnFrom: () => {},
    };
  }
}

function introduction({ members, id, life }: SwimNode) {
  const { region, address } = members.get(id) as Member;
  return { id, life, region, address };
}

function livesOf(from: SwimNode, to: SwimNode): string {
  return `${from.life} ${to.life}`;
}
