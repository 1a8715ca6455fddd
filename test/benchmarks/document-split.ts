/** Two servers, a cut between them, edits on both sides, and whether both sides have all once it has healed. */

import { BenchClient } from "./document-client.ts";
import { DocumentServer } from "./document-server.ts";
import type { Kind } from "./document-server-child.ts";
import type { BenchmarkRow } from "./report.ts";

const EDITS = 100;
const KEY = "split";
/** For a cluster to find together, and for what never comes. */
const WAIT_MS = 20_000;
const NEVER_MS = 5_000;

/** Ms from the healing of the cut until both have all; undefined when they have not in time. */
async function healingMs(kind: Kind): Promise<number | undefined> {
  const a = await DocumentServer.start(kind);
  const b = await DocumentServer.start(kind, { joinPort: a.port });
  const clients = [new BenchClient(a, KEY), new BenchClient(b, KEY)];
  const all = (length: number, ms: number) => Promise.all(clients.map((client) => client.has(length, ms)));
  const write = () => {
    for (const { text } of clients) for (let edit = 0; edit < EDITS; edit++) text.insert(text.length, "x");
  };
  try {
    write();
    const isLinked = kind === "atoll";
    const met = await all(2 * EDITS, isLinked ? WAIT_MS : NEVER_MS);
    if (isLinked && !met.every(Boolean)) throw new Error("two replicas did not find each other");
    if (isLinked) await a.ask("cut", [await b.ask("id")]);
    write();
    if (isLinked && (await all(4 * EDITS, 1_000)).some(Boolean)) throw new Error("the cut does not cut");
    const from = performance.now();
    if (isLinked) await a.ask("cut", []);
    const isWhole = (await all(4 * EDITS, isLinked ? WAIT_MS : NEVER_MS)).every(Boolean);
    return isWhole ? performance.now() - from : undefined;
  } finally {
    for (const client of clients) client.close();
    await Promise.all([a.kill(), b.kill()]);
  }
}

export async function splitRows(): Promise<readonly BenchmarkRow[]> {
  const ours = await healingMs("atoll");
  const theirs = await healingMs("y-websocket-server");
  return [
    {
      what: `two servers, a cut, ${EDITS} edits on each side: all is on both after`,
      value: ours ?? Infinity,
      unit: "ms",
      against: theirs === undefined ? "theirs: never, two servers share nothing" : `theirs (${Math.round(theirs)} ms)`,
    },
  ];
}
