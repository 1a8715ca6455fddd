/** Reads the files that hold secrets and tokens. What is in them appears in no message. */

import { readFileSync, statSync } from "node:fs";
import { z } from "zod";
import { bytesFromLatin1, latin1FromBytes } from "../base/bytes.ts";
import { SCOPES, type TokenEntry } from "../node/node-config.ts";
import { UsageError } from "./usage-error.ts";

const SECRET_BYTES_MIN = 16;
const SECRET_BYTES_MAX = 4096;
const TOKEN_CHARACTERS_MIN = 16;
const TOKEN_CHARACTERS_MAX = 512;
const TOKEN_FILE_BYTES_MAX = 1024 ** 2;
const KEY_BYTES_MAX = 1024;

export interface PrivateFile<T> {
  readonly content: T;
  readonly warnings: readonly string[];
}

/** The file's bytes, with a warning when others on this machine can read it. Throws `UsageError` naming `source`. */
export function readPrivateBytes(path: string, source: string): PrivateFile<Uint8Array> {
  try {
    const { mode, size } = statSync(path);
    if (size > TOKEN_FILE_BYTES_MAX) throw new UsageError(`${source}: ${path} is over ${TOKEN_FILE_BYTES_MAX} bytes`);
    const isReadableByOthers = process.platform !== "win32" && (mode & 0o004) !== 0;
    const warnings = isReadableByOthers ? [`${source}: every user of this machine can read ${path}; chmod 600 it`] : [];
    return { content: readFileSync(path), warnings };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${source}: cannot read ${path}: ${systemReason(error)}`);
  }
}

/** A text in PEM form, which may be read by everybody. Throws `UsageError` naming `source`. */
export function readPem(path: string, source: string, label: string): string {
  const text = new TextDecoder().decode(readPrivateBytes(path, source).content);
  if (!text.includes(`-----BEGIN ${label}-----`)) {
    throw new UsageError(`${source}: ${path} holds no ${label.toLowerCase()} in PEM form`);
  }
  return text;
}

/** "no such file" for ENOENT, and so on: the part of a system error that a person needs. */
export function systemReason(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "ENOENT") return "no such file";
  if (code === "EACCES" || code === "EPERM") return "permission denied";
  if (code === "EISDIR") return "it is a folder";
  return code === "" ? String(error) : code;
}

/** The secret that all replicas share; a line break at the end does not belong to it. */
export function readSecretFile(path: string, source: string): PrivateFile<Uint8Array> {
  const file = readPrivateBytes(path, source);
  const secret = bytesFromLatin1(latin1FromBytes(file.content).replace(/\r?\n$/, ""));
  if (secret.length < SECRET_BYTES_MIN || secret.length > SECRET_BYTES_MAX) {
    throw new UsageError(`${source}: the secret in ${path} must be ${SECRET_BYTES_MIN} to ${SECRET_BYTES_MAX} bytes`);
  }
  return { content: secret, warnings: file.warnings };
}

const tokenEntrySchema = z.strictObject({
  token: z
    .string()
    .min(TOKEN_CHARACTERS_MIN, `a token has at least ${TOKEN_CHARACTERS_MIN} characters`)
    .max(TOKEN_CHARACTERS_MAX, `a token has at most ${TOKEN_CHARACTERS_MAX} characters`)
    .regex(/^[\x21-\x7e]+$/, "a token is made of visible ASCII characters"),
  scopes: z
    .array(z.enum(SCOPES, `scopes are ${SCOPES.join(", ")}`), "scopes must be a list")
    .min(1, "scopes must not be empty")
    .refine((scopes) => new Set(scopes).size === scopes.length, "a scope stands there twice"),
  prefix: z
    .string("prefix must be a text")
    .refine((prefix) => !/\p{Surrogate}/u.test(prefix), "prefix is not well-formed text")
    .refine((prefix) => Buffer.byteLength(prefix) <= KEY_BYTES_MAX, `a prefix has at most ${KEY_BYTES_MAX} bytes`)
    .optional(),
});

const tokenFileSchema = z
  .array(tokenEntrySchema, 'it must be a list: [{ "token", "scopes", "prefix"? }]')
  .min(1, "the list is empty")
  .max(10_000, "over 10,000 tokens")
  .superRefine((entries, context) => {
    const seen = new Map<string, number>();
    for (const [index, entry] of entries.entries()) {
      const earlier = seen.get(entry.token);
      if (earlier !== undefined) {
        context.addIssue({ code: "custom", path: [index], message: `the same token as entry ${earlier + 1}` });
      }
      seen.set(entry.token, index);
    }
  });

/** The tokens that clients may show, with what each may do. */
export function readTokenFile(path: string, source: string): PrivateFile<readonly TokenEntry[]> {
  const file = readPrivateBytes(path, source);
  const parsed = tokenFileSchema.safeParse(parseJson(file.content, path, source));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const index = issue?.path[0];
    const where = typeof index === "number" ? `${path}, entry ${index + 1}` : path;
    throw new UsageError(`${source}: ${where}: ${issue?.message ?? "not a token file"}`);
  }
  const tokens = parsed.data.map(
    ({ token, scopes, prefix }): TokenEntry => ({ token, scopes, ...(prefix !== undefined && { prefix }) }),
  );
  return { content: tokens, warnings: file.warnings };
}

/** The one token a client shows: the file's text, or the first entry of a token file as replicas have it. */
export function readClientToken(path: string, source: string): PrivateFile<string> {
  const file = readPrivateBytes(path, source);
  const content = latin1FromBytes(file.content).trim();
  if (content.startsWith("[")) {
    const [first] = readTokenFile(path, source).content;
    if (first !== undefined) return { content: first.token, warnings: file.warnings };
  }
  if (!/^[\x21-\x7e]{1,512}$/.test(content)) throw new UsageError(`${source}: ${path} holds no token`);
  return { content, warnings: file.warnings };
}

/** The parser's own message would quote the file: it is left out. */
function parseJson(bytes: Uint8Array, path: string, source: string): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new UsageError(`${source}: ${path} is not JSON`);
  }
}
