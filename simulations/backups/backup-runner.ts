/**
 * Makes the backups of a plan and restores them, as the commands do: a file that was not finished is none; a restore tells one chunk
 * after the other, each only once the one before is on disk, and goes on with whoever is there when a replica is gone. Where it
 * was interrupted it tells what it had told last once more, under the stamp that it had from the beginning.
 */

import type { BackupPart, Restore } from "../../src/backup-store.ts";
import { isCounter } from "../commands/command-operation.ts";
import type { Plan } from "../plan.ts";
import type { Life, SimulatedNode } from "../simulator/node.ts";
import type { SimulatedReplica } from "../simulator/replica.ts";
import type { World } from "../simulator/world.ts";
import { answerOfError } from "../workload/carry-out.ts";
import { BackupFile, type Written } from "./backup-file.ts";
import type { BackupHistory, RestoreHistory, RestoreStep, Stamped, Whom } from "./backup-history.ts";
import type { BackupPlan, RestorePlan } from "./backup-plan.ts";

/** Between two looks at whether a replica is there, and whether its process has ended. */
const LOOK_MS = 100;

/** A replica that takes a restore, for as long as its process runs. */
interface Session {
  readonly node: SimulatedNode;
  readonly life: Life;
  readonly restore: Restore;
}

export class BackupRunner {
  readonly history: BackupHistory[] = [];
  readonly #world: World;
  readonly #written: Written;
  #isClosed = false;

  constructor(
    world: World,
    { backups = [], operations, commands = [] }: Pick<Plan, "backups" | "operations" | "commands">,
  ) {
    this.#world = world;
    this.#written = {
      operationsById: new Map(operations.map((operation) => [operation.id, operation])),
      counters: new Map(commands.flatMap(({ key, of }) => (isCounter(of) ? [[key, of]] : []))),
    };
    for (const plan of backups) {
      world.at(plan.at, () => this.#begin(plan));
      for (const restore of plan.restores) world.at(restore.at, () => this.#beginRestore(plan, restore));
    }
  }

  /** Asks nothing more: what is under way may still be answered. */
  close(): void {
    this.#isClosed = true;
  }

  #begin(plan: BackupPlan): void {
    const node = this.#nodeFrom(plan.node);
    const replica = node?.replica;
    const taken: BackupHistory = {
      plan,
      by: node === undefined ? undefined : whomOf(node),
      linked: replica === undefined ? [] : this.#linkedWith(replica),
      askedAt: this.#world.now,
      askedWallMs: node?.clockTime ?? 0,
      begunAt: undefined,
      endedAt: undefined,
      endedWallMs: undefined,
      file: undefined,
      restores: [],
    };
    this.history.push(taken);
    if (node?.life === undefined || replica?.backup === undefined) return;
    void this.#guarded(node, node.life, () => this.#take(taken, node));
  }

  async #take(taken: BackupHistory, node: SimulatedNode): Promise<void> {
    const { plan } = taken;
    const backup = await node.replica?.backup?.();
    if (backup === undefined) return;
    taken.begunAt = this.#world.now;
    // Whoever was asked over a link that broke meanwhile did not answer, and is as good as out of reach.
    const left = node.replica === undefined ? [] : this.#linkedWith(node.replica);
    taken.linked = taken.linked.filter((asked) =>
      left.some(({ node, life }) => node === asked.node && life === asked.life),
    );
    const file = new BackupFile(backup.facts, plan.chunkRecords, this.#written);
    const parts: AsyncIterator<BackupPart> = backup.parts[Symbol.asyncIterator]();
    for (let next = await parts.next(); next.done !== true; next = await parts.next()) {
      file.append(next.value);
      await this.#pause(plan.gapMs);
    }
    taken.file = file;
    taken.endedAt = this.#world.now;
    taken.endedWallMs = node.clockTime;
  }

  #beginRestore({ id }: BackupPlan, plan: RestorePlan): void {
    const taken = this.history.find((each) => each.plan.id === id);
    if (taken?.file === undefined || this.#isClosed) return;
    const restoring: RestoreHistory = { plan, file: taken.file, stamped: undefined, steps: [], endedAt: undefined };
    taken.restores.push(restoring);
    this.#restore(restoring).catch((error: unknown) => this.#world.fail(-1, error));
  }

