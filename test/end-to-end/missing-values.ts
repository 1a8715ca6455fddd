/** What of all that was written a replica does not answer, whoever keeps it. */

import type { ReplicaProcess } from "./replica-process.ts";

const READS_AT_ONCE = 16;

/** Of each key that `replica` answers otherwise than `values` has it, what it answers. */
export async function missingAt(
  replica: ReplicaProcess,
  keyspace: string,
  values: ReadonlyMap<string, string>,
): Promise<ReadonlyMap<string, string>> {
  const missing = new Map<string, string>();
  const left = [...values];
  const reader = async () => {
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      const [key, value] = next;
      const { status, body } = await replica.http.send({ method: "GET", path: `/v1/keyspaces/${keyspace}/kv/${key}` });
      if (status !== 200 || body.toString() !== value) missing.set(key, `${status} ${body}`);
    }
  };
  await Promise.all(Array.from({ length: READS_AT_ONCE }, reader));
  return missing;
}
