/**
 * Users of the tests of Yjs, each connected to one of three replicas: through the connection that a door makes for a
 * client, over virtual replicas. A message stays under way until the test picks it: those of one connection arrive in
 * order, all others in any. Between replicas frames arrive in an order of chance, and pushes may be lost.
 */

import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";
import * as prng from "lib0/prng";
import type { WebSocket } from "ws";
import { readSyncMessage, writeSyncStep1 } from "y-protocols/sync";
import { compare, type TestConnector, TestYInstance } from "yjs/testHelper";
import type { Key } from "../../src/base/ids.ts";
import { createLimits } from "../../src/doors/limits.ts";
import { silentLog } from "../../src/doors/log.ts";
import { DoorMetrics } from "../../src/doors/metrics.ts";
import { closeCodeOf } from "../../src/doors/yjs/close-code.ts";
import { YjsConnection } from "../../src/doors/yjs/connection.ts";
import { DoorSocket } from "../support/door-socket.ts";
import { LiveMachines } from "../support/live-machines.ts";
import { Machines } from "../support/machines.ts";

const KEY = "doc" as Key;
const NAMES = ["a", "b", "c"] as const;
const SYNC = 0;
/** Time in which replicas that are linked become equal, and no document that is used is let go. */
const SETTLE_MS = 20_000;
/** Longer than any run: whoever is cut off for longer begins anew, and gives up what is older. */
const RETENTION_MS = 24 * 3_600_000;

/** Where the connector of Yjs' tests stands for a user: the only other that is online is the door. */
class DoorLink {
  readonly allConns = new Set<unknown>();
  readonly onlineConns = new Set<unknown>();
  readonly world: StockWorld;
  readonly #door = { _receive: (message: Uint8Array) => void this.#outgoing.push(message) };
  #outgoing: Uint8Array[] = [];
  #socket: DoorSocket | undefined;
  #user: TestYInstance | undefined;

  constructor(world: StockWorld) {
    this.world = world;
  }

  get isOnline(): boolean {
    return this.#socket !== undefined;
  }

  get isBusy(): boolean {
    return this.#canSend || (this.#socket?.waiting ?? 0) > 0;
  }

  flushAllMessages(): boolean {
    return this.world.flushAll();
  }

  connect(user: TestYInstance): void {
    if (this.isOnline) return;
    const socket = this.world.dial();
    this.#user = user;
    this.#socket = socket;
    socket.once("close", () => this.#closed());
    this.onlineConns.add(user).add(this.#door);
    const ask = encoding.createEncoder();
    writeSyncStep1(ask, user);
    this.#outgoing.push(encoding.toUint8Array(ask));
  }

  disconnect(): void {
    this.#socket?.break();
  }

  /** Lets one message arrive, at either end. Returns whether it was one of the document. */
  deliverOne(random: prng.PRNG): boolean {
    const socket = this.#socket;
    if (socket === undefined) return false;
    const isOut = this.#canSend && (socket.waiting === 0 || prng.bool(random));
    if (isOut) return this.#deliverOut(socket);
    const message = socket.take();
    return message !== undefined && this.#deliverIn(message);
  }

  get #canSend(): boolean {
    return this.#outgoing.length > 0 && this.#socket?.isPaused === false;
  }

  #deliverOut(socket: DoorSocket): boolean {
    const message = this.#outgoing.shift() ?? new Uint8Array();
    socket.emit("message", Buffer.from([SYNC, ...message]), true);
    return true;
  }

  #deliverIn(message: Uint8Array): boolean {
    const decoder = decoding.createDecoder(message);
    if (decoding.readVarUint(decoder) !== SYNC || this.#user === undefined) return false;
    const reply = encoding.createEncoder();
    readSyncMessage(decoder, reply, this.#user, this);
    if (encoding.length(reply) > 0) this.#outgoing.push(encoding.toUint8Array(reply));
    return true;
  }

  #closed(): void {
    this.#socket = undefined;
    this.#outgoing = [];
    this.onlineConns.clear();
  }
}

/** The constructor of Yjs connects at once: all that is needed for that is in the link. */
class StockUser extends TestYInstance {
  override connect(): void {
    linkOf(this).connect(this);
  }

  override disconnect(): void {
    linkOf(this).disconnect();
  }
}

function linkOf(user: TestYInstance): DoorLink {
  return user.tc as unknown as DoorLink;
}