  async #restore(restoring: RestoreHistory): Promise<void> {
    const { plan, file } = restoring;
    const interruptions = [...plan.interruptions];
    let wanted = plan.node;
    let session: Session | undefined;
    for (let chunk = 0; chunk < file.chunks.length; ) {
      const [next] = interruptions;
      if (next !== undefined && chunk >= next.after) {
        interruptions.shift();
        await this.#pause(next.forMs);
        [wanted, session, chunk] = [next.node, undefined, Math.max(0, chunk - 1)];
      }
      if (this.#isClosed) return;
      if (session === undefined || session.life.ended) session = await this.#sessionFor(restoring, wanted);
      if (session !== undefined && (await this.#tell(restoring, session, chunk))) {
        chunk++;
        await this.#pause(plan.gapMs);
      } else {
        [wanted, session] = [wanted + 1, undefined];
        await this.#pause(LOOK_MS);
      }
    }
    restoring.endedAt = this.#world.now;
  }

  /** Undefined: nobody is there, or whoever is cannot take it. */
  async #sessionFor(restoring: RestoreHistory, wanted: number): Promise<Session | undefined> {
    const node = this.#nodeFrom(wanted);
    const { life, replica } = node ?? {};
    if (node === undefined || life === undefined || replica?.restore === undefined) return undefined;
    let restore: Restore | undefined;
    await this.#guarded(node, life, async () => {
      if (restoring.plan.isOverwrite) restoring.stamped ??= this.#stamp(node, replica);
      const { stamped, file } = restoring;
      restore = replica.restore?.({ source: file.facts, ...(stamped !== undefined && { stamp: stamped.stamp }) });
    });
    return restore === undefined ? undefined : { node, life, restore };
  }

  #stamp(node: SimulatedNode, replica: SimulatedReplica): Stamped | undefined {
    const stamp = replica.stampRestore?.();
    return stamp === undefined ? undefined : { ...whomOf(node), stamp, at: this.#world.now };
  }

  /** True once the replica has it on disk. */
  async #tell(restoring: RestoreHistory, { node, life, restore }: Session, chunk: number): Promise<boolean> {
    const told = restoring.file.chunks[chunk];
    if (told === undefined) return false;
    const { now } = this.#world;
    const step: RestoreStep = { ...whomOf(node), chunk, at: now, wallMs: node.clockTime, answeredAt: undefined };
    restoring.steps.push(step);
    let isDone = false;
    await this.#guarded(node, life, async () => {
      await restore.apply(told.keyspace, told.records);
      step.answeredAt = this.#world.now;
      isDone = true;
    });
    return isDone;
  }

  /** Resolves once it is done, has failed, or the process has ended, after which nothing is answered. */
  #guarded(node: SimulatedNode, life: Life, act: () => Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      const lookAgain = (): void => {
        if (life.ended) resolve();
        else this.#world.at(this.#world.now + LOOK_MS, lookAgain);
      };
      const failed = (error: unknown): void => {
        if (!life.ended && answerOfError(error) === undefined) this.#world.fail(node.index, error);
        resolve();
      };
      act().then(resolve, failed);
      lookAgain();
    });
  }

  /** The first from one on that takes what is asked. */
  #nodeFrom(wanted: number): SimulatedNode | undefined {
    const { nodes, now } = this.#world;
    const first = wanted % nodes.length;
    const inTurn = [...nodes.slice(first), ...nodes.slice(0, first)];
    return inTurn.find(({ replica, life }) => replica !== undefined && (life?.pausedUntil ?? 0) <= now);
  }

  #linkedWith({ replica }: SimulatedReplica): Whom[] {
    const ids = new Set(replica?.linked());
    return this.#world.nodes.flatMap((node) => {
      const id = node.replica?.replica?.id;
      return id !== undefined && ids.has(id) ? [whomOf(node)] : [];
    });
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#world.at(this.#world.now + ms, resolve));
  }
}

function whomOf({ index, life }: SimulatedNode): Whom {
  return { node: index, life: life?.number ?? 0 };
}
