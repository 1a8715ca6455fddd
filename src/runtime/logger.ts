/**
 * The process's log: one JSON object a line on stderr, or coloured lines where somebody looks at a terminal. Nothing is
 * redacted: by the law of `Log` no field ever holds a secret, a key or a value.
 */

import { type DestinationStream, destination, pino, stdTimeFunctions } from "pino";
import pretty from "pino-pretty";
import type { Log, LogLevel } from "../replica/ports.ts";

/** What may wait for a log reader that does not read; lines beyond it are dropped, the replica does not wait. */
const WAITING_BYTES_MAX = 4 * 1024 ** 2;

const STDERR = 2;

export interface LoggerOptions {
  readonly level: LogLevel;
  /** Lines for people; whether stderr is a terminal unless told. */
  readonly pretty?: boolean;
  /** Where lines go instead of stderr. */
  readonly destination?: DestinationStream;
}

/** A log that writes facts of `level` and above. */
export function createLogger(options: LoggerOptions): Log {
  const logger = pino(
    {
      level: options.level,
      base: null,
      messageKey: "event",
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    (options.pretty ?? process.stderr.isTTY) ? prettyStream(options.destination) : plainStream(options.destination),
  );
  return (level, event, fields) => logger[level](loggable(fields), event);
}

const PRETTY = { messageKey: "event", translateTime: "SYS:HH:MM:ss.l", singleLine: true } as const;

/** Turns the JSON lines of a log, this process's or another's, into lines for people; other text stays as it is. */
export function createPrettifier(options: { readonly colour: boolean }): (line: string) => string {
  const prettify = pretty.prettyFactory({ ...PRETTY, colorize: options.colour });
  return (line) => (line.startsWith("{") ? prettify(line).trimEnd() : line);
}

/** Synchronous: lines stand in their order among those of other writers, and none is lost at exit. */
function prettyStream(stream: DestinationStream | undefined): DestinationStream {
  const out = stream ?? destination({ dest: STDERR, sync: true });
  const prettify = createPrettifier({ colour: stream === undefined && process.env.NO_COLOR === undefined });
  return { write: (line) => out.write(`${prettify(line)}\n`) };
}

/** Asynchronous: whoever reads the log slowly does not slow the replica down. What waits is written at exit. */
function plainStream(stream: DestinationStream | undefined): DestinationStream {
  return stream ?? destination({ dest: STDERR, sync: false, maxLength: WAITING_BYTES_MAX });
}

const RESERVED = new Set(["level", "time", "event"]);

/** Errors as their code and message, and no field under a name that the line itself uses. */
function loggable(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    result[RESERVED.has(name) ? `${name}_` : name] = value instanceof Error ? describeError(value) : value;
  }
  return result;
}

function describeError(error: Error): Record<string, unknown> {
  const code = "code" in error ? { code: error.code } : {};
  const cause = error.cause instanceof Error ? { cause: describeError(error.cause) } : {};
  return { name: error.name, message: error.message, ...code, ...cause, stack: error.stack };
}
