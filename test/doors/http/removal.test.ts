/** Maps and sets that are removed over HTTP at a replica that does not keep them, while something else comes under their keys. */

import { expect, it } from "vitest";
import type { Key } from "../../../src/base/ids.ts";
import type { Call, DoorFacts } from "../../../src/doors/http/call.ts";
import { deleteMap } from "../../../src/doors/http/maps.ts";
import { NO_QUERY } from "../../../src/doors/http/query.ts";
import { deleteSet } from "../../../src/doors/http/sets.ts";
import { CommandWorld } from "../../support/command-world.ts";
import { NAME } from "../../support/placed-world.ts";

const LATENCY_MS = 20;

it("leaves what is put in their place, whenever that is", async () => {
  const placed = new CommandWorld({
    ...{ seed: "removal", regions: ["eu", "eu"], settings: { replication: 1 } },
    quality: () => ({ latencyMs: LATENCY_MS }),
  });
  await placed.begin();
  const owner = placed.at(0);
  const facts = { commands: placed.commandsOf(1) } as unknown as DoorFacts;
  const key = placed.keyOf([0]) as Key;
  const call = { keyspace: NAME, key, query: NO_QUERY, room: () => undefined } as unknown as Call;
  for (const [begin, removal] of [
    [`hset ${key} f v`, deleteMap],
    [`sadd ${key} m`, deleteSet],
  ] as const) {
    for (let ms = LATENCY_MS / 2; ms < 10 * LATENCY_MS; ms += LATENCY_MS) {
      await owner.do(`del ${key}`);
      await owner.do(begin);
      const outcome = removal(call, facts).then(
        ({ status }) => status,
        (error: { readonly code: string }) => error.code,
      );
      await placed.run(ms);
      await owner.do(`set ${key} kept`);
      expect([204, "WRONG_TYPE"]).toContain(await placed.do(outcome));
      expect(await owner.do(`get ${key}`), `${ms} ms later`).toBe("kept");
    }
    await owner.do(`del ${key}`);
    await owner.do(begin);
    expect((await placed.do(removal(call, facts))).dots).toHaveLength(1);
    expect(await owner.do(`exists ${key}`)).toBe(0);
    expect((await placed.do(removal(call, facts))).status).toBe(204);
  }
});
