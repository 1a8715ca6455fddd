/**
 * Turns flags, `ATOLL_...` variables and a configuration file into the configuration of a node, or into one line that says
 * what is wrong. A flag beats the environment, which beats the file, which beats the default.
 */

import { readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { resolve } from "node:path";
import { isLoopback } from "../base/loopback.ts";
import { formatBytes } from "../base/size.ts";
import type { StartConfig, TlsConfig } from "../node/node-config.ts";
import { formatHostPort } from "./join-target.ts";
import { nearestName } from "./nearest-name.ts";
import { readPem, readPrivateBytes, readSecretFile, readTokenFile, systemReason } from "./private-file.ts";
import {
  flagRow,
  flagSpelling,
  START_FLAGS,
  type StartFlag,
  type StartValues,
  variableSpelling,
} from "./start-flags.ts";
import { UsageError } from "./usage-error.ts";

export interface StartInputs {
  /** What the command line gave, as text; `config` is the path of the file. */
  readonly flags: Readonly<Partial<Record<StartFlag | "config", string>>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Relative paths begin here. */
  readonly folder: string;
}

export interface ResolvedStart {
  readonly config: StartConfig;
  /** What was given, wherever it stood, as text. */
  readonly given: Readonly<Partial<Record<StartFlag, string>>>;
  readonly warnings: readonly string[];
}

/** Variables that other commands read. */
const OTHER_VARIABLES = ["ATOLL_CONFIG", "ATOLL_URL", "ATOLL_KEYSPACE"];

/** With less, what a replica takes for itself exceeds the bound by much, whatever its clients do. */
const MEMORY_BYTES_MIN = 128 * 1024 ** 2;

/** A value as text, and the words by which a message names it. */
interface Given {
  readonly text: string;
  readonly source: string;
}

/** Throws `UsageError` with one line for anything unknown, malformed or out of range. */
export function resolveStart(inputs: StartInputs): ResolvedStart {
  const warnings: string[] = [];
  const given = gather(inputs, warnings);
  const values = parseValues(given);
  const texts = Object.fromEntries([...given].map(([name, { text }]) => [name, text]));
  return { config: composeConfig(values, given, inputs, warnings), given: texts, warnings };
}

function gather(inputs: StartInputs, warnings: string[]): ReadonlyMap<StartFlag, Given> {
  const configPath = inputs.flags.config ?? (inputs.environment.ATOLL_CONFIG || undefined);
  const given = configPath === undefined ? new Map<StartFlag, Given>() : readConfigFile(inputs.folder, configPath);
  for (const name of START_FLAGS) {
    // A variable that is set to nothing is how compose files and shells say "not set".
    const variable = variableSpelling(name);
    const text = inputs.environment[variable];
    if (text !== undefined && text !== "") given.set(name, { text, source: variable });
  }
  for (const name of START_FLAGS) {
    const text = inputs.flags[name];
    if (text !== undefined) given.set(name, { text, source: flagSpelling(name) });
  }
  warnings.push(...unknownVariables(inputs.environment));
  return given;
}

function unknownVariables(environment: StartInputs["environment"]): readonly string[] {
  const known = [...START_FLAGS.map(variableSpelling), ...OTHER_VARIABLES];
  const unknown = Object.keys(environment).filter((name) => name.startsWith("ATOLL_") && !known.includes(name));
  return unknown.map((name) => `${name} is no setting and was ignored${suggestion(name, known)}`);
}

function suggestion(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known);
  return nearest === undefined ? "" : `; did you mean ${nearest}?`;
}

function readConfigFile(folder: string, path: string): Map<StartFlag, Given> {
  const content = parseConfigFile(folder, path);
  const given = new Map<StartFlag, Given>();
  for (const [key, value] of Object.entries(content)) {
    const name = START_FLAGS.find((flag) => flag === key || flagSpelling(flag) === `--${key}`);
    if (name === undefined) {
      throw new UsageError(`${path}: unknown key ${quote(key)}${suggestion(key, START_FLAGS)}`);
    }
    if (given.has(name)) throw new UsageError(`${path}: ${flagSpelling(name)} stands there twice`);
    given.set(name, { text: textOf(value, name, `${path}: ${key}`), source: `${path}: ${key}` });
  }
  return given;
}

function parseConfigFile(folder: string, path: string): Readonly<Record<string, unknown>> {
  let content: string;
  try {
    content = readFileSync(resolve(folder, path), "utf8");
  } catch (error) {
    throw new UsageError(`--config: cannot read ${path}: ${systemReason(error)}`);
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(content);
  } catch (error) {
    const reason = error instanceof Error ? error.message.replaceAll(/\s+/g, " ") : "";
    throw new UsageError(`--config: ${path} is not JSON: ${reason}`);
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw new UsageError(`--config: ${path} must hold one JSON object`);
  }
  return parsed as Readonly<Record<string, unknown>>;
}

/** JSON has numbers, booleans and lists where the command line has text. */
function textOf(value: unknown, name: StartFlag, source: string): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  const isTexts = Array.isArray(value) && value.every((item) => typeof item === "string");
  if (isTexts && flagRow(name).list === true) return value.join(",");
  throw new UsageError(
    `${source} must be ${flagRow(name).list === true ? "a text or a list of texts" : "a text, a number or a boolean"}`,
  );
}