export class StockWorld {
  readonly users: TestYInstance[] = [];
  /** Codes with which doors closed connections, but for those of a replica that stopped. */
  readonly refusals: number[] = [];
  readonly #random: prng.PRNG;
  readonly #machines: Machines;
  readonly #live: LiveMachines;
  readonly #metrics = new DoorMetrics([], { processMetrics: false });
  /** Where the next user connects, if that is not left to chance. */
  #next: string | undefined;

  static async started(seed: number, random: prng.PRNG): Promise<StockWorld> {
    return new StockWorld(random, await Machines.started([...NAMES], seed, { retentionMs: RETENTION_MS }));
  }

  private constructor(random: prng.PRNG, machines: Machines) {
    this.#random = random;
    this.#machines = machines;
    machines.drop = () => prng.int32(random, 0, 1) === 0;
    this.#live = new LiveMachines(machines, NAMES, { unusedMs: 3_000 });
  }

  createUser(clientId: number): void {
    const user = new StockUser(new DoorLink(this) as unknown as TestConnector, clientId);
    user.clientID = clientId;
    this.users.push(user);
  }

  /** The far end of a connection to some replica. */
  dial(): DoorSocket {
    const socket = new DoorSocket();
    const name = this.#next ?? prng.oneOf(this.#random, [...NAMES]);
    const documents = this.#live.hub(name);
    const goodbye = closeCodeOf("SHUTTING_DOWN");
    socket.once("close", (code) => code !== 0 && code !== goodbye && this.refusals.push(code));
    const common = { limits: createLimits(), metrics: this.#metrics, log: silentLog, canWrite: true };
    const options = { ...common, socket: socket as unknown as WebSocket, documents, open: documents.open(KEY) };
    new YjsConnection(options, () => {});
    return socket;
  }

  disconnectRandom(): void {
    const online = this.users.filter((user) => linkOf(user).isOnline);
    if (online.length > 0) prng.oneOf(this.#random, online).disconnect();
  }

  reconnectRandom(): void {
    const away = this.users.filter((user) => !linkOf(user).isOnline);
    if (away.length > 0) prng.oneOf(this.#random, away).connect();
  }

  /** One replica alone, or all together. */
  cutOrHeal(): void {
    this.#machines.heal();
    if (prng.bool(this.#random)) return;
    const alone = prng.oneOf(this.#random, [...NAMES]);
    const others = NAMES.filter((name) => name !== alone);
    this.#machines.cut([alone], others);
  }

  /** Time for replicas, not for users. */
  pass(ms: number): void {
    this.#live.run(ms, 50);
  }

  /** Kills a replica, with what its disk has not taken, and starts it again. Its users are away. */
  async restartRandom(): Promise<void> {
    await this.#live.restart(prng.oneOf(this.#random, [...NAMES]));
  }

  /** The disk of one holds back from now on, or those that do go on. */
  holdDisks(): void {
    for (const name of NAMES) this.#machines.machine(name).diskWorks = true;
    this.#machines.machine(prng.oneOf(this.#random, [...NAMES])).diskWorks = prng.bool(this.#random);
  }

  flushRandom(): boolean {
    const busy = this.users.map(linkOf).filter((link) => link.isBusy);
    return busy.length > 0 && prng.oneOf(this.#random, busy).deliverOne(this.#random);
  }

  /** Lets all arrive, at users and replicas. Returns whether anything did that is of the document. */
  flushAll(): boolean {
    let isNew = false;
    const deliver = () => {
      while (this.users.some((user) => linkOf(user).isBusy)) isNew = this.flushRandom() || isNew;
    };
    for (let passed = 0; passed < SETTLE_MS; passed += 1_000) {
      deliver();
      this.pass(1_000);
    }
    deliver();
    return isNew;
  }

  /** Heals everything; then all must be equal, and those who come anew to each of the replicas must be like them. */
  compare(): void {
    this.#machines.heal();
    this.#machines.drop = () => false;
    for (const name of NAMES) this.#machines.machine(name).diskWorks = true;
    for (const user of this.users) user.connect();
    this.flushAll();
    for (const name of NAMES) {
      this.#next = name;
      this.createUser(1_000 + this.users.length);
    }
    compare(this.users);
    this.#close();
  }

  #close(): void {
    for (const user of this.users) if (user instanceof StockUser) user.disconnect();
    for (const name of NAMES) this.#live.hub(name).close();
  }
}
