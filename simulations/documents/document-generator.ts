/**
 * Makes what clients do with documents from a seed and a profile. Clients work in spells: several edits of one document, some
 * at once by several clients, then nothing for a while, which is when a document is compacted.
 */

import type { Key } from "../../src/base/ids.ts";
import type { SeededRandom } from "../../src/base/random.ts";
import type { AckLevel } from "../../src/store.ts";
import { exponential, pickWeighted, smallUnit, unit } from "../simulator/draws.ts";
import type { DocumentOperation, DocumentOperationType } from "./document-operation.ts";

export interface DocumentsProfile {
  readonly keys: number;
  readonly clients: number;
  /** Of each client. */
  readonly spellsPerSecond: number;
  /** In the mean. */
  readonly editsPerSpell: number;
  readonly editsPerSecond: number;
  /** That a client goes elsewhere for a spell. */
  readonly moveChance: number;
  readonly types: Readonly<Record<"insert" | "erase" | "set" | "read", number>>;
  readonly deletesPerSecond: number;
  readonly leasesPerSecond: number;
  /** Some leases are for ever. */
  readonly leaseMsMax: number;
  readonly acks: Readonly<Record<AckLevel, number>>;
  readonly lengthMax: number;
}

interface Span {
  readonly nodes: number;
  readonly fromMs: number;
  readonly untilMs: number;
}

const FOR_EVER_SHARE = 0.3;
/** Whom nobody else is: who deletes a document, or says when it expires, edits nothing. */
const KEEPER = 1000;

/** Documents have keys of their own, under which values may lie as well: the first one has. */
export function documentKeyOf(index: number): Key {
  return (index === 0 ? "k0" : `doc${index}`) as Key;
}

export function generateDocuments(
  random: SeededRandom,
  profile: DocumentsProfile & Span,
  nextId: () => number,
): DocumentOperation[] {
  const operations: DocumentOperation[] = [];
  for (let client = 0; client < profile.clients; client++) {
    operations.push(...drawSpells(random.fork(`client ${client}`), profile, client, nextId));
  }
  operations.push(...drawEnds(random.fork("deletes"), profile, "delete", profile.deletesPerSecond, nextId));
  operations.push(...drawEnds(random.fork("leases"), profile, "lease", profile.leasesPerSecond, nextId));
  return operations;
}

function drawSpells(
  random: SeededRandom,
  profile: DocumentsProfile & Span,
  client: number,
  nextId: () => number,
): DocumentOperation[] {
  const operations: DocumentOperation[] = [];
  let node = random.below(profile.nodes);
  let at = profile.fromMs + exponential(random, 1000 / profile.spellsPerSecond);
  while (at < profile.untilMs) {
    if (random.chance(profile.moveChance)) node = random.below(profile.nodes);
    const key = documentKeyOf(random.below(profile.keys));
    const edits = 1 + Math.floor(exponential(random, profile.editsPerSpell - 1));
    for (let i = 0; i < edits && at < profile.untilMs; i++) {
      const type = pickWeighted(random, profile.types);
      operations.push({ ...draw(random, profile, type, nextId()), at, client, node, key });
      at += exponential(random, 1000 / profile.editsPerSecond);
    }
    at += exponential(random, 1000 / profile.spellsPerSecond);
  }
  return operations;
}

function drawEnds(
  random: SeededRandom,
  profile: DocumentsProfile & Span,
  type: "delete" | "lease",
  perSecond: number,
  nextId: () => number,
): DocumentOperation[] {
  const operations: DocumentOperation[] = [];
  if (perSecond === 0) return operations;
  let at = profile.fromMs + exponential(random, 1000 / perSecond);
  for (; at < profile.untilMs; at += exponential(random, 1000 / perSecond)) {
    const node = random.below(profile.nodes);
    const key = documentKeyOf(random.below(profile.keys));
    operations.push({ ...draw(random, profile, type, nextId()), at, client: KEEPER, node, key });
  }
  return operations;
}

function draw(
  random: SeededRandom,
  { acks, lengthMax, leaseMsMax }: DocumentsProfile,
  type: DocumentOperationType,
  id: number,
): Omit<DocumentOperation, "at" | "client" | "node" | "key"> {
  const ack = pickWeighted(random, acks);
  const length = Math.ceil(lengthMax * smallUnit(random));
  const place = unit(random);
  const expires = type === "lease" && !random.chance(FOR_EVER_SHARE);
  const ttlMs = 500 + Math.ceil(leaseMsMax * unit(random));
  return { id, type, ack, length, place, ...(expires ? { ttlMs } : {}) };
}
