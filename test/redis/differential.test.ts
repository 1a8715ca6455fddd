/**
 * Random sequences of commands are answered as Redis answers them, byte for byte, where this machine has one to ask.
 * `ATOLL_DIFFERENTIAL_SEQUENCES=100000` for a long run with a seed of its own, which `ATOLL_SEED` sets.
 */

import { afterAll, beforeAll, expect, test } from "vitest";
import { SeededRandom } from "../../src/base/random.ts";
import type { Node } from "../../src/node/create-node.ts";
import { linesOf } from "./differential/lines.ts";
import { type Difference, type Ports, playSurely } from "./differential/play.ts";
import { drawSequence, type Sequence } from "./differential/sequence.ts";
import { shrink } from "./differential/shrink.ts";
import { hasRedis, type RedisServer, startAtoll, startRedis } from "./servers.ts";

const TOLD = process.env.ATOLL_DIFFERENTIAL_SEQUENCES;
const SEQUENCES = Number(TOLD ?? 100);
const SEED = process.env.ATOLL_SEED ?? (TOLD === undefined ? "differential" : String(Date.now()));
/** So many are shown: one cause mostly has many. */
const SHOWN_MAX = Number(process.env.ATOLL_DIFFERENTIAL_SHOWN ?? 5);

let redis: RedisServer | undefined;
let atoll: { readonly node: Node; readonly port: number };

beforeAll(async () => {
  atoll = await startAtoll();
  redis = await startRedis();
});

afterAll(async () => {
  await atoll.node.stop();
  await redis?.stop();
});

test(`${SEQUENCES} random sequences of seed ${SEED} are answered as Redis answers them`, {
  timeout: 24 * 3_600_000,
}, async ({ skip }) => {
  if (!hasRedis) skip("there is no redis-server on this machine (Debian: apt-get install redis-server)");
  const ports = { ours: atoll.port, theirs: (redis as RedisServer).port };
  const shown = new Map<string, string>();
  for (let i = 0; i < SEQUENCES && shown.size < SHOWN_MAX; i++) {
    const sequence = drawSequence(new SeededRandom(`${SEED}/${i}`));
    const played = await playSurely(ports, sequence);
    if (played.difference === undefined) continue;
    const kind = kindOf(played.difference);
    if (!shown.has(kind))
      shown.set(kind, `sequence ${i} of seed ${SEED}, ${kind}:\n${await leastOf(ports, sequence, kind)}`);
  }
  expect([...shown.values()].join("\n\n")).toBe("");
});

function kindOf({ step, ours, theirs }: Difference): string {
  const begins = [ours, theirs].map((reply) => reply.slice(0, 12).replace(/\d+|\r\n.*/gs, "")).join(" for ");
  return `${step.words[0]?.toLowerCase()}: ${begins}`;
}

async function leastOf(ports: Ports, sequence: Sequence, kind: string): Promise<string> {
  let last: Difference | undefined;
  const least = await shrink(sequence, async (shorter) => {
    const { difference } = await playSurely(ports, shorter);
    if (difference === undefined || kindOf(difference) !== kind) return false;
    last = difference;
    return true;
  });
  if (last === undefined) return `${linesOf(sequence)}\n(it does not differ again)`;
  return `${linesOf(least)}\nAtoll: ${JSON.stringify(last.ours)}\nRedis: ${JSON.stringify(last.theirs)}`;
}
