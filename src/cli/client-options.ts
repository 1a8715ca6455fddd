/** What all commands that talk to a replica have in common: where it is, which keyspace, which token. */

import { Command } from "commander";
import { parseDurationMs } from "../base/duration.ts";
import type { Key } from "../base/ids.ts";
import { keyFromText } from "../base/key.ts";
import { isTtlMs } from "../base/ttl.ts";
import { HttpClient } from "../client/http-client.ts";
import { decodePercent } from "../client/percent.ts";
import type { Fetch } from "../client/trusting-fetch.ts";
import { ACK_LEVELS, type AckLevel } from "../store.ts";
import { CommandFailure } from "./command-failure.ts";
import { parseHostPort } from "./join-target.ts";
import { say } from "./terminal.ts";
import { UsageError } from "./usage-error.ts";
import { untilDone } from "./wait.ts";

export interface ClientOptions {
  readonly url?: string;
  readonly keyspace?: string;
  readonly tokenFile?: string;
  readonly tlsCa?: string;
  readonly wait?: string;
}

const KEY_BYTES_MAX = 1024;
const TAG_BYTES_MAX = 128;
const TAGS_MAX = 16;
const WAIT_MS_MAX = 86_400_000;

/** A command with the options that `createClient` reads; `keyspace`: what its keyspace is, for `--help`. */
export function clientCommand(name: string, keyspace = "keyspace (default: default)"): Command {
  return new Command(name)
    .option(
      "--url <URLS>",
      "replica to talk to, a URL or host:port; of a comma-separated list, the first that answers (default: http://127.0.0.1:7400)",
    )
    .option("--keyspace <NAME>", keyspace)
    .option("--token-file <FILE>", "file with the token to show")
    .option("--tls-ca <FILE>", "certificate authority (PEM) that an https replica must be signed by")
    .option("--wait <TIME>", "first wait until the replica is ready, at most this long: 30s, 5m");
}

/** Whom a command talks to, and as whom. */
export interface ClientTarget {
  readonly urls: readonly string[];
  /** Absent: `default`. */
  readonly keyspace?: string;
  readonly token?: string;
  /** File with a certificate authority. */
  readonly caFile?: string;
}

/**
 * As the options, or else the variables `ATOLL_URL`, `ATOLL_KEYSPACE`, `ATOLL_TOKEN_FILE` and `ATOLL_TLS_CA`, ask for. Throws
 * `UsageError`.
 */
export async function readTarget(options: ClientOptions): Promise<ClientTarget> {
  const urls = options.url ?? (process.env.ATOLL_URL || "http://127.0.0.1:7400");
  const keyspace = options.keyspace ?? (process.env.ATOLL_KEYSPACE || undefined);
  if (keyspace !== undefined && !/^[A-Za-z0-9._-]{1,64}$/.test(keyspace)) {
    throw new UsageError("--keyspace must be 1 to 64 letters, digits, dots, underscores or hyphens");
  }
  const tokenFile = options.tokenFile ?? (process.env.ATOLL_TOKEN_FILE || undefined);
  const token = tokenFile === undefined ? undefined : await readToken(tokenFile);
  const caFile = options.tlsCa ?? (process.env.ATOLL_TLS_CA || undefined);
  return {
    urls: parseUrls(urls),
    ...(keyspace !== undefined && keyspace !== "default" && { keyspace }),
    ...(token !== undefined && { token }),
    ...(caFile !== undefined && { caFile }),
  };
}

/** A client of what the options ask for, once it is ready if they say so. */
export async function createClient(options: ClientOptions): Promise<HttpClient> {
  return connectClient(await readTarget(options), options);
}

export async function connectClient(target: ClientTarget, { wait }: ClientOptions): Promise<HttpClient> {
  const { caFile, ...others } = target;
  const client = new HttpClient({ ...others, ...(caFile !== undefined && { fetch: await trusting(caFile) }) });
  const waitMs = parseWait(wait);
  if (waitMs > 0) await untilDone(waitMs, client.url, () => client.checkReady());
  return client;
}

async function readToken(path: string): Promise<string> {
  // The checker of token files takes longer to load than most commands to run.
  const { readClientToken } = await import("./private-file.ts");
  const { content, warnings } = readClientToken(path, "--token-file");
  for (const warning of warnings) say(`atoll: ${warning}`);
  return content;
}

async function trusting(caFile: string): Promise<Fetch> {
  const [{ readPem }, { createTrustingFetch }] = await Promise.all([
    import("./private-file.ts"),
    import("../client/trusting-fetch.ts"),
  ]);
  return createTrustingFetch(readPem(caFile, "--tls-ca", "CERTIFICATE"));
}

