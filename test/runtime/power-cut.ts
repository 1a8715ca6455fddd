/**
 * Power cuts without a plug: an ext4 file system in a file. What the file holds at some moment is what a disk would
 * hold had the power gone then: the dirty pages of the file system inside are not in it. Killing a process alone proves
 * nothing, for the kernel still writes out what it had left behind.
 *
 * The writer is stopped while the image is copied, so that the copy is one moment and not a stretch of time; what its
 * threads had asked of the kernel goes on, which is how cuts fall into the middle of a sync.
 */

import { type ChildProcess, execFile } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Mount, mountImage, scratchFolder, whyNoMounts } from "../support/mounts.ts";

const run = promisify(execFile);

let images = 0;

/** Why power cannot be cut on this machine, for `skip`; nothing where it can. */
export function whyNoPowerCuts(): string | undefined {
  return whyNoMounts("loop");
}

/** How many cuts a test is to make: `ATOLL_POWER_CUTS`, or `unlessTold`. */
export function powerCutsWanted(unlessTold: number): number {
  const told = Number(process.env.ATOLL_POWER_CUTS);
  return Number.isSafeInteger(told) && told > 0 ? told : unlessTold;
}

/** A mounted disk whose power can be cut. */
export class PowerCutDisk {
  readonly #image: string;
  readonly #mount: Mount;

  private constructor(image: string, mount: Mount) {
    this.#image = image;
    this.#mount = mount;
  }

  /** A new, empty disk of 64 to 256 MB. */
  static async create(megabytes: number): Promise<PowerCutDisk> {
    const image = newImage();
    await run("truncate", ["--size", `${megabytes}M`, image]);
    await run("mkfs.ext4", ["-q", image]);
    return new PowerCutDisk(image, await mountImage(image));
  }

  /** Where it is mounted. */
  get folder(): string {
    return this.#mount.folder;
  }

  /**
   * Cuts the power of this disk and of `writers`, which are killed: returns the disk as it comes up again, its journal
   * replayed. This one is gone.
   */
  async cut(writers: readonly ChildProcess[]): Promise<PowerCutDisk> {
    const exits = writers.filter(isRunning).map((writer) => once(writer, "exit"));
    const image = await this.#copyOfImage(writers, "SIGKILL");
    await Promise.all(exits);
    await this.dispose();
    return new PowerCutDisk(image, await mountImage(image));
  }

  /** The disk as it would come up had the power gone now. This one, and its `writers`, go on. */
  async asAfterACut(writers: readonly ChildProcess[]): Promise<PowerCutDisk> {
    const image = await this.#copyOfImage(writers, "SIGCONT");
    return new PowerCutDisk(image, await mountImage(image));
  }

  /** What the image holds now; `writers` stand still meanwhile, and get `signal` then. */
  async #copyOfImage(writers: readonly ChildProcess[], signal: "SIGKILL" | "SIGCONT"): Promise<string> {
    const image = newImage();
    for (const writer of writers) writer.kill("SIGSTOP");
    try {
      await run("cp", ["--sparse=always", this.#image, image]);
    } finally {
      for (const writer of writers) writer.kill(signal);
    }
    return image;
  }

  /** Unmounts and deletes it. Safe to call twice. */
  async dispose(): Promise<void> {
    await this.#mount.unmount();
    await rm(this.#image, { force: true });
  }
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

function newImage(): string {
  return join(scratchFolder(), `disk-${++images}.img`);
}
