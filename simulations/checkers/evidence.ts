/** What the checkers are given, and what they say. A checker is a function from evidence to violations. */

import type { Key, SpaceId } from "../../src/base/ids.ts";
import type { ReplicaDump } from "../../src/replica/inspect.ts";
import type { BackupHistory } from "../backups/backup-history.ts";
import type { CommandHistory, FinalCollection, FinalCounter } from "../commands/command-history.ts";
import type { DocumentHistory } from "../documents/document-history.ts";
import type { FinalDocument } from "../documents/final-document.ts";
import type { NodeSpan, Span } from "../faults/calm.ts";
import type { AuditRepair } from "../sampling/audit-repair.ts";
import type { Company, MemberVerdict } from "../sampling/company.ts";
import type { Sample } from "../sampling/sample.ts";
import type { ClockCourse } from "../simulator/clock-course.ts";
import type { DiskLoss } from "../simulator/disk-damage.ts";
import type { Evicted, Going, Judgement, Lent, LifeEnd, PutAside } from "../simulator/node.ts";
import type { ShareLoss } from "../tenants/share-loss.ts";
import type { History, ReadPart } from "../workload/history.ts";
import type { WatchHistory } from "../workload/watch-history.ts";

export interface NodeEvidence {
  /** Keeps its registers on disk. */
  readonly durable: boolean;
  /** What registers may take of its memory, bytes. */
  readonly memoryBytesMax: number;
  readonly ends: readonly LifeEnd[];
  /** What its disk lost of what it had confirmed, being damaged or set back: no level promises that here. */
  readonly diskLosses: readonly DiskLoss[];
  readonly judgements: readonly Judgement[];
  /** Values that it put aside when it began anew. */
  readonly putAside: readonly PutAside[];
  /** Values that it removed for want of room; among the history as well. */
  readonly evictions: readonly Evicted[];
  /** Collections and counters that it removed for the same reason; among the commands as well. */
  readonly wholes: readonly Going[];
  /** It had no room for anything, when all had come to rest. */
  readonly isFull: boolean;
  /** Values that it let go of because others had them. */
  readonly lent: readonly Lent[];
  /** What its disk takes up, bytes; after the healing. */
  readonly diskBytes: number;
  /** When anybody gave it up, virtual ms: from then on nobody waits for what it alone holds. */
  readonly givenUpAt: readonly number[];
  /** The nodes that did. */
  readonly givenUpBy: readonly number[];
  /** When its process was paused, virtual ms. */
  readonly pauses: readonly { readonly from: number; readonly to: number }[];
  /** When its clock stood still, or nearly so, virtual ms. */
  readonly clockStops: readonly { readonly from: number; readonly to: number }[];
  /** When its clock was put forward or back, by a fault or by its own correction; virtual ms. */
  readonly clockJumps: readonly number[];
  /** Of its wall clock; unknown where nobody can look into it. */
  readonly clock: ClockCourse;
  /** Of the time that its replicas went by: the wall clock's, corrected. */
  readonly time: ClockCourse;
  /** After the healing. Undefined: it did not come back. */
  readonly dump: ReplicaDump | undefined;
  /** How it sees the others, then. */
  readonly company: Company | undefined;
  /** Each key of the plan as read there at the end, with the wall clock of that moment. */
  readonly finals: readonly ReadPart[];
  /** Each document of the plan as it is there at the end. */
  readonly documents: readonly FinalDocument[];
  /** Each collection of the plan, the same. */
  readonly collections: readonly FinalCollection[];
  readonly counters: readonly FinalCounter[];
  readonly finalWallMs: number;
}

