/** Every case is answered as Redis answers it, in both versions of the protocol, where this machine has one to ask. */

import { afterAll, beforeAll, expect, test } from "vitest";
import type { Node } from "../../src/node/create-node.ts";
import { type Case, groupsOf } from "./case-text.ts";
import { collections } from "./cases/collections.ts";
import { connections } from "./cases/connections.ts";
import { hashes } from "./cases/hashes.ts";
import { keys } from "./cases/keys.ts";
import { lists } from "./cases/lists.ts";
import { sets } from "./cases/sets.ts";
import { strings } from "./cases/strings.ts";
import { type Answer, RespClient } from "./resp-client.ts";
import { hasRedis, type RedisServer, startAtoll, startRedis } from "./servers.ts";

const families = { strings, keys, collections, hashes, sets, lists, connections };

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

for (const [family, text] of Object.entries(families)) {
  for (const { name, cases } of groupsOf(text)) {
    for (const version of ["2", "3"]) {
      test(`answers as Redis does, RESP${version}, ${family}: ${name}`, async ({ skip }) => {
        if (!hasRedis) skip("there is no redis-server on this machine (Debian: apt-get install redis-server)");
        const ours = await answersOf(atoll.port, version, cases);
        const theirs = await answersOf((redis as RedisServer).port, version, cases);
        expect(ours).toEqual(theirs);
      });
    }
  }
}

async function answersOf(port: number, version: string, cases: readonly Case[]): Promise<readonly string[]> {
  const client = await RespClient.connect(port);
  await client.send("FLUSHALL");
  await client.send("HELLO", version);
  const answers: string[] = [];
  for (const { line, words, compares } of cases) {
    const answer = await client.send(...words);
    answers.push(`${line} => ${JSON.stringify(compared(answer, compares))}`);
  }
  await client.close();
  return answers;
}

function compared(answer: Answer, compares: Case["compares"]): Answer {
  if (compares === "about") return typeof answer === "number" ? Math.round(answer / 2000) : answer;
  if (compares === "kind") return kindOf(answer);
  if (compares === "unordered") return sorted(answer);
  return answer;
}

/** Lists and sets sorted; maps by their keys. */
function sorted(answer: Answer): Answer {
  if (Array.isArray(answer)) return inOrder(answer.map(sorted));
  const { set, map } = (answer ?? {}) as { readonly set?: readonly Answer[]; readonly map?: readonly Answer[] };
  if (set !== undefined) return { set: inOrder(set) };
  if (map === undefined) return answer;
  const pairs = map.flatMap((key, i) => (i % 2 === 0 ? [[key, map[i + 1]]] : []));
  return { map: inOrder(pairs).flat() };
}

function inOrder<T>(answers: readonly T[]): T[] {
  return [...answers].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

function kindOf(answer: Answer): string {
  if (typeof answer === "object" && answer !== null && "error" in answer)
    return String(answer.error).split(" ")[0] ?? "";
  return typeof answer;
}
