/**
 * What the doors count. On the hot path these are plain numbers in typed arrays; the text that Prometheus reads
 * (exposition format 0.0.4) is made when it is asked for, from these and from every other source of statistics.
 */

import { collectDefaultMetrics, Registry } from "prom-client";
import { assert } from "../base/assert.ts";
import type { ErrorCode } from "../base/errors.ts";
import type { Statistic, StatisticsSource } from "../stats.ts";
import type { ByteAccount } from "./byte-account.ts";

const PREFIX = "atoll_";
const HISTOGRAM = `${PREFIX}http_request_seconds`;
const STATUSES = 600;
/** Upper bounds in ms. */
const BUCKETS_MS = [0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000];
const WIDTH = BUCKETS_MS.length + 1;

export type DoorName = "http" | "websocket" | "yjs" | "server";

/** Counts of one HTTP operation, as the door's hot path writes them. */
export class OperationMetrics {
  readonly route: string;
  readonly method: string;
  readonly byStatus = new Float64Array(STATUSES);
  readonly byBucket = new Float64Array(WIDTH);
  totalMs = 0;

  constructor(route: string, method: string) {
    this.route = route;
    this.method = method;
  }

  observe(status: number, ms: number): void {
    this.byStatus[status] = (this.byStatus[status] ?? 0) + 1;
    this.totalMs += ms;
    let bucket = 0;
    while (bucket < BUCKETS_MS.length && ms > (BUCKETS_MS[bucket] ?? 0)) bucket++;
    this.byBucket[bucket] = (this.byBucket[bucket] ?? 0) + 1;
  }
}

export class DoorMetrics implements StatisticsSource {
  readonly #operations: OperationMetrics[] = [];
  readonly #errors = new Map<string, number>();
  readonly #messages = new Map<string, number>();
  readonly #registry = new Registry();
  readonly #sources: readonly StatisticsSource[];
  connections = 0;
  connectionsRefused = 0;
  tlsFailures = 0;
  webSockets = 0;
  watches = 0;
  bodyBytesInFlight = 0;
  /** Of these, those of bodies that nobody asks room for. */
  shortBodyBytesInFlight = 0;
  restores = 0;
  /** Of the Redis door, where there is one. */
  redis: { connections(): number; commands(): number } | undefined;
  account: Pick<ByteAccount, "lentBytes" | "waiting"> = { lentBytes: 0, waiting: 0 };

