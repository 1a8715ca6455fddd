/** What a test process that was killed left behind: replicas, paused ones above all, namespaces and folders. */

import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Of names of folders for runs; the number of the owning process follows. */
export const FOLDER_PREFIX = "atoll-processes-";
/** Tells whose child a replica is. */
export const OWNER_VARIABLE = "ATOLL_CHILD_OF";

/** Of names of namespaces: the number of the owning process, of the run and of the node follow. */
export const NAMESPACE_PREFIX = "atoll-";

/** Removes all of it that nobody owns any more. What belongs to a process that lives stays. */
export function removeLeftovers(): void {
  if (process.platform === "linux") killOrphans();
  for (const name of [...namespaces(), ...interfaces()])
    if (isAbandoned(name, NAMESPACE_PREFIX)) removeNamespaces(name);
  for (const name of readdirSync(tmpdir())) {
    if (isAbandoned(name, FOLDER_PREFIX)) rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}

/** Ends what runs in namespaces whose names begin so, and removes them with their interfaces. */
export function removeNamespaces(prefix: string): void {
  const isMeant = (name: string) => name === prefix || name.startsWith(`${prefix}-`);
  // A connection that nobody closed keeps a namespace alive for minutes, and this end of its interface with it.
  for (const name of interfaces()) if (isMeant(name)) outputOf("ip", "link", "del", interfaceOf(name));
  for (const name of namespaces().filter(isMeant)) {
    for (const pid of outputOf("ip", "netns", "pids", name).split(/\s+/)) if (pid !== "") kill(Number(pid));
    outputOf("ip", "netns", "del", name);
  }
}

/** A replica that has another parent than the one that started it was left alone. */
function killOrphans(): void {
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const owner = new RegExp(`(?:^|\\0)${OWNER_VARIABLE}=(\\d+)\\0`).exec(contentOf(`/proc/${name}/environ`))?.[1];
    const parent = /^PPid:\s+(\d+)$/m.exec(contentOf(`/proc/${name}/status`))?.[1];
    if (owner !== undefined && parent !== undefined && owner !== parent) kill(Number(name));
  }
}

function isAbandoned(name: string, prefix: string): boolean {
  if (!name.startsWith(prefix)) return false;
  const owner = /^\d+/.exec(name.slice(prefix.length))?.[0];
  return owner !== undefined && !existsSync(`/proc/${owner}`);
}

/** The interface of this side that leads into a namespace. Names of interfaces have at most 15 characters. */
export function interfaceOf(namespace: string): string {
  const [owner = "", ...rest] = namespace.slice(NAMESPACE_PREFIX.length).split("-");
  return [`at${Number(owner).toString(36)}`, ...rest].join("-");
}

/** The namespaces that such interfaces of this side lead into. */
function interfaces(): string[] {
  const folder = "/sys/class/net";
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return names.flatMap((name) => {
    const [, owner = "", rest] = /^at([0-9a-z]+)-(\d+-\d+)$/.exec(name) ?? [];
    return owner === "" ? [] : [`${NAMESPACE_PREFIX}${Number.parseInt(owner, 36)}-${rest}`];
  });
}

function namespaces(): string[] {
  const folder = "/var/run/netns";
  return existsSync(folder) ? readdirSync(folder) : [];
}

/** Empty where it cannot be read: its process may be gone, or another user's. */
function contentOf(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return "";
  }
}

function outputOf(program: string, ...words: string[]): string {
  try {
    return execFileSync(program, words, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  } catch {
    return "";
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}
