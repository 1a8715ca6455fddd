/**
 * Where other replicas may be: addresses as given, names looked up, files read, all of it again every few seconds, so that
 * a replica started alone finds the rest later. What cannot be resolved now keeps the addresses it last had. Each is looked
 * for by itself: a name server that does not answer holds back nothing but what it would have said.
 */

import dns from "node:dns";
import { lookup, Resolver } from "node:dns/promises";
import { readFile } from "node:fs/promises";
import type { JoinTarget } from "../base/join-target.ts";
import type { Cancel, Log, Scheduler } from "../replica/ports.ts";

const AGAIN_MS = 5000;
const QUERY = { timeout: 2000, tries: 2 } as const;
const FILE_ADDRESSES_MAX = 1024;

/** What stands for addresses that change. */
type SoughtTarget = Exclude<JoinTarget, { readonly type: "address" }>;
type DnsTarget = Extract<JoinTarget, { readonly type: "dns" }>;

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
  readonly #cancels = new Map<JoinTarget, Cancel>();
  /** Of its own, so that what is under way can be given up; it asks whom this process asks. */
  readonly #resolver = new Resolver(QUERY);
  #told = "";
  #isStopped = false;

  constructor(options: DiscoveryOptions) {
    this.#options = options;
    // A named import would be bound to the servers of when it was loaded.
    this.#resolver.setServers(dns.getServers());
  }

  /** Tells addresses as they were given before it returns, and the rest once it is found. */
  start(): void {
    for (const target of this.#options.targets) {
      if (target.type === "address") this.#addressesByTarget.set(target, [withPort(target.host, target.port)]);
      else void this.#follow(target);
    }
    this.#tell();
  }

  stop(): void {
    this.#isStopped = true;
    for (const cancel of this.#cancels.values()) cancel();
    this.#resolver.cancel();
  }

  async #follow(target: SoughtTarget): Promise<void> {
    await this.#look(target);
    if (this.#isStopped) return;
    this.#tell();
    this.#cancels.set(
      target,
      this.#options.scheduler.after(AGAIN_MS, () => void this.#follow(target)),
    );
  }

  async #look(target: SoughtTarget): Promise<void> {
    try {
      this.#addressesByTarget.set(target, await addressesOf(target, this.#resolver));
      this.#failing.delete(target);
    } catch (error) {
      if (this.#failing.has(target) || this.#isStopped) return;
      this.#failing.add(target);
      const reason = error instanceof Error ? error.message : String(error);
      this.#options.log("warn", "join-target-unresolved", { target: describe(target), reason });
    }
  }

  #tell(): void {
    const addresses = [...new Set([...this.#addressesByTarget.values()].flat())].sort();
    const told = addresses.join(",");
    if (told === this.#told) return;
    this.#told = told;
    this.#options.found(addresses);
  }
}

async function addressesOf(target: SoughtTarget, resolver: Resolver): Promise<readonly string[]> {
  switch (target.type) {
    case "dns":
      return lookUp(target, resolver);
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
async function lookUp({ name, port }: DnsTarget, resolver: Resolver): Promise<readonly string[]> {
  const found = await Promise.allSettled([
    resolver.resolve4(name).then((hosts) => hosts.map((host) => withPort(host, port))),
    resolver.resolve6(name).then((hosts) => hosts.map((host) => withPort(host, port))),
    resolver.resolveSrv(name).then((records) => records.map((record) => withPort(record.name, record.port))),
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

function describe(target: SoughtTarget): string {
  return target.type === "file" ? `file:${target.path}` : `dns:${target.name}`;
}
