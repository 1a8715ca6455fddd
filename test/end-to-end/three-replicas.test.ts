/**
 * Three replicas under write load through every door, while links are cut, one replica is killed and another paused.
 * The seed fixes the order of faults and what each client writes; how they fall together is up to the machine. As many faults as
 * there are kinds are each of a kind; `ATOLL_EPISODES` says how many.
 */

import { describe, expect, it } from "vitest";
import { SeededRandom } from "../../src/base/random.ts";
import { Load, readEverywhere } from "./load.ts";
import { createCluster, type ReplicaProcess, reportsOf, startAll, untilEqual, untilLinked } from "./replica-process.ts";
import { untilTrue } from "./until.ts";

const EPISODES = Number(process.env.ATOLL_EPISODES ?? 7);
const SEED = Number(process.env.ATOLL_SEED ?? Date.now() % 1_000_000);
const REPLAY = `ATOLL_SEED=${SEED} ATOLL_EPISODES=${EPISODES} npx vitest run test/end-to-end/three-replicas.test.ts`;

/** Answered writes that a fault lasts, and that pass between two. */
const WRITES_DURING = 200;
const WRITES_BETWEEN = 100;

const faults = {
  /** One alone, two together. */
  async alone({ replicas, random, load }) {
    const [one, ...others] = random.shuffle([...replicas]);
    if (one === undefined) return;
    await one.cut(others);
    await load.proceeds(WRITES_DURING, one);
    await one.cut([]);
  },
  /** Nobody sees anybody. */
  async shattered({ replicas, load }) {
    for (const replica of replicas) await replica.cut(replicas.filter((other) => other !== replica));
    for (const replica of replicas) await load.proceeds(WRITES_DURING / 4, replica);
    for (const replica of replicas) await replica.cut([]);
  },
  /** Two do not see each other, the third sees both. */
  async bridge({ replicas, random, load }) {
    const [one, other] = random.shuffle([...replicas]);
    if (one === undefined || other === undefined) return;
    await one.cut([other]);
    await load.proceeds(WRITES_DURING);
    await one.cut([]);
  },
  async kill({ replicas, random, load }) {
    const victim = random.pick(replicas);
    await untilLinked(replicas);
    load.shut(victim);
    await victim.kill();
    await load.proceeds(WRITES_DURING);
    await victim.start();
    load.open(victim);
    await untilLinked(replicas);
  },
  /** Killed again while it catches up. */
  async killTwice({ replicas, random, load }) {
    const victim = random.pick(replicas);
    await untilLinked(replicas);
    load.shut(victim);
    for (let time = 0; time < 2; time++) {
      await victim.kill();
      await load.proceeds(WRITES_DURING / 2);
      await victim.start();
    }
    load.open(victim);
    await untilLinked(replicas);
  },
  /** Too short for anybody to notice. */
  async pause({ replicas, random, load }) {
    const victim = random.pick(replicas);
    load.shut(victim);
    victim.pause();
    await load.proceeds(WRITES_DURING);
    victim.resume();
    load.open(victim);
  },
  /** Until the others have given its links up. */
  async pauseLong({ replicas, random, load }) {
    const victim = random.pick(replicas);
    load.shut(victim);
    victim.pause();
    for (const other of replicas) {
      if (other === victim) continue;
      await untilTrue(`${other.id} notices that ${victim.id} is gone`, async () =>
        (await other.status()).members.some(
          ({ id, state }) => (id === victim.id && state === "unreachable") || state === "dead",
        ),
      );
    }
    victim.resume();
    load.open(victim);
  },
} satisfies Record<string, (scene: Scene) => Promise<void>>;

interface Scene {
  readonly replicas: readonly ReplicaProcess[];
  readonly random: SeededRandom;
  readonly load: Load;
}

type Fault = keyof typeof faults;

/** Every fault about equally often, in an order of chance. */
function schedule(random: SeededRandom): Fault[] {
  const names = Object.keys(faults) as Fault[];
  const order: Fault[] = [];
  while (order.length < EPISODES) order.push(...random.shuffle([...names]));
  return order.slice(0, EPISODES);
}

describe("three replicas", () => {
  it(`end equal after ${EPISODES} faults under load, and lose nothing they promised`, {
    timeout: 90_000 + EPISODES * 20_000,
  }, async () => {
    const random = new SeededRandom(SEED);
    const replicas = await createCluster(["a", "b", "c"]);
    await startAll(replicas);
    const load = new Load({ seed: String(SEED) });
    load.start(replicas);
    const order = schedule(random.fork("order"));
    for (const fault of order) {
      await load.proceeds(WRITES_BETWEEN);
      await faults[fault]({ replicas, random, load });
    }
    await load.proceeds(WRITES_BETWEEN);
    const history = await load.stop();
    const equalAfterMs = await untilEqual(replicas, 30_000);
    const state = { ...history.counts(), equalAfterMs: Math.round(equalAfterMs), order };
    const about = `${JSON.stringify(state)}; replay: ${REPLAY}`;
    const answers = await readEverywhere(history.keys(), replicas);
    const violations = history.violations(answers, Date.now());
    expect(violations.slice(0, 10), `${violations.length} violations, ${about}`).toEqual([]);
    const live = [...answers.values()].filter(([first]) => first !== undefined).length;
    expect(await registersOf(replicas), about).toEqual(replicas.map(() => live));
    for (const replica of replicas) {
      expect(await replica.metric("atoll_divergence_repaired_total"), `repaired at ${replica.id}, ${about}`).toBe(0);
      expect(await replica.metric("atoll_bad_frames_total"), about).toBe(0);
      expect(await replica.metric("atoll_quarantines_total"), about).toBe(0);
    }
    await deletedStayDeleted(replicas, [...answers.keys()], random.fork("deletions"), about);
  });
});

/** Deletes a third of the keys, waits until nobody remembers them, and kills everybody in turn. */
async function deletedStayDeleted(
  replicas: readonly ReplicaProcess[],
  keys: readonly string[],
  random: SeededRandom,
  about: string,
): Promise<void> {
  const deleted = keys.filter(() => random.chance(1 / 3));
  for (const key of deleted) {
    const { status } = await random.pick(replicas).http.delete(key, "?ack=memory");
    expect(status, about).toBe(204);
  }
  await untilEqual(replicas);
  await untilTrue(
    "all tombstones are purged",
    async () => (await Promise.all(replicas.map((replica) => replica.status()))).every((each) => each.tombstones === 0),
    { withinMs: 60_000, describe: () => reportsOf(replicas) },
  );
  for (const replica of replicas) {
    await replica.kill();
    await replica.start();
    await untilLinked(replicas);
  }
  await untilEqual(replicas);
  const answers = await readEverywhere(deleted, replicas);
  const back = [...answers].filter(([, answered]) => answered.some((each) => each !== undefined));
  expect(back.slice(0, 10), `deleted keys came back, ${about}`).toEqual([]);
}

async function registersOf(replicas: readonly ReplicaProcess[]): Promise<number[]> {
  return (await Promise.all(replicas.map((replica) => replica.status()))).map(({ registers }) => registers);
}
