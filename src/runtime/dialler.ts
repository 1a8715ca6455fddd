/**
 * Which addresses to dial, and when. Each wanted address is in one of three states: linked (its replica has a link,
 * whoever dialled), dialling, or waiting for its time. An address is not tied to a replica until somebody answered there;
 * two addresses of one replica then count as linked together, so they do not replace each other's links for ever.
 */

import type { ReplicaId } from "../base/ids.ts";
import type { Cancel, Random, Scheduler } from "../replica/ports.ts";
import { backoffMs } from "./backoff.ts";
import type { LinkLimits } from "./link-limits.ts";

/** What a failed dial means for the next one. */
export type DialFailure = "failed" | "blocked" | "self";

export interface DiallerOptions {
  readonly limits: LinkLimits;
  readonly random: Random;
  readonly scheduler: Scheduler;
  /** Begins a connection; `failed` or `answered` is called for the address later, never at once. */
  readonly dial: (address: string, isRetry: boolean) => void;
  /** Gives up a connection under way to an address that is no longer wanted. */
  readonly giveUp: (address: string) => void;
  readonly isLinked: (address: string, replica: ReplicaId | undefined) => boolean;
  readonly isBlocked: (replica: ReplicaId) => boolean;
}

interface Target {
  readonly address: string;
  /** Who answered there last. */
  replica: ReplicaId | undefined;
  attempt: number;
  dialling: boolean;
  /** When it may be dialled next, as asked by the last failure. */
  next: DialFailure | "now";
  cancelWait: Cancel | undefined;
  cancelStable: Cancel | undefined;
}

export class Dialler {
  readonly #options: DiallerOptions;
  readonly #targets = new Map<string, Target>();

  constructor(options: DiallerOptions) {
    this.#options = options;
  }

  /** Makes these the wanted addresses. */
  want(addresses: readonly string[]): void {
    const wanted = new Set(addresses.filter(isAddress).slice(0, this.#options.limits.addressesMax));
    for (const target of [...this.#targets.values()]) if (!wanted.has(target.address)) this.#forget(target);
    for (const address of wanted) if (!this.#targets.has(address)) this.#targets.set(address, newTarget(address));
    this.review();
  }

  answered(address: string, replica: ReplicaId): void {
    const target = this.#targets.get(address);
    if (target === undefined) return;
    target.replica = replica;
    target.dialling = false;
    target.next = "failed";
    this.review();
  }

  failed(address: string, failure: DialFailure, replica: ReplicaId | undefined): void {
    const target = this.#targets.get(address);
    if (target === undefined) return;
    if (replica !== undefined) target.replica = replica;
    target.dialling = false;
    target.next = failure;
    this.review();
  }

  /** The replica cut a link because it blocks us: it is tried again soon, not by the backoff. */
  noteBlocked(replica: ReplicaId): void {
    for (const target of this.#targets.values()) if (target.replica === replica) target.next = "blocked";
  }

  /** Links or blocks have changed. */
  review(): void {
    for (const target of this.#targets.values()) this.#review(target);
  }

  /** Somebody was unblocked: whoever waits is dialled now. */
  hurry(): void {
    for (const target of this.#targets.values()) {
      if (target.next === "self") continue;
      cancelWait(target);
      target.next = "now";
    }
    this.review();
  }

  stop(): void {
    for (const target of [...this.#targets.values()]) this.#forget(target);
  }

  #review(target: Target): void {
    if (target.dialling) return;
    if (this.#options.isLinked(target.address, target.replica)) this.#rest(target);
    else this.#wait(target);
  }

  #wait(target: Target): void {
    target.cancelStable?.();
    target.cancelStable = undefined;
    const blocked = target.replica !== undefined && this.#options.isBlocked(target.replica);
    if (blocked) cancelWait(target);
    else target.cancelWait ??= this.#options.scheduler.after(this.#waitMs(target), () => this.#dial(target));
  }

  /** Linked: nothing to do, and after a while the backoff begins anew. */
  #rest(target: Target): void {
    cancelWait(target);
    target.cancelStable ??= this.#options.scheduler.after(this.#options.limits.stableAfterMs, () => {
      target.attempt = 0;
    });
  }

  #waitMs(target: Target): number {
    const { limits, random } = this.#options;
    switch (target.next) {
      case "now":
        return 0;
      case "self":
        return limits.selfRetryMs;
      case "blocked":
        return backoffMs(0, random.uint32(), { firstMs: limits.blockedRetryMs, maxMs: limits.blockedRetryMs });
      case "failed":
        return backoffMs(target.attempt++, random.uint32(), limits.backoff);
    }
  }

  #dial(target: Target): void {
    const isRetry = target.next !== "now";
    target.cancelWait = undefined;
    target.dialling = true;
    this.#options.dial(target.address, isRetry);
  }

  #forget(target: Target): void {
    this.#targets.delete(target.address);
    cancelWait(target);
    target.cancelStable?.();
    if (target.dialling) this.#options.giveUp(target.address);
  }
}

function newTarget(address: string): Target {
  return {
    address,
    replica: undefined,
    attempt: 0,
    dialling: false,
    next: "now",
    cancelWait: undefined,
    cancelStable: undefined,
  };
}

function cancelWait(target: Target): void {
  target.cancelWait?.();
  target.cancelWait = undefined;
}

const ADDRESS = /^(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]):(\d{1,5})$/;

/**
 * True for host:port, with an IPv6 address in brackets. Addresses come from other members too: nothing that a URL would
 * read as a user, path or query passes.
 */
export function isAddress(text: string): boolean {
  const port = Number(ADDRESS.exec(text)?.[1] ?? 0);
  return port >= 1 && port <= 65535 && URL.canParse(`ws://${text}`);
}
