/** What a replica answered over HTTP, and the errors in it. */

import { AtollError } from "../base/errors.ts";

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

/** A replica answered with an error. `code` is the stable code of its problem document. */
export class RemoteError extends Error {
  readonly code: string;
  readonly status: number;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = "RemoteError";
    this.status = status;
    this.code = code;
  }
}

/** Throws `RemoteError` for any other status. */
export function expectStatus(answer: Answer, ...expected: readonly number[]): Answer {
  if (expected.includes(answer.status)) return answer;
  throw remoteError(answer);
}

/** Undefined where it is no JSON. */
export function parseJson(answer: Answer): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(answer.body));
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The stable code of a problem document. */
export function problemCode(answer: Answer): string | undefined {
  const problem = parseJson(answer);
  return isObject(problem) && typeof problem.code === "string" ? problem.code : undefined;
}

export function remoteError(answer: Answer): RemoteError {
  const problem = parseJson(answer);
  const code = problemCode(answer) ?? `HTTP_${answer.status}`;
  const detail =
    isObject(problem) && typeof problem.detail === "string" ? problem.detail : `HTTP status ${answer.status}`;
  return new RemoteError(answer.status, code, detail);
}

export function badAnswer(what: string): AtollError {
  return new AtollError("BAD_MESSAGE", `the answer is not ${what}; is this an Atoll replica?`);
}
