/** What membership is told of this replica, and what it has the machine do when it learns of others. */

import type { ReplicaId } from "../base/ids.ts";
import type { MembershipHost, Quarantine } from "../cluster/membership-host.ts";
import type { Reports } from "../cluster/reports.ts";
import type { Birth, Message } from "../wire/message.ts";
import type { Coverage } from "./coverage.ts";
import type { Lives } from "./lives.ts";
import type { Outbox } from "./outbox.ts";
import type { Peers } from "./peers.ts";
import type { Persistence } from "./persistence.ts";
import type { LogLevel } from "./ports.ts";
import type { Recovery } from "./recovery.ts";
import type { Sender } from "./sender.ts";

export interface Machine {
  readonly lives: Lives;
  readonly recovery: Recovery;
  readonly persistence: Persistence;
  readonly outbox: Outbox;
  readonly sender: Sender;
  readonly peers: Peers;
  readonly reports: Reports;
  readonly coverage: Coverage;
}

export class MembershipDuties implements MembershipHost {
  readonly #machine: Machine;

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  get life(): number {
    return this.#machine.lives.present;
  }

  get birth(): number {
    return this.#machine.lives.birth;
  }

  get rootLife(): number {
    return this.#machine.lives.root;
  }

  get lineage(): readonly Birth[] {
    return this.#machine.lives.lineage;
  }

  get startEpoch(): number {
    return this.#machine.lives.startEpoch;
  }

  get quarantines(): number {
    return this.#machine.recovery.quarantines;
  }

  get lifeDurable(): boolean {
    return this.#machine.lives.isDurable;
  }

  isLinked(id: ReplicaId): boolean {
    return this.#machine.sender.links.has(id);
  }

  links(): Iterable<ReplicaId> {
    return this.#machine.sender.links.peers();
  }

  /** Everybody holds everything. */
  isPartner(): boolean {
    return true;
  }

  send(to: ReplicaId, message: Message): void {
    this.#machine.sender.send(to, message);
  }

  log(level: LogLevel, event: string, fields: Readonly<Record<string, unknown>>): void {
    this.#machine.outbox.log(level, event, fields);
  }

  learnt(): void {
    this.#machine.persistence.metaDirty = true;
    this.#machine.outbox.membersChanged = true;
  }

  replanned(): void {
    this.#machine.outbox.membersChanged = true;
  }

  livesAnew(id: ReplicaId): void {
    this.#machine.reports.forget(id);
    this.#machine.coverage.confirmations.forget(id);
  }

  gaveUp(id: ReplicaId): void {
    this.#machine.peers.gaveUp(id);
  }

  quarantine(cause: Quarantine, now: number): void {
    this.#machine.recovery.quarantine(cause, now);
  }

  countOnFrom(epoch: number): void {
    const { persistence } = this.#machine;
    if (epoch <= persistence.epoch) return;
    persistence.epoch = epoch;
    persistence.metaDirty = true;
  }
}
