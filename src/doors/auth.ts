/**
 * Who may do what. Tokens are kept as SHA-256 only; a presented one is hashed and compared, in constant time, with every
 * entry, so that neither the time taken nor a copy of the memory says how close a guess was. A token may be limited to
 * keys under a prefix; then nothing that shows or changes more than those keys is allowed.
 */

import { createHash, timingSafeEqual } from "node:crypto";
import { latin1FromBytes } from "../base/bytes.ts";
import { AtollError } from "../base/errors.ts";

export type Scope = "read" | "write" | "admin";

const BEARER = /^bearer +([\x21-\x7e]+) *$/i;

export interface TokenEntry {
  readonly token: string;
  readonly scopes: readonly Scope[];
  /** Text that every key must begin with, compared as its UTF-8 bytes. */
  readonly prefix?: string;
}

/** A caller, as far as doors care. */
export interface Principal {
  readonly scopes: ReadonlySet<Scope>;
  /** As bytes in a latin1 string; empty for every key. */
  readonly prefix: string;
}

/**
 * `read` and `write` are about a key, or about all keys under a prefix; `observe` is the state of the cluster and the
 * metrics (scope `read` or `admin`); `admin` changes it. The last two are never allowed to a token with a prefix.
 */
export type Permission = "read" | "write" | "observe" | "admin";

export interface Auth {
  /** False where no tokens are configured: everyone may do everything. */
  readonly required: boolean;
  /** The caller who shows this token; `undefined`, after the same work, for every wrong one. */
  recognise(token: string | undefined): Principal | undefined;
}

/** The caller where nobody is asked who they are. */
export const ANYONE: Principal = { scopes: new Set<Scope>(["read", "write", "admin"]), prefix: "" };

/** No tokens: everyone may do everything. */
export const openAuth: Auth = { required: false, recognise: () => ANYONE };

interface KnownToken {
  readonly digest: Buffer;
  readonly principal: Principal;
}

/** Checks tokens against `entries`; with an empty list nobody gets in. */
export function createAuth(entries: readonly TokenEntry[]): Auth {
  const known: readonly KnownToken[] = entries.map((entry) => ({
    digest: digestOf(entry.token),
    principal: {
      scopes: new Set(entry.scopes),
      prefix: latin1FromBytes(Buffer.from(entry.prefix ?? "", "utf8")),
    },
  }));
  return {
    required: true,
    recognise(token) {
      const digest = digestOf(token ?? "");
      let found: Principal | undefined;
      for (const candidate of known) {
        if (timingSafeEqual(candidate.digest, digest)) found = candidate.principal;
      }
      return found;
    },
  };
}

/** The caller who shows this token. Throws `UNAUTHORIZED`. */
export function authenticate(auth: Auth, token: string | undefined): Principal {
  const principal = auth.recognise(token);
  if (principal === undefined) throw unauthorized(token);
  return principal;
}

export function unauthorized(token: string | undefined): AtollError {
  const message =
    token === undefined ? "this needs a token: Authorization: Bearer TOKEN" : "the token is not known here";
  return new AtollError("UNAUTHORIZED", message);
}

/**
 * Throws `FORBIDDEN` unless `who` may do `what`. For `read` and `write`, `under` is the key, or the prefix of all keys
 * that are asked about.
 */
export function authorise(who: Principal, what: Permission, under = ""): void {
  const { scopes, prefix } = who;
  if (what === "read" || what === "write") {
    if (!scopes.has(what)) throw forbidden(`the token lacks the scope ${what}`);
    if (!under.startsWith(prefix)) throw forbidden("the token is limited to keys under its prefix");
    return;
  }
  if (prefix !== "") throw forbidden("a token limited to a prefix sees and changes only its keys");
  const has = scopes.has("admin") || (what === "observe" && scopes.has("read"));
  if (!has) throw forbidden(`the token lacks the scope ${what === "observe" ? "read" : "admin"}`);
}

/** The token of an `Authorization` header; `undefined` where there is none in it. */
export function bearerToken(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  return BEARER.exec(header)?.[1];
}

function digestOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

function forbidden(message: string): AtollError {
  return new AtollError("FORBIDDEN", message);
}
