/**
 * The flags of `atoll start`, in one table: what the command line accepts, the `ATOLL_...` variables, the keys of the
 * configuration file, `--help` and the README's table all come from here. Values arrive as text, wherever they stood.
 */

import { z } from "zod";
import { formatDuration, parseDurationMs } from "../base/duration.ts";
import { isReplicaId } from "../base/ids.ts";
import type { JoinTarget } from "../base/join-target.ts";
import { formatBytes, parseBytes } from "../base/size.ts";
import type { LogLevel } from "../replica/ports.ts";
import { formatHostPort, parseHostPort, parseJoinTargets } from "./join-target.ts";

const DAY_MS = 86_400_000;
const NAME = /^[A-Za-z0-9._-]{1,64}$/;

/** A schema from text, whose refusal says what it wants: "--port must be a whole number from 0 to 65535". */
function text<T>(expects: string, parse: (value: string) => T | undefined) {
  return z.string().transform((value, context): T => {
    const parsed = parse(value);
    if (parsed !== undefined) return parsed;
    context.addIssue({ code: "custom", message: expects });
    return z.NEVER;
  });
}

function wholeNumber(min: number, max: number) {
  return text(`a whole number from ${min} to ${max}`, (value) => {
    const number = /^\d{1,9}$/.test(value) ? Number(value) : undefined;
    return number !== undefined && number >= min && number <= max ? number : undefined;
  });
}

function duration(minMs: number, maxMs: number) {
  const range = `from ${formatDuration(minMs)} to ${formatDuration(maxMs)}`;
  return text(`a duration such as 500ms, 60s, 10m, 24h or 7d, ${range}`, (value) => {
    const ms = parseDurationMs(value);
    return ms !== undefined && ms >= minMs && ms <= maxMs ? ms : undefined;
  });
}

function size(minBytes: number, maxBytes: number) {
  const range = `from ${formatBytes(minBytes)} to ${formatBytes(maxBytes)}`;
  return text(`a size such as 512mb or 1gb, ${range}`, (value) => {
    const bytes = parseBytes(value);
    return bytes !== undefined && bytes >= minBytes && bytes <= maxBytes ? bytes : undefined;
  });
}

function oneOf<T extends string>(choices: readonly T[]) {
  return text(`one of ${choices.join(", ")}`, (value) => choices.find((choice) => choice === value));
}

const name = text("1 to 64 letters, digits, dots, underscores or hyphens", (value) =>
  NAME.test(value) ? value : undefined,
);

const path = text("a path", (value) => (value !== "" && !value.includes("\0") ? value : undefined));

const flag = text("true or false", (value) => {
  if (value === "true" || value === "1") return true;
  return value === "false" || value === "0" ? false : undefined;
});

const replicaId = text("1 to 64 letters, digits, dots, underscores or hyphens", (value) =>
  isReplicaId(value) ? value : undefined,
);

const host = text("a host name or an IP address", (value) =>
  /^[A-Za-z0-9._-]{1,253}$/.test(value) || /^[0-9A-Fa-f:.]{2,45}$/.test(value) ? value : undefined,
);

const hostPort = text("HOST:PORT", (value) => {
  const address = parseHostPort(value);
  return address === undefined ? undefined : formatHostPort(address.host, address.port);
});

const joinTargets = text<readonly JoinTarget[]>(
  "a comma-separated list of host:port, dns:name:port and file:path",
  parseJoinTargets,
);

/** As a browser sends it, nothing but scheme, host and port. */
const origins = text("a comma-separated list of origins such as https://example.com", (value) => {
  const items = value.split(",").map((item) => item.trim());
  const isOrigin = (item: string) => item === "*" || (URL.canParse(item) && new URL(item).origin === item);
  const named = items.filter((item) => item !== "");
  return named.every(isOrigin) ? named : undefined;
});

interface FlagRow<T> {
  readonly schema: z.ZodType<T, string>;
  /** What stands behind the flag in `--help`; absent for switches, which need no value. */
  readonly value?: string;
  /** Text as somebody would type it; absent = unset unless told. */
  readonly default?: string;
  /** For `--help`, where the default depends on something. */
  readonly defaultNote?: string;
  readonly help: string;
  /** May be given several times, and stands for a list. */
  readonly list?: true;
}

const LOG_LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];

