/**
 * Carries out a schedule of faults on real processes, and undoes whatever of it still holds when the healing begins: the
 * counterpart of the simulator's applier, for the faults that mean something here. Processes cannot be ended at a chosen
 * step of their own; datagrams, and disks that fail or lie, are the simulator's and the end-to-end tests' business.
 */

import { describeFault, type Fault, type PathPair } from "../../simulations/faults/fault.ts";
import type { Agenda } from "./agenda.ts";
import type { Links } from "./links.ts";
import type { RealNode } from "./real-node.ts";

type Of<Type extends Fault["type"]> = Extract<Fault, { readonly type: Type }>;
type Undo = () => Promise<void>;

export const REAL_FAULTS = ["cut", "degrade", "break", "crash", "stop", "pause", "clock-jump"] as const;
export type RealFault = Of<(typeof REAL_FAULTS)[number]>;

export interface RealFaultTargets {
  readonly agenda: Agenda;
  readonly nodes: readonly RealNode[];
  readonly links: Links;
}

export class RealFaultApplier {
  readonly #targets: RealFaultTargets;
  readonly #undo = new Set<Undo>();
  readonly #degradations = new Set<Of<"degrade">>();
  #isHealed = false;

  /** Throws for a fault that cannot be made real. */
  constructor(targets: RealFaultTargets, faults: readonly Fault[]) {
    this.#targets = targets;
    for (const fault of faults) {
      if (!isReal(fault)) throw new Error(`no real process can suffer this: ${describeFault(fault)}`);
      targets.agenda.at(fault.at, () => this.#apply(fault));
    }
  }

  /** Ends every fault, starts every node, sets every clock right. */
  async healAll(): Promise<void> {
    this.#isHealed = true;
    for (const undo of [...this.#undo]) await undo();
    for (const node of this.#targets.nodes) {
      node.fakeClock?.set(0);
      node.resume();
    }
    await Promise.all(this.#targets.nodes.map((node) => node.start()));
  }

  async #apply(fault: RealFault): Promise<void> {
    if (this.#isHealed) return;
    const { links } = this.#targets;
    switch (fault.type) {
      case "cut":
        this.#hold(fault.forMs, await links.cut(fault));
        break;
      case "degrade":
        await this.#degrade(fault);
        break;
      case "break":
        await links.break(fault.nodes, fault.lateMs);
        break;
      case "crash":
        if (fault.isPowerCut) await links.unplug(fault.node);
        await this.#down(fault.node, fault.downMs, (node) => node.kill());
        break;
      case "stop":
        this.#node(fault.node).resume();
        await this.#down(fault.node, fault.downMs, (node) => node.stop());
        break;
      case "pause":
        this.#pause(fault);
        break;
      case "clock-jump":
        this.#jump(fault);
        break;
      default:
        fault satisfies never;
    }
  }

  /** Takes something back after a while, or when everything heals, whichever comes first. */
  #hold(forMs: number, undo: Undo): void {
    const { agenda } = this.#targets;
    const once = async (): Promise<void> => {
      if (this.#undo.delete(once)) await undo();
    };
    this.#undo.add(once);
    agenda.at(agenda.now + forMs, once);
  }

  async #down(index: number, downMs: number, end: (node: RealNode) => Promise<void>): Promise<void> {
    const node = this.#node(index);
    await end(node);
    this.#hold(downMs, () => node.start());
  }

  #pause(fault: Of<"pause">): void {
    const node = this.#node(fault.node);
    node.pause();
    this.#hold(fault.forMs, async () => node.resume());
  }

  #jump({ node, byMs }: Of<"clock-jump">): void {
    const { fakeClock } = this.#node(node);
    if (fakeClock === undefined) throw new Error(`the clock of node ${node} is the machine's`);
    fakeClock.set(fakeClock.offsetMs + byMs);
  }

  async #degrade(fault: Of<"degrade">): Promise<void> {
    this.#degradations.add(fault);
    await this.#refresh(fault.paths);
    this.#hold(fault.forMs, async () => {
      this.#degradations.delete(fault);
      await this.#refresh(fault.paths);
    });
  }

  /** The quality of a path is its own, changed by every fault that holds, the latest last. */
  async #refresh(pairs: readonly PathPair[]): Promise<void> {
    const { links } = this.#targets;
    for (const [from, to] of pairs) {
      let quality = links.base(from, to);
      for (const { at: _at, type: _type, paths: touched, forMs: _forMs, ...changes } of this.#degradations) {
        if (touched.some((pair) => pair[0] === from && pair[1] === to)) quality = { ...quality, ...changes };
      }
      await links.setQuality(from, to, quality);
    }
  }

  #node(index: number): RealNode {
    const node = this.#targets.nodes[index];
    if (node === undefined) throw new Error(`there is no node ${index}`);
    return node;
  }
}

function isReal(fault: Fault): fault is RealFault {
  return (REAL_FAULTS as readonly Fault["type"][]).includes(fault.type);
}
