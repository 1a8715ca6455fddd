/**
 * File systems of one's own for tests: a small one that fills up, one in a file that can be copied mid-flight. Needs
 * root. Whatever is still mounted is unmounted when the test file that imports this has run; what a killed run left
 * behind goes at the next one.
 */

import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { mkdir, rm, rmdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll } from "vitest";

const run = promisify(execFile);

export interface Mount {
  readonly folder: string;
  unmount(): Promise<void>;
}

const SCRATCH_PREFIX = "atoll-mounts-";

const mountedFolders = new Set<string>();
let scratch: string | undefined;
let mounts = 0;

afterAll(() => {
  if (scratch !== undefined) removeScratch(scratch);
  scratch = undefined;
  mountedFolders.clear();
});

/** Why this machine cannot mount `kind`, for `skip`; nothing where it can. */
export function whyNoMounts(kind: "tmpfs" | "loop"): string | undefined {
  if (process.platform !== "linux") return "SKIPPED: needs Linux to mount file systems";
  if (process.getuid?.() !== 0) return "SKIPPED: needs root to mount file systems";
  const program = (names: readonly string[]) => names.some((name) => existsSync(name));
  if (!program(["/usr/bin/mount", "/bin/mount"])) return "SKIPPED: needs mount (Debian package mount)";
  if (kind === "loop") {
    if (!existsSync("/dev/loop-control")) return "SKIPPED: needs loop devices (/dev/loop-control)";
    if (!program(["/usr/sbin/mkfs.ext4", "/sbin/mkfs.ext4"]))
      return "SKIPPED: needs mkfs.ext4 (Debian package e2fsprogs)";
  }
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "atoll-probe", scratchFolder()], { stdio: "ignore" });
    execFileSync("umount", [scratchFolder()], { stdio: "ignore" });
  } catch {
    return "SKIPPED: this machine does not allow mounts";
  }
  return undefined;
}

/** A file system in memory that holds `size` bytes (`24m`). */
export function mountTmpfs(size: string): Promise<Mount> {
  return mount(["-t", "tmpfs", "-o", `size=${size}`, "atoll-test"]);
}

/** The file system in the file `image`. */
export function mountImage(image: string): Promise<Mount> {
  return mount(["-o", "loop", image]);
}

/** A folder of this process for images and the like. */
export function scratchFolder(): string {
  if (scratch === undefined) {
    removeLeftovers();
    scratch = mkdtempSync(join(tmpdir(), `${SCRATCH_PREFIX}${process.pid}-`));
  }
  return scratch;
}

async function mount(options: readonly string[]): Promise<Mount> {
  const folder = join(scratchFolder(), `mount-${++mounts}`);
  await mkdir(folder);
  await run("mount", [...options, folder]);
  mountedFolders.add(folder);
  return {
    folder,
    async unmount() {
      if (!mountedFolders.delete(folder)) return;
      // Lazy only where a process that was just killed has not let go yet.
      await run("umount", [folder]).catch(() => run("umount", ["--lazy", folder]));
      await rmdir(folder).catch(() => rm(folder, { recursive: true, force: true }));
    },
  };
}

/** Scratch folders of processes that are no more. */
function removeLeftovers(): void {
  for (const name of readdirSync(tmpdir())) {
    if (!name.startsWith(SCRATCH_PREFIX)) continue;
    const owner = name.slice(SCRATCH_PREFIX.length).split("-")[0];
    if (!existsSync(`/proc/${owner}`)) removeScratch(join(tmpdir(), name));
  }
}

function removeScratch(folder: string): void {
  const mountPoints = [folder, ...readdirSync(folder).map((name) => join(folder, name))];
  for (const mountPoint of mountPoints) {
    if (!isMountPoint(mountPoint)) continue;
    try {
      execFileSync("umount", ["--lazy", mountPoint], { stdio: "ignore" });
    } catch {
      return; // Still mounted: nothing below may be removed.
    }
  }
  rmSync(folder, { recursive: true, force: true });
}

function isMountPoint(folder: string): boolean {
  return readFileSync("/proc/self/mounts", "latin1").includes(` ${folder} `);
}