function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}...` : text);
}

function parseValues(given: ReadonlyMap<StartFlag, Given>): StartValues {
  const values: Partial<Record<StartFlag, unknown>> = {};
  for (const name of START_FLAGS) {
    const row = flagRow(name);
    const text = given.get(name)?.text ?? row.default;
    if (text === undefined) continue;
    const parsed = row.schema.safeParse(text);
    if (!parsed.success) {
      const expects = parsed.error.issues[0]?.message ?? "something else";
      throw new UsageError(`${given.get(name)?.source ?? flagSpelling(name)} must be ${expects}, not ${quote(text)}`);
    }
    values[name] = parsed.data;
  }
  // The loop has put every row's own schema output under its name.
  return values as StartValues;
}

function composeConfig(
  values: StartValues,
  given: ReadonlyMap<StartFlag, Given>,
  inputs: StartInputs,
  warnings: string[],
): StartConfig {
  const sourceOf = (name: StartFlag) => given.get(name)?.source ?? flagSpelling(name);
  const pathOf = (name: "secretFile" | "tokenFile" | "tlsCert" | "tlsKey" | "tlsCa") => {
    const path = values[name];
    return path === undefined ? undefined : resolve(inputs.folder, path);
  };
  const secretPath = pathOf("secretFile");
  const secret = secretPath === undefined ? undefined : readSecretFile(secretPath, sourceOf("secretFile"));
  const tokenPath = pathOf("tokenFile");
  const tokens = tokenPath === undefined ? undefined : readTokenFile(tokenPath, sourceOf("tokenFile"));
  warnings.push(...(secret?.warnings ?? []), ...(tokens?.warnings ?? []));
  checkTogether(values, { secret: secret !== undefined, tokens: tokens !== undefined });
  if (values.memory < MEMORY_BYTES_MIN) warnings.push(memoryWarning(values.memory));
  const tls = readTls(pathOf("tlsCert"), pathOf("tlsKey"), pathOf("tlsCa"), warnings);
  const advertise = values.advertise ?? defaultAdvertise(values.host, values.port);
  return {
    ...(values.id !== undefined && { id: values.id }),
    region: values.region,
    host: values.host,
    port: values.port,
    redisPort: values.redisPort ?? defaultRedisPort(values.port),
    ...(advertise !== undefined && { advertise }),
    join: values.join.map((target) =>
      target.type === "file" ? { ...target, path: resolve(inputs.folder, target.path) } : target,
    ),
    cluster: values.cluster,
    shards: values.shards,
    data: values.data === "none" ? "none" : resolve(inputs.folder, values.data ?? `atoll-data/${values.port}`),
    ...(values.dataMax !== undefined && { dataBytesMax: values.dataMax }),
    memoryBytes: values.memory,
    ...(secret !== undefined && { secret: secret.content }),
    tokens: tokens?.content ?? [],
    allowOrigins: values.allowOrigin,
    ...(tls !== undefined && { tls }),
    insecure: values.insecure,
    compressRegions: values.compressRegions,
    maxClockOffsetMs: values.maxClockOffset,
    retentionMs: values.retention,
    enableFaults: values.enableFaults,
    ...(values.backupDir !== undefined && {
      backup: {
        folder: resolve(inputs.folder, values.backupDir),
        everyMs: values.backupEvery,
        keep: values.backupKeep,
      },
    }),
    logLevel: values.logLevel,
  };
}

/** What is wrong only together: every value alone is allowed. */
function checkTogether(values: StartValues, has: { readonly secret: boolean; readonly tokens: boolean }): void {
  if (!isLoopback(values.host) && !values.insecure && !(has.secret && has.tokens)) {
    const missing = "give --token-file and --secret-file as well, or --insecure to do without";
    throw new UsageError(`--host ${values.host} lets other machines in: ${missing}`);
  }
  if (values.allowOrigin.includes("*") && !has.tokens) {
    throw new UsageError("--allow-origin * lets every web page in: it needs --token-file");
  }
  if (values.port !== 0 && values.redisPort === values.port) {
    throw new UsageError(`--redis-port and --port are both ${values.port}`);
  }
}

function readTls(
  certPath: string | undefined,
  keyPath: string | undefined,
  caPath: string | undefined,
  warnings: string[],
): TlsConfig | undefined {
  if (certPath === undefined && keyPath === undefined && caPath === undefined) return undefined;
  if (certPath === undefined || keyPath === undefined) {
    throw new UsageError("TLS needs both --tls-cert and --tls-key");
  }
  const key = readPrivateBytes(keyPath, "--tls-key");
  warnings.push(...key.warnings);
  const cert = readPem(certPath, "--tls-cert", "CERTIFICATE");
  const ca = caPath === undefined ? undefined : readPem(caPath, "--tls-ca", "CERTIFICATE");
  const keyText = new TextDecoder().decode(key.content);
  if (!keyText.includes("PRIVATE KEY-----"))
    throw new UsageError(`--tls-key: ${keyPath} holds no private key in PEM form`);
  return { cert, key: keyText, ...(ca !== undefined && { ca }) };
}

/** The next port; off where the HTTP port is not known yet or there is no next one. */
function defaultRedisPort(port: number): number {
  return port === 0 || port === 65_535 ? 0 : port + 1;
}

/** Nobody can dial a wildcard: there the machine's first address stands in. Unknown while the port is not bound. */
function defaultAdvertise(host: string, port: number): string | undefined {
  if (port === 0) return undefined;
  if (host !== "0.0.0.0" && host !== "::") return formatHostPort(host, port);
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const outward = addresses.find((address) => !address.internal && address.family === "IPv4");
  return formatHostPort(outward?.address ?? "127.0.0.1", port);
}

function memoryWarning(bytes: number): string {
  const itself = "a replica takes 60 to 100 MB for itself, and up to 400 MB with values of many MB";
  const enough = "128mb holds for short values but for some percent, 512mb also for long ones";
  return `--memory ${formatBytes(bytes)} will be exceeded: ${itself}; ${enough}`;
}
