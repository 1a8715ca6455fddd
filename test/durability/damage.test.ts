/**
 * One bit of one file is flipped, or one of its pages is torn, while a replica is down: in its log, its tables, its manifest,
 * CURRENT, the lock and the diary, and in files that `restore` reads. Either it is harmless, and all is there as it was;
 * or it is detected, and said. A log whose end is gone is what the disk was like some time ago, which nobody can tell from
 * that disk alone: once it meets its peer, that tells it, or has told nobody of what is missing, and brings it back. No value is ever served that was not written under its key. Some of the damaged folders
 * are given back to the replica in its cluster: it has all it had from its peer, and goes on.
 */

import { cpSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SeededRandom } from "../../src/base/random.ts";
import { openBackupFile } from "../../src/cli/backup-file.ts";
import { readEverywhere } from "../end-to-end/load.ts";
import {
  createCluster,
  type ReplicaProcess,
  startAll,
  temporaryFolder,
  untilEqual,
  untilLinked,
} from "../end-to-end/replica-process.ts";
import { archiveOf, recordOf } from "../support/archives.ts";
import { Campaign } from "./campaign.ts";
import { complaintsIn, readFolder } from "./folder-reader.ts";

const campaign = new Campaign(import.meta.url, 25);
const REPAIRS = campaign.isLong ? Math.ceil(campaign.runs / 40) : 1;
const PAGE_BYTES = 4096;
const KEYS = 300;

/** Files of a data folder, by what they are; the more often named, the more often damaged. */
const kinds = {
  log: /^db\/\d+\.log$/,
  table: /^db\/\d+\.ldb$/,
  manifest: /^db\/MANIFEST-\d+$/,
  current: /^db\/CURRENT$/,
  lock: /^db\/LOCK$/,
  diary: /^db\/LOG(\.old)?$/,
  salvaged: /^salvaged-.*\.records$/,
  backup: /\.backup$/,
} as const;
type Kind = keyof typeof kinds;
const DRAWN: readonly Kind[] = [
  ...["log", "log", "log", "log", "table", "table", "table", "table"],
  ...["manifest", "manifest", "manifest", "current", "lock", "diary", "salvaged", "backup"],
] as readonly Kind[];

let replicas: readonly ReplicaProcess[];
/** Folders of both replicas as they were left. */
let templates: readonly string[];
let expected: Map<string, string | undefined>;
/** All that was ever written under each key. */
const written = new Map<string, Set<string>>();
const random = new SeededRandom(campaign.seed);

async function put(replica: ReplicaProcess, key: string, generation: number): Promise<void> {
  const noise = Array.from({ length: 20 }, () => random.uint32().toString(36)).join("");
  const value = `${key}:${generation}:${noise}`;
  const { status } = await replica.http.put(key, value, "?ack=all");
  expect([201, 204], key).toContain(status);
  expected.set(key, value);
  written.set(key, (written.get(key) ?? new Set()).add(value));
}

async function remove(replica: ReplicaProcess, key: string): Promise<void> {
  expect((await replica.http.delete(key, "?ack=all")).status).toBe(204);
  expected.set(key, undefined);
}

/** Writes, overwrites and deletes `keys` keys of a prefix at either replica. */
async function edit(prefix: string, keys: number): Promise<void> {
  const [a, b] = replicas as [ReplicaProcess, ReplicaProcess];
  const names = Array.from({ length: keys }, (_, i) => `${prefix}${i}`);
  await Promise.all(names.map((key, i) => put(i % 2 === 0 ? a : b, key, 1)));
  await Promise.all(names.slice(0, keys / 3).map((key) => put(b, key, 2)));
  await Promise.all(names.slice(keys / 4, keys / 2).map((key) => remove(a, key)));
}

beforeAll(async () => {
  expected = new Map();
  replicas = await createCluster(["a", "b"]);
  await startAll(replicas);
  const [, b] = replicas as [ReplicaProcess, ReplicaProcess];
  await edit("first/", KEYS);
  // Each start writes the log out into a table.
  await b.stop();
  await b.start();
  await untilLinked(replicas);
  await edit("first/", KEYS / 2);
  await b.stop();
  await b.start();
  await untilLinked(replicas);
  await edit("last/", KEYS / 2);
  await untilEqual(replicas);
  await Promise.all(replicas.map((replica) => replica.stop()));
  const folder = temporaryFolder();
  templates = replicas.map(({ config, id }) => {
    const template = join(folder, id);
    cpSync(config.data, template, { recursive: true });
    return template;
  });
  const records = Array.from({ length: 40 }, (_, i) => recordOf(`salvaged/${i}`, `${i}`.repeat(30)));
  writeFileSync(join(templates[1] ?? "", "salvaged-b.records"), Buffer.concat(records));
  writeFileSync(join(templates[1] ?? "", "all.backup"), await archiveOf([{ keyspace: "default", records }]));
}, 120_000);

afterAll(() => campaign.show());

