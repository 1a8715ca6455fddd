/** Carries out a schedule of faults in a world, and undoes whatever of it still holds when the healing begins. */

import { assertNever } from "../../src/base/assert.ts";
import type { Moment, World } from "../simulator/world.ts";
import { type Aim, describeFault, type Fault, type PathPair } from "./fault.ts";

type Of<Type extends Fault["type"]> = Extract<Fault, { readonly type: Type }>;

interface Armed {
  readonly aim: Aim;
  readonly node: number;
  readonly fire: () => void;
}

export class FaultApplier {
  readonly #world: World;
  /** How to end each fault that holds. */
  readonly #undo = new Set<() => void>();
  readonly #degradations = new Set<Of<"degrade">>();
  #armed: Armed[] = [];
  #isHealed = false;

  constructor(world: World, faults: readonly Fault[]) {
    this.#world = world;
    world.onMoment = (moment, node) => this.#onMoment(moment, node);
    for (const fault of faults) {
      // An old copy has to be made before it can be put back.
      if (fault.type === "disk-old-copy") this.#copyDisk(fault);
      else world.at(fault.at, () => this.#apply(fault));
    }
  }

  /** Ends every fault, starts every node, sets every clock right. */
  healAll(): void {
    this.#isHealed = true;
    this.#armed = [];
    for (const undo of [...this.#undo]) undo();
    for (const node of this.#world.nodes) {
      node.clock.repair();
      node.resume();
      node.start();
    }
  }

  #apply(fault: Exclude<Fault, Of<"disk-old-copy">>): void {
    if (this.#isHealed) return;
    const { trace, now, network } = this.#world;
    trace.record(now, "fault", -1, 0, 0, describeFault(fault));
    switch (fault.type) {
      case "cut":
        this.#cut(fault);
        break;
      case "degrade":
        this.#degrade(fault);
        break;
      case "break":
        network.breakLink(fault.nodes[0], fault.nodes[1], fault.lateMs);
        break;
      case "stall":
        network.stall(fault.path[0], fault.path[1], fault.forMs);
        break;
      case "late-copy":
        network.copyLate({
          from: fault.path[0],
          to: fault.path[1],
          lateMs: fault.lateMs,
          isOnlyCopy: fault.isOnlyCopy,
        });
        break;
      case "datagram":
        this.#datagram(fault);
        break;
      case "corrupt":
        this.#corrupt(fault);
        break;
      case "slow-consumer":
        this.#slowConsumer(fault);
        break;
      case "crash":
        this.#aim(fault.aim, fault.node, () => this.#crash(fault.node, fault.isPowerCut, fault.downMs));
        break;
      case "stop":
        this.#stop(fault);
        break;
      case "leave":
        this.#leave(fault);
        break;
      case "pause":
        this.#world.node(fault.node).pause(fault.forMs);
        break;
      case "clock-jump":
        this.#world.node(fault.node).clock.jump(fault.byMs);
        break;
      case "clock-drift":
        this.#drift(fault);
        break;
      case "clock-strobe":
        this.#strobe(fault);
        break;
      case "disk-slow":
        this.#slowDisk(fault);
        break;
      case "disk-full":
        this.#fillDisk(fault);
        break;
      case "disk-damage":
        this.#world.node(fault.node).disk.damage = fault.damage;
        this.#crash(fault.node, true, fault.downMs);
        break;
      case "disk-unreadable":
        this.#unreadableDisk(fault);
        this.#crash(fault.node, false, 0);
        break;
      case "disk-read-errors":
        this.#unreadableDisk(fault);
        break;
      default:
        assertNever(fault);
    }
  }

  /** Does something now and takes it back after a while, or when everything heals, whichever comes first. */
  #hold(forMs: number, undo: () => void): void {
    const once = (): void => {
      if (this.#undo.delete(once)) undo();
    };
    this.#undo.add(once);
    this.#world.at(this.#world.now + forMs, once);
  }

  #aim(aim: Aim, node: number, fire: () => void): void {
    if (aim === "now") fire();
    else this.#armed.push({ aim, node, fire });
  }

  #onMoment(moment: Moment, node: number): void {
    const hit = this.#armed.findIndex((armed) => armed.aim === moment && armed.node === node);
    if (hit === -1) return;
    const [armed] = this.#armed.splice(hit, 1);
    // The turn at hand is finished first: a process dies between two instructions of the kernel's choice, and this is one.
    this.#world.at(this.#world.now, () => armed?.fire());
  }

  #cut(fault: Of<"cut">): void {
    const { network } = this.#world;
    for (const [from, to] of fault.paths) network.cut(from, to);
    this.#hold(fault.forMs, () => {
      for (const [from, to] of fault.paths) network.heal(from, to);
    });
  }

  #degrade(fault: Of<"degrade">): void {
    this.#degradations.add(fault);
    this.#refresh(fault.paths);
    this.#hold(fault.forMs, () => {
      this.#degradations.delete(fault);
      this.#refresh(fault.paths);
    });
  }

  /** The quality of a path is its own, changed by every fault that holds, the latest last. */
  #refresh(pairs: readonly PathPair[]): void {
    const { network } = this.#world;
    for (const [from, to] of pairs) {
      let quality = network.paths.base(from, to);
      for (const { at: _at, type: _type, paths: touched, forMs: _forMs, ...changes } of this.#degradations) {
        if (touched.some((pair) => pair[0] === from && pair[1] === to)) quality = { ...quality, ...changes };
      }
      network.setQuality(from, to, quality);
    }
  }

  #datagram(fault: Of<"datagram">): void {
    const { network } = this.#world;
    network.datagram = { duplicate: fault.duplicate, reorder: fault.reorder, lateMs: fault.lateMs };
    this.#hold(fault.forMs, () => {
      network.datagram = undefined;
    });
  }

  #corrupt({ path: [from, to], probability, forMs }: Of<"corrupt">): void {
    const { corruptions } = this.#world.network;
    const corruption = { from, to, probability };
    corruptions.add(corruption);
    this.#hold(forMs, () => corruptions.delete(corruption));
  }

  #slowConsumer({ at, node, bytesPerMs, forMs }: Of<"slow-consumer">): void {
    const others = this.#world.nodes.filter(({ index }) => index !== node);
    this.#degrade({ at, type: "degrade", paths: others.map(({ index }) => [index, node]), bytesPerMs, forMs });
  }

  #crash(index: number, isPowerCut: boolean, downMs: number): void {
    const node = this.#world.node(index);
    node.crash(isPowerCut);
    this.#hold(downMs, () => node.start());
  }

  #stop(fault: Of<"stop">): void {
    const node = this.#world.node(fault.node);
    node.stop();
    this.#hold(fault.downMs, () => node.start());
  }

  #leave(fault: Of<"leave">): void {
    const node = this.#world.node(fault.node);
    node.leave();
    this.#hold(fault.downMs, () => node.comeBack());
  }

  #drift(fault: Of<"clock-drift">): void {
    const { clock } = this.#world.node(fault.node);
    clock.drift(fault.ppm);
    this.#hold(fault.forMs, () => clock.drift(0));
  }

  #strobe({ node, amplitudeMs, periodMs, forMs }: Of<"clock-strobe">): void {
    const { clock } = this.#world.node(node);
    let aheadMs = 0;
    let isOver = false;
    const flip = (): void => {
      if (isOver) return;
      const byMs = aheadMs === 0 ? amplitudeMs : -aheadMs;
      clock.jump(byMs);
      aheadMs += byMs;
      this.#world.at(this.#world.now + periodMs / 2, flip);
    };
    flip();
    this.#hold(forMs, () => {
      isOver = true;
      clock.jump(-aheadMs);
    });
  }

  #slowDisk(fault: Of<"disk-slow">): void {
    const { disk } = this.#world.node(fault.node);
    disk.slowDown(fault.meanMs);
    this.#hold(fault.forMs, () => disk.speedUp());
  }

  #fillDisk(fault: Of<"disk-full">): void {
    const { disk } = this.#world.node(fault.node);
    disk.failing = Infinity;
    this.#hold(fault.forMs, () => {
      disk.failing = 0;
    });
  }

  #unreadableDisk({ node, forMs }: Of<"disk-unreadable"> | Of<"disk-read-errors">): void {
    const { disk } = this.#world.node(node);
    disk.isUnreadable = true;
    this.#hold(forMs, () => {
      disk.isUnreadable = false;
    });
  }

  #copyDisk(fault: Of<"disk-old-copy">): void {
    const world = this.#world;
    const node = world.node(fault.node);
    world.at(fault.at - fault.ageMs, () => {
      const copy = node.disk.copy();
      world.at(fault.at, () => {
        if (this.#isHealed) return;
        world.trace.record(world.now, "fault", -1, 0, 0, describeFault(fault));
        this.#crash(fault.node, true, fault.downMs);
        node.disk.replace(copy, world.now);
      });
    });
  }
}
