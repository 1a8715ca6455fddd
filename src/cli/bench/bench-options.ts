/** What `atoll bench` is asked for: from words to numbers within their bounds. */

import { randomBytes } from "node:crypto";
import { parseDurationMs } from "../../base/duration.ts";
import { keyFromText } from "../../base/key.ts";
import { parseBytes } from "../../base/size.ts";
import { type ClientOptions, type ClientTarget, parseCount, readTarget } from "../client-options.ts";
import { UsageError } from "../usage-error.ts";
import type { Distribution } from "./key-choice.ts";
import { type OperationMix, parseMix } from "./operation-mix.ts";

export interface BenchOptions extends ClientOptions {
  readonly connections: string;
  readonly duration?: string;
  readonly requests?: string;
  readonly mix: string;
  readonly keys: string;
  readonly valueBytes: string;
  readonly distribution: string;
  readonly rate?: string;
  readonly protocol: string;
  readonly timeout: string;
  readonly prefix?: string;
  readonly fill: boolean;
  readonly keep?: boolean;
  readonly json?: boolean;
}

const CONNECTIONS_MAX = 10_000;
const KEYS_MAX = 1_000_000;
const VALUE_BYTES_MAX = 16 * 1024 ** 2;
const REQUESTS_MAX = 1e12;
const RATE_MAX = 1_000_000;
const DURATION_MS = 10_000;
const DURATION_MS_MAX = 7 * 86_400_000;
/** With the number behind it a key stays within its limit. */
const PREFIX_BYTES_MAX = 1000;

/** What is to be done, checked. */
export interface Bench {
  readonly target: ClientTarget;
  readonly mix: OperationMix;
  readonly connections: number;
  readonly keys: number;
  readonly valueBytes: number;
  readonly distribution: Distribution;
  readonly protocol: "http" | "websocket";
  readonly requestsMax: number;
  readonly durationMs: number;
  readonly timeoutMs: number;
  readonly perSecond: number | undefined;
  readonly prefix: string;
  /** Keys are written before, where there are gets. */
  readonly isFilled: boolean;
  /** They stay. */
  readonly isKept: boolean;
}

/** Throws `UsageError`. */
export async function checkBench(options: BenchOptions): Promise<Bench> {
  const prefix = options.prefix ?? `bench/${randomBytes(4).toString("hex")}/`;
  if (keyFromText(prefix).length > PREFIX_BYTES_MAX) {
    throw new UsageError(`--prefix has at most ${PREFIX_BYTES_MAX} bytes`);
  }
  const requestsMax = parseCount(options.requests, "--requests", REQUESTS_MAX) ?? Infinity;
  return {
    mix: parseMix(options.mix),
    connections: parseCount(options.connections, "--connections", CONNECTIONS_MAX) ?? 1,
    keys: parseCount(options.keys, "--keys", KEYS_MAX) ?? 1,
    valueBytes: parseValueBytes(options.valueBytes),
    distribution: oneOf("--distribution", options.distribution, ["zipf", "uniform"]),
    protocol: oneOf("--protocol", options.protocol, ["http", "websocket"]),
    requestsMax,
    durationMs: parseTime("--duration", options.duration) ?? (requestsMax < Infinity ? Infinity : DURATION_MS),
    timeoutMs: parseTime("--timeout", options.timeout) ?? Infinity,
    perSecond: parseCount(options.rate, "--rate", RATE_MAX),
    prefix,
    isFilled: options.fill,
    isKept: options.keep === true,
    target: await readTarget(options),
  };
}

function parseValueBytes(text: string): number {
  const bytes = parseBytes(text);
  if (bytes !== undefined && bytes <= VALUE_BYTES_MAX) return bytes;
  throw new UsageError("--value-bytes must be a size such as 100 or 4kb, at most 16mb");
}

function parseTime(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = parseDurationMs(text);
  if (ms !== undefined && ms >= 1 && ms <= DURATION_MS_MAX) return ms;
  throw new UsageError(`${flag} must be a duration such as 30s or 5m, from 1ms to 7d`);
}

function oneOf<T extends string>(flag: string, text: string, choices: readonly T[]): T {
  const chosen = choices.find((choice) => choice === text);
  if (chosen !== undefined) return chosen;
  throw new UsageError(`${flag} must be ${choices.join(" or ")}, not ${JSON.stringify(text)}`);
}
