/** Replicas that did not answer as hoped, and why. */

import { AtollError } from "../base/errors.ts";
import { RemoteError } from "./answer.ts";

/** What came of asking one replica. */
export interface Failure {
  readonly url: string;
  readonly error: unknown;
}

/** What to say when no replica answered as hoped: the last answer where there was one, `UNREACHABLE` otherwise. */
export function allFailed(failures: readonly Failure[]): Error {
  const refused = failures.findLast(({ error }) => error instanceof RemoteError);
  if (refused !== undefined) return refused.error as RemoteError;
  const reasons = failures.map(({ url, error }) => `${url}: ${failureReason(error)}`);
  const { error: cause } = failures.at(-1) ?? {};
  return new AtollError("UNREACHABLE", `cannot reach ${reasons.join("; ")}`, { cause });
}

/** The system's code where there is one ("ECONNREFUSED"), else its words. */
export function failureReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return "no answer in time";
  if (error instanceof RemoteError) return error.message;
  const source = error.cause instanceof Error ? error.cause : error;
  const first = source instanceof AggregateError && source.errors[0] instanceof Error ? source.errors[0] : source;
  return "code" in first && typeof first.code === "string" ? first.code : first.message;
}
