/**
 * What this replica sees of who owns what: the view of `cluster/ownership.ts` that is in force here. Definitions of keyspaces and
 * news of members come one by one; they count once they are on disk, where there is one, and peers are told of it by comparing anew.
 */

import type { Members } from "../cluster/members.ts";
import type { Ownership } from "../cluster/ownership.ts";
import type { Pulls } from "../cluster/pulls.ts";
import { type DefinitionsHost, durablePolicies, learnDefinition, learnDefinitions } from "./learned-definitions.ts";

export interface OutlookHost extends DefinitionsHost {
  readonly members: Members;
  readonly ownership: Ownership;
  readonly pulls: Pick<Pulls, "abandon">;
  readonly persistence: { metaDirty: boolean };
  readonly isEphemeral: boolean;
  /** Compares with every peer. */
  compareWithAll(now: number): void;
}

export class Outlook {
  readonly #host: OutlookHost;
  #hasNewView = false;
  #hasNewDefinitions = false;

  constructor(host: OutlookHost) {
    this.#host = host;
  }

  /** What was on disk has been loaded. */
  begin(): void {
    this.learnAll();
    this.#takePolicies();
    this.#see();
  }

  /** A register of the system space came or changed that invalidates nothing. */
  learn(view: DataView, at: number): void {
    learnDefinition(this.#host.keyspaces, view, at);
    this.#hasNewDefinitions = true;
  }

  /** Anything may have come or changed in the system space. */
  learnAll(): void {
    learnDefinitions(this.#host);
    this.#hasNewDefinitions = true;
  }

  /** Nothing that was heard of members and keyspaces waits to be seen. */
  get isSettled(): boolean {
    return !this.#hasNewDefinitions && this.#present() === this.#host.ownership.view;
  }

  /** Where no batch will come that brings a new policy into force. */
  tick(now: number): void {
    if (this.#host.isEphemeral && this.#hasNewDefinitions) this.look(now);
  }

  /** A later view than that which others are told of has come: where nothing is kept, at once; else once it is on disk. */
  look(now: number): void {
    this.#takePolicies();
    if (this.#present() !== this.#host.ownership.view) {
      if (this.#host.isEphemeral) this.#see();
      else this.#host.persistence.metaDirty = true;
    }
    if (!this.#hasNewView) return;
    this.#hasNewView = false;
    this.#host.compareWithAll(now);
  }

  /** The disk has what was known when the view was this one. */
  persisted(view: number): void {
    this.#takePolicies();
    const present = this.#present();
    if (view === present) this.#see();
    // The next batch is of that view: clients wait for it.
    else if (present !== this.#host.ownership.view) this.#host.persistence.metaDirty = true;
  }

  /** By what is known now, in force or not. */
  #present(): number {
    return this.#host.ownership.viewOf(this.#host.members);
  }

  /** Of the definitions of keyspaces that came, those that are on disk say from now on who owns what. */
  #takePolicies(): void {
    if (!this.#hasNewDefinitions) return;
    const { ownership } = this.#host;
    const { policies, areAll } = durablePolicies(this.#host, ownership.policies);
    this.#hasNewDefinitions = !areAll;
    ownership.setPolicies(policies);
  }

  /** Sees who owns what by what is known now, and is on disk. */
  #see(): void {
    const { ownership, members, shards, pulls } = this.#host;
    if (!ownership.see(members) || !ownership.isAnyPlaced) return;
    this.#hasNewView = true;
    for (const shard of shards) if (!ownership.owns(shard.id)) pulls.abandon(shard.id);
  }
}