describe(`${campaign.runs} bits flipped and pages torn`, () => {
  it("are harmless or detected, and no value is served that was not written", {
    timeout: 120_000 + campaign.runs * 5000,
  }, async () => {
    const folder = join(temporaryFolder(), "data");
    for (let run = 1; run <= campaign.runs; run++) {
      rmSync(folder, { recursive: true, force: true });
      cpSync(templates[1] ?? "", folder, { recursive: true });
      const { what, path, kind } = damage(folder);
      campaign.count(`in ${kind}`);
      if (kind === "salvaged" || kind === "backup") await checkRestored(path, what);
      else await checkRead(folder, what);
      campaign.count("damages");
    }
  });

  it(`are made good by a peer, ${REPAIRS} of them`, { timeout: 60_000 + REPAIRS * 60_000 }, async () => {
    for (let run = 1; run <= REPAIRS; run++) {
      const damaged = join(temporaryFolder(), "damaged");
      cpSync(templates[1] ?? "", damaged, { recursive: true });
      const { what, kind } = damage(damaged);
      await checkRepaired(damaged, what);
      campaign.count(`repaired: ${kind}`);
    }
  });
});

/** Damages one place of a folder, which the seed chooses. */
function damage(folder: string): { readonly what: string; readonly path: string; readonly kind: Kind } {
  const kind = random.pick(DRAWN);
  const paths = filesIn(folder).filter((path) => kinds[kind].test(path));
  const path = join(folder, random.pick(paths));
  const bytes = readFileSync(path);
  const place = bytes.length === 0 ? 0 : random.below(bytes.length);
  const page = place - (place % PAGE_BYTES);
  const way = random.pick(["flip", "flip", "flip", "zeroed", "cut off", "from elsewhere"] as const);
  if (bytes.length === 0) writeFileSync(path, "x");
  else if (way === "flip") {
    const bit = random.below(8);
    bytes[place] = (bytes[place] ?? 0) ^ (1 << bit);
    writeFileSync(path, bytes);
  } else if (way === "zeroed") writeFileSync(path, bytes.fill(0, page, Math.min(bytes.length, page + PAGE_BYTES)));
  else if (way === "cut off") truncateSync(path, page);
  else {
    const other = random.below(Math.ceil(bytes.length / PAGE_BYTES)) * PAGE_BYTES;
    bytes.copy(bytes, page, other, Math.min(bytes.length, other + PAGE_BYTES));
    writeFileSync(path, bytes);
  }
  campaign.count(way === "flip" ? "bits flipped" : "pages torn");
  return { what: `${way} at ${place} of ${basename(path)}; ${campaign.replay}`, path, kind };
}

function filesIn(folder: string): string[] {
  return (readdirSync(folder, { recursive: true }) as string[]).filter((path) => statSync(join(folder, path)).isFile());
}

async function checkRead(folder: string, what: string): Promise<void> {
  const damaged = join(temporaryFolder(), "damaged");
  cpSync(folder, damaged, { recursive: true });
  const { answers, facts } = await readFolder(folder, expected.keys());
  let others = 0;
  for (const [key, answer] of answers) {
    if (answer !== undefined) expect(written.get(key)?.has(answer.value), `${key} was never that; ${what}`).toBe(true);
    if (answer?.value !== expected.get(key)) others++;
  }
  if (complaintsIn(facts).length > 0) campaign.count("detected");
  else if (others === 0) campaign.count("harmless");
  else {
    const said = await checkRepaired(damaged, `${others} keys differ, and nobody says so; ${what}`);
    campaign.count(said.includes("quarantine") ? "detected by the peer" : "made good by the peer");
  }
  rmSync(damaged, { recursive: true });
}

/** A file that `restore` reads: whole, as it was, or refused. */
async function checkRestored(path: string, what: string): Promise<void> {
  const template = join(templates[1] ?? "", basename(path));
  const { identity } = await openBackupFile(template, "default", () => {});
  const found = await openBackupFile(path, "default", () => {}).then(
    (file) => file.identity,
    (error: { readonly code?: string }) => error.code,
  );
  if (found === identity) campaign.count("harmless");
  else {
    // What a salvaged file that was cut off between two registers has lost, nobody can know.
    const isShorter = statSync(path).size < statSync(template).size && basename(path).startsWith("salvaged");
    if (!isShorter) expect(["BACKUP_DAMAGED", "BACKUP_UNKNOWN_FORMAT"], what).toContain(found);
    campaign.count("detected");
  }
}

/** A damaged folder under a real replica, beside its peer: it has all in the end. Returns what it logged. */
async function checkRepaired(damaged: string, what: string): Promise<readonly string[]> {
  const [a, b] = replicas as [ReplicaProcess, ReplicaProcess];
  for (const [place, { config }] of replicas.entries()) {
    rmSync(config.data, { recursive: true, force: true });
    cpSync(place === 0 ? (templates[0] ?? "") : damaged, config.data, { recursive: true });
  }
  const beginning = b.logs.length;
  await startAll(replicas);
  await untilEqual(replicas);
  const answers = await readEverywhere([...expected.keys()], replicas);
  for (const [key, values] of answers) {
    for (const value of values) expect(value?.value, `${key} after repair; ${what}`).toBe(expected.get(key));
  }
  const mark = b.logs.length;
  // What it has now is on its disk, and whole.
  await b.stop();
  await b.start();
  await untilLinked(replicas);
  expect(complaintsIn(b.logs.slice(mark)), `after repair; ${what}`).toEqual([]);
  expect(await a.metric("atoll_divergence_repaired_total"), what).toBe(0);
  await Promise.all(replicas.map((replica) => replica.stop()));
  campaign.count("repaired");
  return b.logs.slice(beginning, mark).map(({ event }) => event);
}
