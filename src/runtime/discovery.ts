/**
 * Where other replicas may be: addresses as given, names looked up, files read, all of it again every few seconds, so that
 * a replica started alone finds the rest later. What cannot be resolved now keeps the addresses it last had.
 */

import { lookup, resolve4, resolve6, resolveSrv } from "node:dns/promises";
import { readFile } from "node:fs/promises";
import type { JoinTarget } from "../base/join-target.ts";
import type { Cancel, Log, Scheduler } from "../replica/ports.ts";

const AGAIN_MS = 5000;
const FILE_ADDRESSES_MAX = 1024;

export interface DiscoveryOptions {
  readonly targets: readonly JoinTarget[];
  readonly scheduler: Scheduler;
  readonly log: Log;
  /** Told all addresses whenever they differ from those told before. */
  readonly found: (addresses: readonly string[]) => void;
}

export class Discovery {
  readonly #options: DiscoveryOptions;
  readonly #addressesByTarget = new Map<JoinTarget, readonly string[]>();
  readonly #failing = new Set<JoinTarget>();
  #told = "";
  #cancel: Cancel = () => {};
  #isStopped = false;

  constructor(options: DiscoveryOptions) {
    this.#options = options;
  }

  /** Resolves once the first look is over. */
  async start(): Promise<void> {
    await Promise.all(this.#options.targets.map((target) => this.#look(target)));
    this.#tell();
    if (this.#isStopped || this.#options.targets.every(({ type }) => type === "address")) return;
    this.#cancel = this.#options.scheduler.after(AGAIN_MS, () => void this.start());
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel();
  }

  async #look(target: JoinTarget): Promise<void> {
    try {
      this.#addressesByTarget.set(target, await addressesOf(target));
      this.#failing.delete(target);
    } catch (error) {
      if (this.#failing.has(target)) return;
      this.#failing.add(target);
      const reason = error instanceof Error ? error.message : String(error);
      this.#options.log("warn", "join-target-unresolved", { target: describe(target), reason });
    }
  }

  #tell(): void {
    const addresses = [...new Set([...this.#addressesByTarget.values()].flat())].sort();
    const told = addresses.join(",");
    if (told === this.#told || this.#isStopped) return;
    this.#told = told;
    this.#options.found(addresses);
  }
}

async function addressesOf(target: JoinTarget): Promise<readonly string[]> {
  switch (target.type) {
    case "address":
      return [withPort(target.host, target.port)];
    case "dns":
      return lookUp(target.name, target.port);
    case "file": {
      const text = await readFile(target.path, "utf8");
      const lines = text.split("\n").map((line) => line.replace(/#.*/, "").trim());
      return lines.filter((line) => line !== "").slice(0, FILE_ADDRESSES_MAX);
    }
  }
}

/**
 * A, AAAA and SRV records of a name, or else what the machine itself knows, such as the names in /etc/hosts. Fails only
 * when there is nothing of any kind.
 */
async function lookUp(name: string, port: number): Promise<readonly string[]> {
  const found = await Promise.allSettled([
    resolve4(name).then((hosts) => hosts.map((host) => withPort(host, port))),
    resolve6(name).then((hosts) => hosts.map((host) => withPort(host, port))),
    resolveSrv(name).then((records) => records.map((record) => withPort(record.name, record.port))),
  ]);
  const addresses = found.flatMap((result) => (result.status === "fulfilled" ? result.value : []));
  return addresses.length > 0 ? addresses : knownHere(name, port);
}

async function knownHere(name: string, port: number): Promise<readonly string[]> {
  try {
    return (await lookup(name, { all: true })).map(({ address }) => withPort(address, port));
  } catch (cause) {
    throw new Error(`no A, AAAA or SRV records of ${name}, and this machine knows no address of it`, { cause });
  }
}

function withPort(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function describe(target: JoinTarget): string {
  return target.type === "file" ? `file:${target.path}` : target.type === "dns" ? `dns:${target.name}` : target.host;
}
