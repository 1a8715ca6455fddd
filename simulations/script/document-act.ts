/** What clients of a script do with documents at given times, and what became of it, by name. */

import { keyFromText } from "../../src/base/key.ts";
import type { AckLevel } from "../../src/store.ts";
import type { DocumentEntry } from "../documents/document-history.ts";
import type { DocumentOperation } from "../documents/document-operation.ts";
import type { Cluster } from "./cluster.ts";
import { type Duration, msOf } from "./duration.ts";
import { ScriptError } from "./script-error.ts";

interface Addressed {
  /** What the result knows it by; unique among the documents of a script. */
  readonly name: string;
  readonly at: Duration;
  /** The client goes there with what it has; where nobody is there, it works on alone. */
  readonly replica: string;
  /** Text; its UTF-8 bytes are the key. */
  readonly document: string;
  /** Who does it, of any name: each client has a copy of its own of each document. One for each replica unless told. */
  readonly client?: string;
}

interface Written extends Addressed {
  /** How far it must have got before it is answered; `memory` unless told. */
  readonly ack?: AckLevel;
}

/** Made by the functions below. */
export interface DocumentAct {
  readonly name: string;
  readonly client: string;
  readonly resolve: (cluster: Cluster, id: number, client: number) => DocumentOperation;
}

/** Types a word of its own at the end of the text, so that whoever reads the document is known to have read this one. */
export function typeIn(options: Written & { readonly characters?: number }): DocumentAct {
  return act(options, { type: "insert", length: options.characters ?? 10 });
}

export function readDocument(options: Addressed): DocumentAct {
  return act(options, { type: "read", length: 0 });
}

export function deleteDocument(options: Written): DocumentAct {
  return act(options, { type: "delete", length: 0 });
}

/** Says when a document expires, from then on; without `after`: it does not any more. */
export function expireDocument(options: Written & { readonly after?: Duration }): DocumentAct {
  const { after, name } = options;
  return act(options, {
    type: "lease",
    length: 0,
    ...(after !== undefined && { ttlMs: msOf(after, `document act ${JSON.stringify(name)}.after`) }),
  });
}

function act(
  { name, at, replica, document, client = replica, ack = "memory" }: Written,
  rest: Pick<DocumentOperation, "type" | "length" | "ttlMs">,
): DocumentAct {
  const what = `document act ${JSON.stringify(name)}`;
  return {
    name,
    client,
    resolve: (cluster, id, index) => ({
      id,
      at: msOf(at, `${what}.at`),
      client: index,
      node: cluster.nodeAt(replica, what),
      key: keyFromText(document),
      ack,
      place: 1,
      ...rest,
    }),
  };
}

/** The operations of acts, in their order. Throws `ScriptError` for two of one name, and for one after the end. */
export function documentsOf(
  acts: readonly DocumentAct[],
  { cluster, untilMs, firstId }: { readonly cluster: Cluster; readonly untilMs: number; readonly firstId: number },
): DocumentOperation[] {
  const clients = [...new Set(acts.map(({ client }) => client))];
  if (new Set(acts.map(({ name }) => name)).size < acts.length)
    throw new ScriptError("documents: two have the same name");
  return acts.map(({ name, client, resolve }, i) => {
    const operation = resolve(cluster, firstId + i, clients.indexOf(client));
    if (operation.at < untilMs) return operation;
    throw new ScriptError(`document act ${JSON.stringify(name)}: acts after the end of the script`);
  });
}

/** What became of an act on a document. */
export interface DocumentResult {
  /** `known`: the replica had all that was sent. */
  readonly type: "written" | "known" | "read" | "refused" | "failed" | "unanswered";
  readonly code: string | undefined;
  /** Of a write: the ack that was asked for came in time. */
  readonly isAckMet: boolean;
  /** Of a read: the names of the acts whose words stood in the text, in the order of the text. */
  readonly saw: readonly string[];
}

/** `names`: of the acts, by the numbers of their operations. */
export function documentResult(entry: DocumentEntry | undefined, names: ReadonlyMap<number, string>): DocumentResult {
  const answer = entry?.answer;
  const words = answer?.type === "read" ? [...answer.shown.text.matchAll(/<(\d+)>/g)] : [];
  return {
    type: answer?.type ?? "unanswered",
    code: answer?.type === "refused" || answer?.type === "failed" ? answer.code : undefined,
    isAckMet: answer?.type === "written" && answer.isAckMet,
    saw: words.map((match) => names.get(Number(match[1])) ?? "somebody else"),
  };
}
