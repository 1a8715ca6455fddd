/** The grammar of `--join`: `host:port`, `dns:name:port`, `file:path`, comma-separated. An IPv6 host stands in brackets. */

import type { JoinTarget } from "../base/join-target.ts";
import { isAddress } from "../runtime/dialler.ts";

interface HostPort {
  readonly host: string;
  readonly port: number;
}

const HOST_PORT = /^(?:\[(.+)\]|(.+)):(\d+)$/;

/** `host:port` with a port from 1 to 65535, as links can dial it; the host comes back without brackets. */
export function parseHostPort(text: string): HostPort | undefined {
  const match = isAddress(text) ? HOST_PORT.exec(text) : null;
  const host = match?.[1] ?? match?.[2];
  return host === undefined ? undefined : { host, port: Number(match?.[3]) };
}

/** The text that `parseHostPort` reads back. */
export function formatHostPort(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** One target; `undefined` for what is none. */
export function parseJoinTarget(text: string): JoinTarget | undefined {
  if (text.startsWith("file:")) {
    const path = text.slice("file:".length);
    return path === "" ? undefined : { type: "file", path };
  }
  if (text.startsWith("dns:")) {
    const address = parseHostPort(text.slice("dns:".length));
    return address === undefined ? undefined : { type: "dns", name: address.host, port: address.port };
  }
  const address = parseHostPort(text);
  return address === undefined ? undefined : { type: "address", ...address };
}

/** Every target of a comma-separated list; `undefined` where one of them is none. Spaces and empty items do not count. */
export function parseJoinTargets(text: string): readonly JoinTarget[] | undefined {
  const targets: JoinTarget[] = [];
  for (const item of text.split(",")) {
    const trimmed = item.trim();
    if (trimmed === "") continue;
    const target = parseJoinTarget(trimmed);
    if (target === undefined) return undefined;
    targets.push(target);
  }
  return targets;
}
