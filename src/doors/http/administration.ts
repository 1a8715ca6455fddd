/** What operators and their tools ask: the cluster, health, metrics, and cutting links in drills. */

import { AtollError } from "../../base/errors.ts";
import { checkFields, checkReplicaIds } from "../fields.ts";
import { isObject, parseJsonBytes } from "../json.ts";
import { type Answer, jsonAnswer, problemAnswer } from "./answer.ts";
import type { Call, DoorFacts } from "./call.ts";

const METRICS_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";
const FAULT_FIELDS: ReadonlySet<string> = new Set(["cut"]);

export async function showCluster(call: Call): Promise<Answer> {
  return jsonAnswer(200, await call.store.status());
}

/** The process lives and answers; no more is meant by it. */
export async function showHealth(): Promise<Answer> {
  return jsonAnswer(200, { status: "ok" });
}

/** 200 when in sync and able to serve, else 503 with the reasons. */
export async function showReadiness(_call: Call, facts: DoorFacts): Promise<Answer> {
  const { ready, reasons } = facts.isClosing() ? SHUTTING_DOWN : facts.local.readiness();
  if (ready) return jsonAnswer(200, { ready: true, reasons: [] });
  const code = facts.isClosing() ? "SHUTTING_DOWN" : "NOT_READY";
  return problemAnswer(new AtollError(code, reasons.join("; ")), { ready: false, reasons });
}

const SHUTTING_DOWN = { ready: false, reasons: ["shutting down"] };

export async function showMetrics(_call: Call, facts: DoorFacts): Promise<Answer> {
  const body = Buffer.from(await facts.metrics.exposition(), "utf8");
  return { status: 200, headers: ["Content-Type", METRICS_CONTENT_TYPE, "Content-Length", String(body.length)], body };
}

/**
 * Drops every link to the named replicas, both ways, until set otherwise. One that is no member may be named: a cut can be
 * set before the two meet. It is told back as `unknown`, since it is more often a typing error.
 */
export async function setFaults(call: Call, facts: DoorFacts): Promise<Answer> {
  if (!facts.faultsEnabled) throw new AtollError("FAULTS_DISABLED", "start with --enable-faults to cut links");
  const message = parseJsonBytes(call.body);
  if (!isObject(message)) throw new AtollError("BAD_REQUEST", 'faults are { "cut": ["replica-id", ...] }');
  checkFields(message, FAULT_FIELDS);
  const cut = checkReplicaIds(message.cut);
  const { replica, members } = await facts.local.status();
  if (cut.includes(replica)) throw new AtollError("CANNOT_CUT_SELF", `${replica} is this replica: name the others`);
  facts.local.cut(cut);
  const known = new Set(members.map(({ id }) => id));
  return jsonAnswer(200, { cut, unknown: cut.filter((id) => !known.has(id)) });
}
