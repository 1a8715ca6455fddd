/** Keys that are written once and make up more than fits into memory: most of their values are on disk only. */

import type { ReplicaProcess } from "../end-to-end/replica-process.ts";

const OPERATIONS_AT_ONCE = 100;

interface Result {
  readonly ok: boolean;
  readonly acks?: { readonly met: boolean };
}

export interface BallastOptions {
  readonly prefix: string;
  readonly keys: number;
  readonly valueBytes: number;
}

/** Puts them with `ack=disk`; returns what is to be found from then on: those that were acknowledged. */
export async function loadBallast(
  replica: ReplicaProcess,
  { prefix, keys, valueBytes }: BallastOptions,
): Promise<ReadonlyMap<string, string>> {
  const expected = new Map<string, string>();
  const entries = Array.from({ length: keys }, (_, i) => [`${prefix}${i}`, `${prefix}${i}:${"b".repeat(valueBytes)}`]);
  for (let from = 0; from < keys; from += OPERATIONS_AT_ONCE) {
    const part = entries.slice(from, from + OPERATIONS_AT_ONCE);
    const operations = part.map(([key, value]) => ({ type: "put", key, value }));
    const body = JSON.stringify({ operations });
    const answer = await replica.http.send({ method: "POST", path: "/v1/batch?ack=disk", body });
    if (answer.status !== 200) throw new Error(`ballast: ${answer.status} ${answer.body.toString().slice(0, 200)}`);
    const { results } = JSON.parse(answer.body.toString()) as { readonly results: readonly Result[] };
    part.forEach(([key = "", value = ""], place) => {
      const result = results[place];
      if (result?.ok === true && result.acks?.met === true) expected.set(key, value);
    });
  }
  return expected;
}

/** What a replica answers for each of these keys. */
export async function answersOf(
  { http }: ReplicaProcess,
  keys: Iterable<string>,
): Promise<ReadonlyMap<string, { readonly value: string } | undefined>> {
  const answers = new Map<string, { readonly value: string } | undefined>();
  for (const key of keys) {
    const { status, body } = await http.get(key);
    answers.set(key, status === 200 ? { value: body.toString() } : undefined);
  }
  return answers;
}

/** Those that are not answered as they were written, in words. */
export function missingBallast(
  expected: ReadonlyMap<string, string>,
  answers: ReadonlyMap<string, { readonly value: string } | undefined>,
): string[] {
  return [...expected].flatMap(([key, value]) => {
    const found = answers.get(key)?.value;
    if (found === value) return [];
    return [`ballast ${key}: ${found === undefined ? "is not there" : `reads ${found.slice(0, 40)}`}`];
  });
}
