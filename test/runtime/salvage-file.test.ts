import { mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SalvageFile } from "../../src/runtime/salvage-file.ts";
import { joined, recordOf } from "../support/archives.ts";
import { mountTmpfs, whyNoMounts } from "../support/mounts.ts";

const [a, b, c] = ["a", "b", "c"].map((key) => recordOf(key, key.repeat(1000))) as [Uint8Array, Uint8Array, Uint8Array];

describe("the file of what a quarantine dropped", () => {
  let folder: string;
  let path: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "atoll-salvage-"));
    path = join(folder, "salvaged-r.records");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const contents = () => new Uint8Array(readFileSync(path));

  it("takes registers behind those that are there, also in a later process", async () => {
    const file = new SalvageFile(path);
    await file.append([a]);
    await file.append([b]);
    await new SalvageFile(path).append([c]);
    expect(contents()).toEqual(joined([a, b, c]));
  });

  it("cuts off what a process left that ended in the middle of a register", async () => {
    for (const cut of [1, 30, 500, b.length - 1]) {
      writeFileSync(path, joined([a, b]));
      truncateSync(path, a.length + b.length - cut);
      await new SalvageFile(path).append([c]);
      expect(contents(), `${cut} bytes missing`).toEqual(joined([a, c]));
    }
  });

  it("sets a file aside that is damaged before its end", async () => {
    const bytes = joined([a, b]);
    bytes[a.length - 5] = 0;
    writeFileSync(path, bytes);
    await new SalvageFile(path).append([c]);
    expect(contents()).toEqual(c);
    const [aside = ""] = readdirSync(folder).filter((name) => name.includes(".damaged-"));
    expect(new Uint8Array(readFileSync(join(folder, aside)))).toEqual(bytes);
  });
});

const reason = whyNoMounts("tmpfs");

describe.skipIf(reason)(`the file of what a quarantine dropped, on a full disk ${reason ?? ""}`, () => {
  it("is whole once there is room again", async () => {
    const mount = await mountTmpfs("64k");
    try {
      const file = new SalvageFile(join(mount.folder, "salvaged-r.records"));
      await file.append([a]);
      const { bavail, bsize } = statfsSync(mount.folder);
      const filler = join(mount.folder, "filler");
      writeFileSync(filler, Buffer.alloc((bavail - 1) * bsize));
      const many = Array.from({ length: 20 }, () => b);
      await expect(file.append(many)).rejects.toThrow("ENOSPC");
      rmSync(filler);
      await file.append([c]);
      expect(new Uint8Array(readFileSync(file.path))).toEqual(joined([a, c]));
    } finally {
      await mount.unmount();
    }
  });
});
