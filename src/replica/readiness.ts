/**
 * Whether clients should be sent here: once all that is owned is here, and everybody who is there was compared with. What those
 * in reach know of and do not have is waited for, though not for long (`cluster/pulls.ts`, P7). From then
 * on it is ready through whatever happens, but for what concerns itself alone: doubt about what it holds, and its departure.
 */

import type { ReplicaId } from "../base/ids.ts";
import type { Shards } from "../core/shard/shards.ts";
import type { Outlook } from "./outlook.ts";

export interface ReadinessHost {
  readonly shards: Shards;
  readonly lifeDurable: boolean;
  readonly seeksPeers: boolean;
  readonly outlook: Pick<Outlook, "isSettled">;
  /** `aloneMs`: for so long somebody is looked for who may be there. */
  readonly config: { readonly aloneMs: number };
  readonly departure: { reasons(): readonly string[] };
  readonly movement: { progress(): { readonly owned: number; readonly ready: number } };
  readonly antiEntropy: { hasCompared(peer: ReplicaId): boolean };
  readonly pulls: { readonly outstanding: number; readonly unclaimed: number };
  readonly membership: { neighbours(): Iterable<ReplicaId> };
  linked(): readonly ReplicaId[];
  mayLink(id: ReplicaId): boolean;
}

export class ReadinessCheck {
  readonly #host: ReadinessHost;
  #wasReady = false;
  /** With somebody, since this process began. */
  #hasCompared = false;

  constructor(host: ReadinessHost) {
    this.#host = host;
  }

  /** That it once was ready does not depend on whether anybody asked then. */
  tick(ageMs: number): void {
    const { antiEntropy } = this.#host;
    this.#hasCompared ||= this.#host.linked().some((peer) => antiEntropy.hasCompared(peer));
    if (!this.#wasReady) this.reasons(ageMs, []);
  }

  /** What was held is in doubt. */
  beginAnew(): void {
    this.#wasReady = false;
  }

  /**
   * Why not; empty when it is in sync as far as it can know. `ageMs`: since this process began. `refusals`: what those said who
   * turned it away.
   */
  reasons(ageMs: number, refusals: readonly string[]): string[] {
    const reasons = this.#ownReasons(refusals);
    if (this.#wasReady) return reasons;
    reasons.push(...this.#joiningReasons(ageMs));
    if (reasons.length === 0) this.#wasReady = true;
    return reasons;
  }

  #ownReasons(refusals: readonly string[]): string[] {
    const { lifeDurable, shards, departure } = this.#host;
    // Who has met nobody yet and is turned away by all is not alone: the others hold what it lacks.
    const reasons = this.#hasCompared ? [] : [...refusals];
    if (!lifeDurable) reasons.push("its life is not yet on disk");
    const hasPeers = this.#host.linked().length > 0;
    const waiting = shards.all.filter((shard) => shard.quarantined || (shard.unconfirmed > 0 && hasPeers)).length;
    if (waiting > 0) reasons.push(`${waiting} shards wait for a peer to confirm what they hold`);
    return [...reasons, ...departure.reasons()];
  }

  #joiningReasons(ageMs: number): string[] {
    const { movement, seeksPeers, config, antiEntropy, pulls, outlook } = this.#host;
    const reasons = outlook.isSettled ? [] : ["who owns what is not yet on disk"];
    const linked = this.#host.linked();
    const { owned, ready } = movement.progress();
    if (ready < owned && linked.length > 0) reasons.push(`taking over shards: ${ready} of ${owned} are here`);
    const hasLooked = !seeksPeers || ageMs >= config.aloneMs;
    const isAlone = linked.length === 0 && hasLooked;
    const unlinked = this.#unlinked().length;
    if (unlinked > 0 && ageMs < config.aloneMs) reasons.push(`linking with ${unlinked} members`);
    const isCompared = linked.length > 0 && linked.every((id) => antiEntropy.hasCompared(id));
    if (!isAlone && !isCompared) reasons.push(linked.length === 0 ? "looking for peers" : "comparing with peers");
    else if (pulls.outstanding > 0) reasons.push("catching up with peers");
    const { unclaimed } = pulls;
    if (unclaimed > 0) reasons.push(`${unclaimed} shards wait for values that nobody in reach gives`);
    return reasons;
  }

  /** Members that are not known to be gone, and are to be linked with. */
  #unlinked(): readonly ReplicaId[] {
    return [...this.#host.membership.neighbours()].filter((id) => this.#host.mayLink(id));
  }
}
