/** The few lines after which somebody new knows what to do: commands that work against this replica as it was started. */

import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import type { StartConfig } from "../node/node-config.ts";
import { formatHostPort, parseHostPort } from "./join-target.ts";
import { flagRow, flagSpelling, type StartFlag } from "./start-flags.ts";

const PORT_STEP = 10;
const PORT_MAX = 65_535;

/** What replicas of one cluster on one machine have in common. */
const SHARED: readonly StartFlag[] = [
  "cluster",
  "shards",
  "host",
  "insecure",
  "secretFile",
  "tokenFile",
  "tlsCert",
  "tlsKey",
  "tlsCa",
];

export interface Welcomed {
  /** host:port that the replica listens at. */
  readonly address: string;
  readonly config: StartConfig;
  /** Flags that it was given, wherever they stood, as text. */
  readonly given: Readonly<Partial<Record<StartFlag, string>>>;
}

export function welcome(welcomed: Welcomed): string {
  const { address, config } = welcomed;
  const certificate = config.tls === undefined ? undefined : new X509Certificate(config.tls.cert);
  const reached = reachableAt(address, config, certificate);
  const url = `${certificate === undefined ? "http" : "https"}://${reached}`;
  // A certificate that signed itself is the only authority there is for it.
  const authority = certificate?.checkIssued(certificate) === true ? welcomed.given.tlsCert : undefined;
  const given = { ...(authority !== undefined && { tlsCa: authority }), ...welcomed.given };
  const at = ["--url", url, ...flags(["tokenFile", "tlsCa"], given)].map(quoted).join(" ");
  const second = ["--port", String(nextPort(address)), "--join", reached, ...flags(SHARED, given)]
    .map(quoted)
    .join(" ");
  const data = config.data === "none" ? "in memory only (--data none)" : config.data;
  const redis = config.redisPort === 0 ? "" : `, Redis clients at port ${config.redisPort}`;
  return [
    `Atoll is ready at ${url}  (region ${config.region}, data ${data}${redis})`,
    "Try, in another terminal:",
    `  npx atoll put hello world ${at}`,
    `  npx atoll get hello ${at}`,
    `  npx atoll status ${at}`,
    `  npx atoll start ${second}     # a second replica`,
  ].join("\n");
}

/** host:port for somebody on this machine: no wildcard, and with TLS a name that the certificate is for, if there is one. */
function reachableAt(address: string, config: StartConfig, certificate: X509Certificate | undefined): string {
  const { host, port } = parseHostPort(address) ?? { host: "127.0.0.1", port: config.port };
  const advertised = config.advertise === undefined ? undefined : parseHostPort(config.advertise);
  const here = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  const candidates = [
    { host: here, port },
    { host: "localhost", port },
    ...(advertised === undefined ? [] : [advertised]),
  ];
  const named = candidates.find((each) => certificate === undefined || isFor(certificate, each.host));
  return formatHostPort(named?.host ?? here, named?.port ?? port);
}

function isFor(certificate: X509Certificate, host: string): boolean {
  return (isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host)) !== undefined;
}

function nextPort(address: string): number {
  const port = parseHostPort(address)?.port ?? 0;
  return port + PORT_STEP > PORT_MAX ? port - PORT_STEP : port + PORT_STEP;
}

function flags(names: readonly StartFlag[], given: Welcomed["given"]): string[] {
  return names.flatMap((name) => {
    const text = given[name];
    if (text === undefined) return [];
    const isSwitchedOn = flagRow(name).value === undefined && (text === "true" || text === "1");
    return isSwitchedOn ? [flagSpelling(name)] : [flagSpelling(name), text];
  });
}

/** As a shell reads it. */
function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
