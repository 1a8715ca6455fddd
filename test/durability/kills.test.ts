/**
 * A replica is killed at every system call that it makes on its files, one run for each: while it starts on a folder with
 * tables and a log, takes writes until its log is full and goes into a table, and stops. Then at moments of no meaning.
 * What is left is opened: all that was answered with `ack=disk` is there, nothing that was never written is, and nothing
 * is damaged. Short of a power cut the kernel keeps what it was handed, so this is about the order of calls, not of blocks.
 */

import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { SeededRandom } from "../../src/base/random.ts";
import { Load, onDiskOf } from "../end-to-end/load.ts";
import { createReplica, type Launch, type ReplicaProcess, temporaryFolder } from "../end-to-end/replica-process.ts";
import { loadBallast, missingBallast } from "./ballast.ts";
import { Campaign } from "./campaign.ts";
import { complaintsIn, readFolder } from "./folder-reader.ts";
import { FILE_KINDS, type FileKind, killedAt, SYSTEM_CALLS, type SystemCall, whyNoStrace } from "./system-calls.ts";

const campaign = new Campaign(import.meta.url, 3);
/** Among the other tests: as many calls as that, drawn by the seed. */
const CALLS_SHORT = 6;
const AT_ONCE = 2;
const TEMPLATE = { prefix: "template/", keys: 400, valueBytes: 1000 };
/** More than LevelDB's log takes: it is written out into a table meanwhile. */
const BULK = { prefix: "bulk/", keys: 1200, valueBytes: 8000 };
/** A random kill comes within so long, while it starts or once it has. */
const MOMENTS_MS = 1000;

interface Moment {
  readonly from: "spawn" | "start";
  readonly ms: number;
}

const reason = whyNoStrace();

describe("a replica that is killed", () => {
  let template: string;
  let templateContents: ReadonlyMap<string, string>;

  beforeAll(async () => {
    const author = await createReplica("victim");
    await author.start();
    const tables = await loadBallast(author, TEMPLATE);
    // The next start writes the log out into a table.
    await author.stop();
    await author.start();
    const log = await loadBallast(author, { ...TEMPLATE, prefix: "template log/" });
    await author.kill();
    template = author.config.data;
    templateContents = new Map([...tables, ...log]);
  });

  it.skipIf(reason)(
    `at ${campaign.isLong ? "every" : `${CALLS_SHORT}`} system call, loses nothing that is on disk ${reason ?? ""}`,
    {
      timeout: campaign.isLong ? 4 * 3_600_000 : 120_000,
    },
    async () => {
      const random = new SeededRandom(`${campaign.seed}/calls`);
      const series = FILE_KINDS.flatMap((kind) => SYSTEM_CALLS.map((call) => ({ kind, call })));
      if (campaign.isLong) await inTurns(series, countOut);
      else {
        const likely = series.filter(({ kind }) => kind === "log" || kind === "table" || kind === "manifest");
        const drawn = Array.from({ length: CALLS_SHORT }, () => ({
          ...random.pick(likely.filter(({ call }) => call === "write" || call === "fdatasync" || call === "openat")),
          when: random.between(1, 4),
        }));
        await inTurns(drawn, async ({ kind, call, when }) => void (await killAtCall(kind, call, when)));
      }
      campaign.show();
    },
  );

  it(`at ${campaign.runs} moments of no meaning, loses nothing that is on disk`, {
    timeout: 60_000 + campaign.runs * 20_000,
  }, async () => {
    const random = new SeededRandom(`${campaign.seed}/moments`);
    const moments = Array.from({ length: campaign.runs }, () => ({
      from: random.pick(["spawn", "start", "start"] as const),
      ms: random.between(1, MOMENTS_MS),
    }));
    await inTurns(moments, async (moment) => {
      await run(`killed ${moment.ms} ms after its ${moment.from}`, () => ({}), moment);
      campaign.count("kills at random moments");
    });
    campaign.show();
  });

  /** Until a run ends without having come to such a call so often. */
  async function countOut({ kind, call }: { readonly kind: FileKind; readonly call: SystemCall }): Promise<void> {
    for (let when = 1; await killAtCall(kind, call, when); when++) {}
  }

  /** False where the run ended by itself. */
  async function killAtCall(kind: FileKind, call: SystemCall, when: number): Promise<boolean> {
    const what = `killed at ${call} of ${kind} no. ${when}`;
    const isKilled = await run(what, (data) => killedAt(data, kind, call, when));
    campaign.count(isKilled ? "kills at system calls" : "runs that ended by themselves");
    if (isKilled) campaign.count(`at ${call} of ${kind}`);
    return isKilled;
  }

  /** One life on a copy of the template, and what is left of it. False where it ended by itself. */
  async function run(what: string, launch: (data: string) => Launch, moment?: Moment): Promise<boolean> {
    const folder = temporaryFolder();
    const data = join(folder, "data");
    cpSync(template, data, { recursive: true });
    const victim = await createReplica("victim", { data, memoryBytes: 32 << 20 }, launch(data));
    const load = new Load({
      seed: `${campaign.seed}/${what}`,
      coldKeys: 100,
      acks: ["memory", "disk", "disk"],
      shortTtlMsMax: 50,
    });
    try {
      const { isKilled, bulk } = await live(victim, load, moment);
      const expected = new Map([...templateContents, ...bulk]);
      const history = load.history(onDiskOf(victim));
      const now = Date.now();
      const found = await readFolder(data, [...history.keys(), ...expected.keys()]);
      const told = new Map(history.keys().map((key) => [key, [found.answers.get(key)]]));
      const violations = [...history.violations(told, now), ...missingBallast(expected, found.answers)];
      const about = `${what}: ${violations.length} violations, ${JSON.stringify(history.counts())}; ${campaign.replay}`;
      expect(violations.slice(0, 10), about).toEqual([]);
      expect(complaintsIn(found.facts), `${what}: damage; ${campaign.replay}`).toEqual([]);
      campaign.count("promises checked", history.counts().promised);
      return isKilled;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** Starts, works, stops; how far it came until it was killed. `bulk`: what of it was answered. */
  async function live(
    victim: ReplicaProcess,
    load: Load,
    moment: Moment | undefined,
  ): Promise<{ readonly isKilled: boolean; readonly bulk: ReadonlyMap<string, string> }> {
    const bulk = new Map<string, string>();
    const { spawned } = victim;
    const starting = victim.start();
    starting.catch(() => {});
    const child = await spawned;
    const exit = new Promise<NodeJS.Signals | null>((resolve) =>
      child.once("exit", (_code, signal) => resolve(signal)),
    );
    // Its clients would only be refused, as fast as they ask.
    exit.then(() => load.shut(victim));
    let timer: NodeJS.Timeout | undefined;
    const comeTo = (from: Moment["from"]) => {
      if (moment?.from === from) timer = setTimeout(() => child.kill("SIGKILL"), moment.ms);
    };
    comeTo("spawn");
    try {
      await starting;
      comeTo("start");
      load.start([victim]);
      for (let part = 0; part < BULK.keys; part += 100) {
        const options = { ...BULK, prefix: `${BULK.prefix}${part}/`, keys: 100 };
        for (const [key, value] of await loadBallast(victim, options)) bulk.set(key, value);
      }
      await load.stop();
      await victim.stop();
    } catch (error) {
      if ((await exit) !== "SIGKILL") throw error;
    }
    clearTimeout(timer);
    await load.stop();
    return { isKilled: (await exit) === "SIGKILL", bulk };
  }
});

/** Does `work` for each of `items`, a few at a time. */
async function inTurns<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const left = [...items];
  const worker = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