/** Of a keyspace that some of the replicas keep. */
export interface PlacementEvidence {
  /** The numbers of the replicas, which their origins bear, by node. */
  readonly numbers: readonly number[];
  /** When nothing was disturbed, nor had been for long enough that whoever is asked for a key answers. */
  readonly quiet: readonly Span[];
  /** When nothing was disturbed, nor had been for long, but for what the policy says of who keeps what. */
  readonly steady: readonly Span[];
  /** How many copies the policies asked for, of the members there were to be, and from when on; virtual ms. */
  readonly policies: readonly { readonly at: number; readonly copies: number }[];
  /** What was acknowledged so long ago has come to those who keep it, ms, as long as nothing is disturbed. */
  readonly lagMs: number;
}

/** Of a run in which keyspaces have shares of the memory. */
export interface ShareEvidence {
  /** What each may count on. */
  readonly bySpace: ReadonlyMap<SpaceId, number>;
  /** From here on whoever knows all shares goes by them, virtual ms. */
  readonly since: number;
  /** By node, in the order of time. */
  readonly losses: readonly (readonly ShareLoss[])[];
}

/** Of a run in which backups were made. */
export interface BackupEvidence {
  readonly all: readonly BackupHistory[];
  /** When nothing was disturbed, so that whoever had a link to another was heard by it. */
  readonly peace: readonly Span[];
}

export interface Evidence {
  readonly keys: readonly Key[];
  readonly history: History;
  /** What clients did with documents. */
  readonly documents: DocumentHistory;
  /** What they did with collections. */
  readonly commands: CommandHistory;
  readonly watches: readonly WatchHistory[];
  /** Absent: there were none. */
  readonly backups?: BackupEvidence;
  /** Absent: nobody has any. */
  readonly shares?: ShareEvidence;
  /** What was held at some moments of the run; the last one after the end of it. */
  readonly samples: readonly Sample[];
  readonly nodes: readonly NodeEvidence[];
  /** Absent: every replica keeps every key. */
  readonly placement?: PlacementEvidence;
  /** Virtual ms at which everything was healed, and within how long after it all had to be equal. */
  readonly healedAt: number;
  readonly settleMs: number;
  /** Virtual ms at which everything was looked at for the last time. */
  readonly endedAt: number;
  /** When nothing was disturbed, nor had been for `settleMs`. */
  readonly calm: readonly Span[];
  /** When nothing was disturbed, nor had been for long enough that whoever is asked for a value answers. */
  readonly reachable: readonly Span[];
  /** Stops in order, with nothing else the matter from well before until the replica started again. */
  readonly peacefulStops: readonly NodeSpan[];
  readonly auditRepairs: readonly AuditRepair[];
  /** Whom anybody suspected or declared dead. */
  readonly memberVerdicts: readonly MemberVerdict[];
  readonly retentionMs: number;
  /** How long a read may take that has to ask the disk, ms; 0 where all values are in memory. */
  readonly diskReadMs: number;
  /** When the disk of a node could not be read while it ran. */
  readonly readErrors: readonly NodeSpan[];
  /** What a disk may take up, bytes. */
  readonly dataBytesMax: number;
  /** Most that clocks were apart at any time, ms. */
  readonly clockSpreadMs: number;
  /** By how much what a replica took for the time may differ from what is noted of its clock, ms. */
  readonly clockDoubtMs: number;
  /** An offset that replicas correct is greater, ms. */
  readonly clockBoundMs: number;
  /** Expired registers fall at multiples of this. */
  readonly sweepMs: number;
}

export interface Violation {
  readonly checker: string;
  /** One paragraph for people: what was promised, what was seen. */
  readonly message: string;
}

export type Checker = (evidence: Evidence) => Violation[];

/** At most this many violations of one checker are of use to anybody. */
const VIOLATIONS_MAX = 5;

export function violations(checker: string, messages: readonly string[]): Violation[] {
  const shown = messages.slice(0, VIOLATIONS_MAX).map((message) => ({ checker, message }));
  const more = messages.length - shown.length;
  return more > 0 ? [...shown, { checker, message: `and ${more} more of the same kind` }] : shown;
}

/** A key for people: what does not print is escaped. */
export function showKey(key: string): string {
  return JSON.stringify(key);
}