  /** With `processMetrics` also what prom-client knows of the process: heap, collections, event loop. */
  constructor(sources: readonly StatisticsSource[], options: { readonly processMetrics: boolean }) {
    this.#sources = sources;
    if (options.processMetrics) collectDefaultMetrics({ register: this.#registry });
  }

  /** The place where one operation of a route is counted. */
  operation(route: string, method: string): OperationMetrics {
    const operation = new OperationMetrics(route, method);
    this.#operations.push(operation);
    return operation;
  }

  error(door: DoorName, code: ErrorCode): void {
    const slot = `${door} ${code}`;
    this.#errors.set(slot, (this.#errors.get(slot) ?? 0) + 1);
  }

  /** `operation` is one of the few known names, never what a client sent. */
  message(operation: string): void {
    this.#messages.set(operation, (this.#messages.get(operation) ?? 0) + 1);
  }

  /** How often errors of this code were answered, at all doors. */
  errorCount(code: ErrorCode): number {
    let sum = 0;
    for (const [slot, count] of this.#errors) if (slot.endsWith(` ${code}`)) sum += count;
    return sum;
  }

  statistics(): readonly Statistic[] {
    return [
      counter("http_requests_total", "HTTP requests answered", this.#operations.flatMap(requestSamples)),
      counter("door_errors_total", "Requests refused or failed, by code", pairSamples(this.#errors, "door", "code")),
      counter("websocket_messages_total", "WebSocket requests answered", nameSamples(this.#messages, "operation")),
      counter("door_connections_refused_total", "Connections over a limit", [sample(this.connectionsRefused)]),
      counter("door_tls_failures_total", "TLS handshakes that failed or took too long", [sample(this.tlsFailures)]),
      gauge("door_connections", "Open connections of clients", this.connections),
      gauge("websocket_connections", "Open WebSockets of clients", this.webSockets),
      gauge("watches", "Watches that clients follow", this.watches),
      gauge("restores", "Backups, or parts of one, being restored", this.restores),
      gauge("http_body_bytes", "Request bodies being received", this.bodyBytesInFlight),
      ...this.#redisStatistics(),
      gauge("long_value_bytes", "Room taken by long bodies and answers under way", this.account.lentBytes),
      gauge("long_values_waiting", "Long bodies and answers that wait for room", this.account.waiting),
    ];
  }

  #redisStatistics(): readonly Statistic[] {
    if (this.redis === undefined) return [];
    return [
      counter("redis_commands_total", "Commands of Redis clients", [sample(this.redis.commands())]),
      gauge("redis_connections", "Open connections of Redis clients", this.redis.connections()),
    ];
  }

  /** Everything, in Prometheus' text format, which refuses a whole page over one name that is there twice. */
  async exposition(): Promise<string> {
    const parts: string[] = [];
    const names = new Set([HISTOGRAM]);
    for (const source of [this, ...this.#sources]) {
      for (const statistic of source.statistics()) {
        const name = `${PREFIX}${statistic.name}`;
        assert(!names.has(name), `two statistics have the name ${name}`);
        names.add(name);
        parts.push(formatStatistic(name, statistic));
      }
    }
    parts.push(this.#histogram(), await this.#registry.metrics());
    return `${parts.filter((part) => part !== "").join("\n")}\n`;
  }

  close(): void {
    this.#registry.clear();
  }

  #histogram(): string {
    const lines = [`# HELP ${HISTOGRAM} Time from headers read to answer sent`, `# TYPE ${HISTOGRAM} histogram`];
    for (const operation of this.#operations) lines.push(...histogramLines(HISTOGRAM, operation));
    return lines.join("\n");
  }
}

type Sample = Statistic["samples"][number];

function sample(value: number, labels: Sample["labels"] = {}): Sample {
  return { labels, value };
}

function counter(name: string, help: string, samples: readonly Sample[]): Statistic {
  return { name, help, type: "counter", samples };
}

function gauge(name: string, help: string, value: number): Statistic {
  return { name, help, type: "gauge", samples: [sample(value)] };
}

function requestSamples(operation: OperationMetrics): readonly Sample[] {
  const { route, method, byStatus } = operation;
  const samples: Sample[] = [];
  for (const [status, count] of byStatus.entries()) {
    if (count > 0) samples.push(sample(count, { route, method, status: String(status) }));
  }
  return samples;
}

function pairSamples(counts: ReadonlyMap<string, number>, first: string, second: string): readonly Sample[] {
  return [...counts].map(([slot, count]) => {
    const space = slot.indexOf(" ");
    return sample(count, { [first]: slot.slice(0, space), [second]: slot.slice(space + 1) });
  });
}

function nameSamples(counts: ReadonlyMap<string, number>, label: string): readonly Sample[] {
  return [...counts].map(([name, count]) => sample(count, { [label]: name }));
}

function histogramLines(name: string, operation: OperationMetrics): readonly string[] {
  const labels = { route: operation.route, method: operation.method };
  const lines: string[] = [];
  let count = 0;
  for (const [bucket, inBucket] of operation.byBucket.entries()) {
    count += inBucket;
    const boundMs = BUCKETS_MS[bucket];
    const le = boundMs === undefined ? "+Inf" : String(boundMs / 1_000);
    lines.push(`${name}_bucket${formatLabels({ ...labels, le })} ${count}`);
  }
  if (count === 0) return [];
  lines.push(`${name}_sum${formatLabels(labels)} ${operation.totalMs / 1_000}`);
  lines.push(`${name}_count${formatLabels(labels)} ${count}`);
  return lines;
}

function formatStatistic(name: string, statistic: Statistic): string {
  const lines = [`# HELP ${name} ${escapeHelp(statistic.help)}`, `# TYPE ${name} ${statistic.type}`];
  for (const { labels, value } of statistic.samples) lines.push(`${name}${formatLabels(labels)} ${value}`);
  return lines.join("\n");
}

function formatLabels(labels: Sample["labels"]): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escapeLabel(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}

function escapeHelp(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}
