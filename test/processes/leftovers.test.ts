import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { untilTrue } from "../end-to-end/until.ts";
import { FOLDER_PREFIX, removeLeftovers } from "./leftovers.ts";

/** A parent that starts a replica's stand-in, tells its process id, and waits. */
const PARENT = `
  const { spawn } = require("node:child_process");
  const env = { ...process.env, ATOLL_CHILD_OF: String(process.pid) };
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { env, stdio: "ignore" });
  console.log(child.pid);
  setInterval(() => {}, 1000);
`;

describe.skipIf(process.platform !== "linux")("what a killed test leaves behind", () => {
  const parents: ChildProcess[] = [];
  const orphans: number[] = [];
  const folders: string[] = [];
  afterEach(() => {
    for (const parent of parents.splice(0)) parent.kill("SIGKILL");
    for (const pid of orphans.splice(0)) if (existsSync(`/proc/${pid}`)) process.kill(pid, "SIGKILL");
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  });

  async function startFamily(): Promise<{ readonly parent: ChildProcess; readonly child: number }> {
    const parent = spawn(process.execPath, ["-e", PARENT], { stdio: ["ignore", "pipe", "inherit"] });
    parents.push(parent);
    const [line] = (await once(parent.stdout as NodeJS.ReadableStream, "data")) as [Buffer];
    const child = Number(line.toString());
    orphans.push(child);
    await untilTrue("it runs", () => readFileSync(`/proc/${child}/environ`, "latin1").includes("ATOLL_CHILD_OF"));
    return { parent, child };
  }

  function folderOf(pid: number | undefined): string {
    const folder = join(tmpdir(), `${FOLDER_PREFIX}${pid}-test`);
    folders.push(folder);
    mkdirSync(folder);
    return folder;
  }

  it("goes: a paused replica, too, and its folder", async () => {
    const { parent, child } = await startFamily();
    const folder = folderOf(parent.pid);
    process.kill(child, "SIGSTOP");
    parent.kill("SIGKILL");
    await once(parent, "exit");
    removeLeftovers();
    await untilTrue("the orphan is gone", () => !existsSync(`/proc/${child}/environ`) || isZombie(child));
    expect(existsSync(folder)).toBe(false);
  });

  it("is not what belongs to a test that still runs", async () => {
    const { parent, child } = await startFamily();
    const folder = folderOf(parent.pid);
    removeLeftovers();
    expect(isZombie(child)).toBe(false);
    expect(existsSync(`/proc/${child}`)).toBe(true);
    expect(existsSync(folder)).toBe(true);
  });
});

function isZombie(pid: number): boolean {
  return existsSync(`/proc/${pid}`) && /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "latin1"));
}
