/**
 * Every case is answered as Redis answers it, in both versions of the protocol, where this machine has one to ask. What changes
 * many members at once does so whatever the version, and is asked for in one.
 */

import { afterAll, beforeAll, expect, test } from "vitest";
import type { Node } from "../../src/node/create-node.ts";
import { answersOf } from "./case-answers.ts";
import { groupsOf } from "./case-text.ts";
import { collections } from "./cases/collections.ts";
import { connections } from "./cases/connections.ts";
import { geo } from "./cases/geo.ts";
import { hashes } from "./cases/hashes.ts";
import { keys } from "./cases/keys.ts";
import { lists } from "./cases/lists.ts";
import { longAnswers } from "./cases/long-answers.ts";
import { longChanges } from "./cases/long-changes.ts";
import { scriptPatterns } from "./cases/script-patterns.ts";
import { scriptLibraries, scripts } from "./cases/scripts.ts";
import { sets } from "./cases/sets.ts";
import { sortedSetKeys } from "./cases/sorted-set-keys.ts";
import { sortedSets } from "./cases/sorted-sets.ts";
import { strings } from "./cases/strings.ts";
import { hasRedis, type RedisServer, startAtoll, startRedis } from "./servers.ts";

const families = {
  ...{ strings, keys, collections, hashes, sets, lists, sortedSets, sortedSetKeys, geo, connections },
  ...{ longAnswers, longChanges, scripts, scriptLibraries, scriptPatterns },
};

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
    for (const version of text === longChanges ? ["3"] : ["2", "3"]) {
      test(`answers as Redis does, RESP${version}, ${family}: ${name}`, async ({ skip }) => {
        if (!hasRedis) skip("there is no redis-server on this machine (Debian: apt-get install redis-server)");
        const ours = await answersOf(atoll.port, version, cases);
        const theirs = await answersOf((redis as RedisServer).port, version, cases);
        expect(ours).toEqual(theirs);
      });
    }
  }
}