export const startFlags = {
  id: {
    schema: replicaId,
    value: "ID",
    defaultNote: "made once, kept in the data folder",
    help: "name of this replica; with --data none, each start puts another suffix to it",
  },
  region: { schema: name, value: "NAME", default: "local", help: "region that this replica is in" },
  host: {
    schema: host,
    value: "HOST",
    default: "127.0.0.1",
    help: "address to listen on; wider than this machine needs --token-file and --secret-file, or --insecure",
  },
  port: {
    schema: wholeNumber(0, 65_535),
    value: "N",
    default: "7400",
    help: "HTTP, WebSocket and links; 0 = any free one",
  },
  redisPort: {
    schema: wholeNumber(0, 65_535),
    value: "N",
    defaultNote: "port + 1",
    help: "Redis protocol; 0 = off",
  },
  advertise: {
    schema: hostPort,
    value: "HOST:PORT",
    defaultNote: "host and port",
    help: "where other replicas reach this one",
  },
  join: {
    schema: joinTargets,
    value: "LIST",
    default: "",
    help: "replicas to find the others through: host:port, dns:name:port, file:path, comma-separated",
    list: true,
  },
  cluster: { schema: name, value: "NAME", default: "atoll", help: "replicas of another cluster name are refused" },
  shards: {
    schema: wholeNumber(1, 4096),
    value: "N",
    default: "256",
    help: "number of shards, the same on every replica, for ever",
  },
  data: {
    schema: path,
    value: "DIR",
    defaultNote: "./atoll-data/PORT",
    help: "data folder, or none to keep nothing on disk",
  },
  dataMax: {
    schema: size(16 * 1024 ** 2, 1024 ** 5),
    value: "SIZE",
    defaultNote: "no bound",
    help: "bound for the database in the data folder: beyond that the values that are wanted least go for good",
  },
  memory: {
    schema: size(16 * 1024 ** 2, 1024 ** 5),
    value: "SIZE",
    default: "1gb",
    help: "bound for the process's memory: values beyond it are on disk only. With --data none they stay with another replica, or go for good",
  },
  secretFile: { schema: path, value: "FILE", help: "file with the secret that all replicas share (at least 16 bytes)" },
  tokenFile: {
    schema: path,
    value: "FILE",
    help: 'JSON: [{ "token", "scopes": ["read", "write", "admin"], "prefix"? }]',
  },
  allowOrigin: {
    schema: origins,
    value: "ORIGINS",
    default: "",
    help: "origins whose pages may connect from a browser, comma-separated; * = any, with --token-file only",
    list: true,
  },
  tlsCert: { schema: path, value: "FILE", help: "certificate (PEM); with --tls-key, everything is served over TLS" },
  tlsKey: { schema: path, value: "FILE", help: "private key (PEM)" },
  tlsCa: { schema: path, value: "FILE", help: "certificate authority (PEM) that links to other replicas trust" },
  insecure: { schema: flag, default: "false", help: "allow a wide --host without token and secret" },
  compressRegions: {
    schema: flag,
    default: "false",
    help: "compress what goes to replicas of other regions that have this on as well",
  },
  maxClockOffset: {
    schema: duration(1, DAY_MS),
    value: "TIME",
    default: "500ms",
    help: "clocks further off than this are not followed, and an own one is corrected",
  },
  retention: {
    schema: duration(1_000, 3_650 * DAY_MS),
    value: "TIME",
    default: "24h",
    help: "how long deletions wait for a replica that is away",
  },
  backupDir: { schema: path, value: "DIR", help: "folder to which all keyspaces are backed up by themselves" },
  backupEvery: {
    schema: duration(1_000, 3_650 * DAY_MS),
    value: "TIME",
    default: "24h",
    help: "from one backup in --backup-dir to the next",
  },
  backupKeep: {
    schema: wholeNumber(1, 100_000),
    value: "N",
    default: "7",
    help: "how many backups stay in --backup-dir: the latest",
  },
  enableFaults: { schema: flag, default: "false", help: "allow PUT /v1/admin/faults, for partition drills" },
  logLevel: { schema: oneOf(LOG_LEVELS), value: "LEVEL", default: "info", help: LOG_LEVELS.join(", ") },
} as const satisfies Record<string, FlagRow<unknown>>;

export type StartFlag = keyof typeof startFlags;

/** A checked value for every flag that was given or has a default. */
export type StartValues = {
  readonly [Name in StartFlag]: (typeof startFlags)[Name] extends { readonly default: string }
    ? z.output<(typeof startFlags)[Name]["schema"]>
    : z.output<(typeof startFlags)[Name]["schema"]> | undefined;
};

export const START_FLAGS = Object.keys(startFlags) as readonly StartFlag[];

export function flagRow(flagName: StartFlag): FlagRow<unknown> {
  return startFlags[flagName];
}

/** `redisPort` as `--redis-port`. */
export function flagSpelling(flagName: StartFlag): string {
  return `--${flagName.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** `redisPort` as `ATOLL_REDIS_PORT`. */
export function variableSpelling(flagName: StartFlag): string {
  return `ATOLL_${flagName.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** The default as `--help` shows it; empty where there is none. */
export function defaultSpelling(flagName: StartFlag): string {
  const row = flagRow(flagName);
  return row.defaultNote ?? (row.value === undefined ? "off" : (row.default ?? ""));
}

/** The README's table of flags. */
export function flagsAsMarkdown(): string {
  const cell = (content: string) => content.replaceAll("|", "\\|");
  const rows = START_FLAGS.map((flagName) => {
    const row = flagRow(flagName);
    const spelling = row.value === undefined ? flagSpelling(flagName) : `${flagSpelling(flagName)} ${row.value}`;
    return `| \`${spelling}\` | \`${variableSpelling(flagName)}\` | ${cell(defaultSpelling(flagName))} | ${cell(row.help)} |`;
  });
  return ["| flag | variable | default | meaning |", "|---|---|---|---|", ...rows].join("\n");
}
