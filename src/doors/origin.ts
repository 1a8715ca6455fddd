/**
 * Which web pages may use the doors. A request without `Origin` does not come from a page's script and is not our
 * concern here; a page of our own host may; any other only when it is on the allow-list. Pages are recognised by the
 * whole origin, never by a part of it.
 *
 * The `Host` check is against DNS rebinding: a page of evil.example whose name suddenly resolves to 127.0.0.1 is of
 * 'our own host'. Where loopback is the only protection, only loopback's names (and those configured) are answered to.
 */

import { AtollError } from "../base/errors.ts";

export interface OriginPolicy {
  readonly any: boolean;
  readonly origins: ReadonlySet<string>;
}

const ORIGIN = /^https?:\/\/[^/?#@*\s]+$/;
const LOOPBACK = /^(localhost|[a-z0-9.-]+\.localhost|127(\.[0-9]{1,3}){3}|\[::1\])$/;

/**
 * The policy for origins such as `https://app.example`. `*` allows every page, and is refused with `BAD_CONFIG` unless
 * tokens are required: without them any page that a user visits could read and write everything.
 */
export function createOriginPolicy(origins: readonly string[], tokensRequired: boolean): OriginPolicy {
  const normal = origins.map((origin) => origin.trim().toLowerCase().replace(/\/$/, ""));
  const any = normal.includes("*");
  if (any && !tokensRequired) {
    throw new AtollError("BAD_CONFIG", "--allow-origin * needs --token-file: any web page could read and write");
  }
  for (const origin of normal) {
    if (origin !== "*" && !ORIGIN.test(origin)) {
      throw new AtollError("BAD_CONFIG", `--allow-origin ${origin}: write it as https://host or https://host:port`);
    }
  }
  return { any, origins: new Set(normal) };
}

export type OriginVerdict = "same" | "allowed" | "foreign";

/** Judges an `Origin` header that is there. `null`, which sandboxed pages send, is foreign unless every page is allowed. */
export function judgeOrigin(policy: OriginPolicy, origin: string, host: string | undefined): OriginVerdict {
  const normal = origin.toLowerCase();
  if (policy.origins.has(normal)) return "allowed";
  if (host !== undefined && ORIGIN.test(normal) && normal.slice(normal.indexOf("//") + 2) === host.toLowerCase()) {
    return "same";
  }
  return policy.any ? "allowed" : "foreign";
}

/** True for a `Host` header that names this machine from this machine, or one of `hosts` (lower case, without port). */
export function isExpectedHost(host: string, hosts: ReadonlySet<string>): boolean {
  const name = hostName(host);
  return LOOPBACK.test(name) || hosts.has(name);
}

/** The host of `host:port`, lower case, IPv6 in brackets. */
export function hostName(host: string): string {
  return host.toLowerCase().replace(/:[0-9]*$/, "");
}
