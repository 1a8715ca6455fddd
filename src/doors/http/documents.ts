/** GET, POST and DELETE of one Yjs document, and what somebody's copy of it lacks. */

import { AtollError } from "../../base/errors.ts";
import type { DocumentFacts } from "../../document-store.ts";
import type { LiveDocument } from "../../documents/live-document.ts";
import type { WriteOutcome } from "../../store.ts";
import { type Answer, problemAnswer } from "./answer.ts";
import type { Call, DoorFacts } from "./call.ts";
import { documentToJson } from "./document-json.ts";
import { formatEtag, isUnchanged } from "./etag.ts";
import { withRoom } from "./long-answer.ts";
import { ackOf, ttlOf, writeAnswer, writeOptions } from "./values.ts";

const UPDATE_TYPE = "application/octet-stream";
const ORIGIN = Symbol("http");

/** 200 as JSON, or as an update where that is asked for; 304 where `If-None-Match` names what is there; 404. */
export async function getDocument(call: Call, facts: DoorFacts): Promise<Answer> {
  const sv = call.query.get("sv");
  const vector = sv === undefined ? undefined : decodeVector(sv);
  const answer = await facts.documents(call.keyspace).use(call.key, (live): Answer => {
    const held = live.facts();
    if (held === undefined) return missing();
    const isUpdate = vector !== undefined || accepts(call.headers.accept ?? "");
    // The two forms of one version are two representations.
    const version = isUpdate ? `${held.version}-u` : held.version;
    const headers = ["ETag", formatEtag(version), "Vary", "Accept", ...expiry(held)];
    if (vector === undefined && isUnchanged(call.headers["if-none-match"], version)) {
      return { status: 304, headers, dots: held.dots };
    }
    const body = isUpdate ? Buffer.from(live.diff(vector)) : Buffer.from(documentToJson(live.doc), "utf8");
    headers.push("Content-Type", isUpdate ? UPDATE_TYPE : "application/json", "Content-Length", String(body.length));
    return { status: 200, headers, body, dots: held.dots };
  });
  return withRoom(call, answer);
}

/** 201 new, 204 edited, 202 kept but the asked-for acks did not come in time. */
export async function postUpdate(call: Call, facts: DoorFacts): Promise<Answer> {
  const ack = ackOf(call.query);
  const ttlMs = ttlOf(call.query);
  const { key, body } = call;
  const documents = facts.documents(call.keyspace);
  // Before anything is applied.
  if (ttlMs !== undefined) documents.store.checkTtl(ttlMs);
  return documents.use(key, async (live) => {
    const existed = live.facts() !== undefined;
    const outcome = await documents.receive(live, body, ORIGIN, ack === undefined ? {} : { ack });
    const leased = ttlMs === undefined ? undefined : await documents.store.expireDocument(key, ttlMs);
    const dots = [leased, outcome].flatMap((each) => (each === undefined ? [] : [each.dot]));
    return answered(live, { existed, ack, outcome, dots });
  });
}

function answered(
  live: LiveDocument,
  told: {
    readonly existed: boolean;
    readonly ack: ReturnType<typeof ackOf>;
    readonly outcome: WriteOutcome | undefined;
    readonly dots: NonNullable<Answer["dots"]>;
  },
): Answer {
  const { existed, ack, outcome, dots } = told;
  const facts = live.facts();
  const headers = facts === undefined ? [] : ["ETag", formatEtag(facts.version), ...expiry(facts)];
  if (outcome === undefined) return { status: 204, headers, dots: [...dots, ...(facts?.dots ?? [])] };
  const status = outcome.acks.met ? (existed ? 204 : 201) : 202;
  return { ...writeAnswer(status, headers, ack, outcome), dots };
}

/** 204 whether it was there or not, 202 as for POST. */
export async function deleteDocument(call: Call, facts: DoorFacts): Promise<Answer> {
  const ack = ackOf(call.query);
  const outcome = await facts.documents(call.keyspace).delete(call.key, writeOptions(call, ack));
  return writeAnswer(outcome.acks.met ? 204 : 202, [], ack, outcome);
}

/** 200 with the update that brings whoever has the posted state vector up to the document, 404. */
export async function diffDocument(call: Call, facts: DoorFacts): Promise<Answer> {
  const answer = await facts.documents(call.keyspace).use(call.key, (live): Answer => {
    const held = live.facts();
    if (held === undefined) return missing();
    const body = Buffer.from(live.diff(call.body));
    const headers = ["Content-Type", UPDATE_TYPE, "Content-Length", String(body.length)];
    return { status: 200, headers, body, dots: held.dots };
  });
  return withRoom(call, answer);
}

function missing(): Answer {
  return problemAnswer(new AtollError("NOT_FOUND", "no such document"));
}

function expiry({ expiresAt }: DocumentFacts): string[] {
  return expiresAt === undefined ? [] : ["Atoll-Expires-At", new Date(expiresAt).toISOString()];
}

/** True where an update is asked for by its name: whoever takes anything gets JSON. */
function accepts(accept: string): boolean {
  return accept.split(",").some((range) => range.split(";", 1)[0]?.trim().toLowerCase() === UPDATE_TYPE);
}

function decodeVector(text: string): Uint8Array {
  if (/^[A-Za-z0-9_-]*={0,2}$/.test(text)) return Buffer.from(text, "base64url");
  throw new AtollError("BAD_REQUEST", "sv is a state vector as base64url");
}