/** Base URLs of replicas; `host:port`, as `--join` has it, stands for http. Throws `UsageError`. */
export function parseUrls(list: string): readonly string[] {
  const urls = list.split(",").map((item) => item.trim());
  return urls.filter((item) => item !== "").map(parseUrl);
}

function parseUrl(item: string): string {
  const text = parseHostPort(item) === undefined ? item : `http://${item}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isHttp = url?.protocol === "http:" || url?.protocol === "https:";
  if (url === undefined || !isHttp || url.search !== "" || url.hash !== "" || url.username !== "") {
    throw new UsageError(`--url must be URLs such as http://127.0.0.1:7400, or host:port, not ${JSON.stringify(item)}`);
  }
  return url.href.replace(/\/+$/, "");
}

/** A key as typed; with `encoded`, percent-encoded bytes. Throws `UsageError`. */
export function parseKey(text: string, encoded: boolean | undefined): Key {
  const key = parseBytesArgument(text, encoded);
  if (key === "") throw new UsageError("the key is empty");
  if (key.length > KEY_BYTES_MAX) throw new UsageError(`a key has at most ${KEY_BYTES_MAX} bytes, not ${key.length}`);
  return key as Key;
}

/** A tag as typed; with `encoded`, percent-encoded bytes. Throws `UsageError`. */
export function parseTag(text: string, encoded: boolean | undefined): string {
  const tag = parseBytesArgument(text, encoded);
  if (tag.length >= 1 && tag.length <= TAG_BYTES_MAX) return tag;
  throw new UsageError(`a tag has 1 to ${TAG_BYTES_MAX} bytes, not ${tag.length}`);
}

/** Tags as typed, comma-separated. Throws `UsageError`. */
export function parseTags(list: string | undefined, encoded: boolean | undefined): readonly string[] | undefined {
  const tags = list?.split(",").map((part) => parseTag(part.trim(), encoded));
  if (tags === undefined || tags.length <= TAGS_MAX) return tags;
  throw new UsageError(`a value has at most ${TAGS_MAX} tags`);
}

/** A prefix as typed, which may be empty. */
export function parsePrefix(text: string | undefined, encoded: boolean | undefined): string {
  const prefix = parseBytesArgument(text ?? "", encoded);
  if (prefix.length > KEY_BYTES_MAX) throw new UsageError(`a prefix has at most ${KEY_BYTES_MAX} bytes`);
  return prefix;
}

function parseBytesArgument(text: string, encoded: boolean | undefined): string {
  if (encoded !== true) return keyFromText(text);
  const bytes = decodePercent(text);
  if (bytes === undefined) throw new UsageError("--encoded: every % must be followed by two hex digits");
  return bytes;
}

/** A whole number from 1 to `max`; undefined where none was given. Throws `UsageError`, which names the flag. */
export function parseCount(text: string | undefined, flag: string, max: number): number | undefined {
  if (text === undefined) return undefined;
  const count = /^\d{1,15}$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= max) return count;
  throw new UsageError(`${flag} must be a whole number from 1 to ${max}`);
}

export function parseAck(text: string | undefined): AckLevel | undefined {
  if (text === undefined) return undefined;
  const level = ACK_LEVELS.find((candidate) => candidate === text);
  if (level === undefined) throw new UsageError(`--ack must be one of ${ACK_LEVELS.join(", ")}`);
  return level;
}

export function parseTtl(text: string | undefined, flag = "--ttl"): number | undefined {
  if (text === undefined) return undefined;
  const ms = parseDurationMs(text);
  if (!isTtlMs(ms)) {
    throw new UsageError(`${flag} must be a duration such as 500ms, 60s, 10m, 24h or 7d, from 1ms to 3650d`);
  }
  return ms;
}

/** In ms; 0 when nobody is to wait. */
export function parseWait(text: string | undefined): number {
  if (text === undefined) return 0;
  const ms = parseDurationMs(text);
  if (ms === undefined || ms < 1 || ms > WAIT_MS_MAX) {
    throw new UsageError("--wait must be a duration such as 30s or 5m, from 1ms to 1d");
  }
  return ms;
}

/** Fails when the write stayed but did not get as far as `--ack` asked. */
export function checkAcks(answer: { readonly outcome: string; readonly acks?: string }): void {
  if (answer.outcome !== "kept") return;
  const reached = answer.acks === undefined ? "" : ` (${answer.acks})`;
  throw new CommandFailure(`written, and it will spread, but the acks asked for did not come in time${reached}`);
}
