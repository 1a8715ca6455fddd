/**
 * Disks as older versions of this program left them: two replicas that were cut off from each other when they stopped. Each
 * file of `disk-formats` was written by the version that wrote that format; `early`: by the first one that did.
 */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { latin1FromBytes } from "../../src/base/bytes.ts";
import { DISK_FORMAT_VERSION, metaKey, openMeta, registerRange, sealMeta } from "../../src/replica/disk-layout.ts";
import { migrate } from "../../src/replica/disk-migrations.ts";
import type { StorageOperation } from "../../src/replica/ports.ts";
import { type Disk, DiskStorage, Machines } from "../support/machines.ts";

const FORMATS = ["1-early", "1", "2-early", "2", "3", "4"] as const;

interface Fixture {
  readonly now: number;
  readonly life: number;
  /** What is to be found once both have met. */
  readonly expected: Readonly<Record<string, string | null>>;
  /** Of replica `a`, which has all of that, and of `b`: keys and values. */
  readonly disk: readonly (readonly [string, string])[];
  readonly other: readonly (readonly [string, string])[];
}

function fixtureOf(format: string): Fixture {
  return JSON.parse(readFileSync(new URL(`./disk-formats/format-${format}.json`, import.meta.url), "utf8"));
}

function diskOf(entries: Fixture["disk"]): Disk {
  const bytes = (text: string) => new Uint8Array(Buffer.from(text, "base64"));
  return new Map(
    entries.map(([key, value]) => [latin1FromBytes(bytes(key)), { key: bytes(key), value: bytes(value) }]),
  );
}

const formatOf = (disk: Disk) => openMeta(disk.get(latin1FromBytes(metaKey))?.value ?? new Uint8Array()).format;

async function startOn(disks: Readonly<Record<string, Disk>>, now: number): Promise<Machines> {
  const machines = new Machines("migrations");
  machines.now = now;
  for (const [name, disk] of Object.entries(disks)) {
    await machines.start(name);
    machines.crash(name);
    machines.machine(name).disk = disk;
    machines.machine(name).logs.length = 0;
  }
  for (const name of Object.keys(disks)) await machines.start(name);
  return machines;
}

describe.each(FORMATS)("a disk of format %s", (format) => {
  const { now, life, expected, disk, other } = fixtureOf(format);

  it("is brought to the present one, whole, and says so", async () => {
    const mine = diskOf(disk);
    expect(formatOf(mine)).toBe(Number(format[0]));
    const machines = await startOn({ a: mine }, now);
    for (const [key, value] of Object.entries(expected)) expect(machines.get("a", key), key).toBe(value ?? undefined);
    expect(machines.at("a").life).toBeGreaterThan(life);
    expect(formatOf(mine)).toBe(DISK_FORMAT_VERSION);
    expect(machines.machine("a").logs).toEqual(["data-migrating", "data-migrated", "data-loaded"]);
    machines.crash("a");
    machines.machine("a").logs.length = 0;
    await machines.start("a");
    expect(machines.machine("a").logs).toEqual(["data-loaded"]);
  });

  it("goes on in its cluster, with what the others have not seen", async () => {
    const machines = await startOn({ a: diskOf(disk), b: diskOf(other) }, now);
    machines.run(10_000);
    for (const name of ["a", "b"]) {
      for (const [key, value] of Object.entries(expected))
        expect(machines.get(name, key), key).toBe(value ?? undefined);
      expect(machines.at(name).unreadyReasons(machines.now)).toEqual([]);
    }
    expect(machines.differences()).toEqual([]);
    expect(machines.machine("a").salvaged).toEqual([]);
  });

  it("is brought there also when that is interrupted, however often", async () => {
    const whole = diskOf(disk);
    await migrate(new DiskStorage(whole), () => {});
    for (let writes = 0; ; writes++) {
      const mine = diskOf(disk);
      const isDone = await migrate(new FailingStorage(mine, writes), () => {}).then(
        () => true,
        () => false,
      );
      await migrate(new DiskStorage(mine), () => {});
      expect(mine, `after ${writes} writes`).toEqual(whole);
      if (isDone) break;
    }
  });

  it("that is damaged is not made whole by that", async () => {
    const mine = diskOf(disk);
    const { from, to } = registerRange("all");
    const isRegister = (key: string) => key >= latin1FromBytes(from) && key < latin1FromBytes(to);
    const [register = ""] = [...mine.keys()].filter(isRegister);
    mine.delete(register);
    const machines = await startOn({ a: mine }, now);
    expect(machines.machine("a").logs).toContain("data-damaged");
  });
});

describe("a disk of a format that there is no step from", () => {
  it.each([
    [0, "DATA_UNREADABLE"],
    [DISK_FORMAT_VERSION + 1, "DATA_NEWER_FORMAT"],
  ])("is refused and left as it is: %i", async (format, code) => {
    const { disk, now } = fixtureOf("4");
    const mine = diskOf(disk);
    const { rest } = openMeta(mine.get(latin1FromBytes(metaKey))?.value ?? new Uint8Array());
    mine.set(latin1FromBytes(metaKey), { key: metaKey, value: sealMeta(format, rest) });
    const before = new Map(mine);
    await expect(startOn({ a: mine }, now)).rejects.toMatchObject({ code });
    expect(mine).toEqual(before);
  });
});

/** Takes so many writes and no more. */
class FailingStorage extends DiskStorage {
  #left: number;

  constructor(disk: Disk, writes: number) {
    super(disk);
    this.#left = writes;
  }

  override async write(operations: readonly StorageOperation[]): Promise<void> {
    if (this.#left-- === 0) throw new Error("the process ended");
    await super.write(operations);
  }
}
