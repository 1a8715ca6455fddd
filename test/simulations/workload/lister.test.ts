import { expect, it } from "vitest";
import type { ListedAnswer } from "../../../simulations/workload/history.ts";
import { Lister } from "../../../simulations/workload/lister.ts";
import type { Operation } from "../../../simulations/workload/operation.ts";
import type { Stage, StageNode } from "../../../simulations/workload/stage.ts";
import type { Key } from "../../../src/base/ids.ts";
import type { Store } from "../../../src/store.ts";

/** Nodes whose keys have the versions given, with pages in the order of the keys; a cursor is the last key. */
function stageOf(contents: readonly Map<string, string>[], onWait: () => void = () => {}): Stage {
  const nodes = contents.map((content, index): StageNode => {
    const store = {
      keys: async ({ limit, cursor = "" }: { limit: number; cursor?: string }) => {
        const left = [...content.keys()].sort().filter((key) => key > cursor);
        const keys = left.slice(0, limit);
        return left.length > limit ? { keys, cursor: keys.at(-1) } : { keys };
      },
      get: async (key: Key) => {
        const version = content.get(key);
        return version === undefined ? {} : { entry: { version, value: new Uint8Array(0) } };
      },
    } as unknown as Store;
    return { index, replica: store, life: { number: 1, ended: false, pausedUntil: 0 }, clockTime: 0 };
  });
  return {
    now: 0,
    nodes,
    at: (_time, act) => {
      onWait();
      act();
    },
    node: (index) => nodes[index] as StageNode,
    trace: { record: () => {} },
    onLifeEnd: undefined,
    fail: () => {},
  };
}

async function list(stage: Stage, nodes: readonly number[]): Promise<ListedAnswer> {
  const listing = { limit: 1, gapMs: 1, nodes };
  const operation = { type: "keys", key: "", listing } as unknown as Operation;
  return (await new Lister(stage, operation, ["a", "b", "c"] as Key[]).run()) as ListedAnswer;
}

const all = (version: string): Map<string, string> => new Map(["a", "b", "c"].map((key) => [key, version]));

it("goes from node to node with the cursor", async () => {
  const answer = await list(stageOf([all("1"), all("2")]), [0, 1]);
  expect(answer.keys).toEqual(["a", "b", "c"]);
  expect(answer.throughout).toEqual(["a", "b", "c"]);
});

it("takes for there throughout only what no node that it asks has lost or replaced meanwhile", async () => {
  const changing = all("1");
  const replace = (): void => void changing.set("c", "2");
  expect((await list(stageOf([all("1"), changing], replace), [0, 1])).throughout).toEqual(["a", "b"]);
  expect((await list(stageOf([all("1"), changing], replace), [0])).throughout).toEqual(["a", "b", "c"]);
});
