/** The far end of the benchmark of forwarding, a process of its own: a replica that owns keys, and an echo. */

import type { Key } from "../../src/base/ids.ts";
import { answerEcho, createEnd, isPlaced, KEYSPACE, startEcho, startReplica, timeOf, VALUE } from "./forwarding-end.ts";

export interface OwnerFacts {
  readonly address: string;
  readonly echoAddress: string;
}

/** `placed`: does it own shards, and have them all? The others: microseconds of one call here. */
export interface OwnerQuestion {
  readonly about: "placed" | "read" | "write";
  readonly key: string;
}

const CALLS = 2000;

const tell = (message: unknown) => void process.send?.(message);
const [end, echo] = [await createEnd("owner"), await createEnd("echo owner")];
const driver = await startReplica(end, "owner", []);
void startEcho(echo, "echo-owner", (link, bytes) => echo.transport.send(link, answerEcho(bytes), false));

async function answerTo({ about, key }: OwnerQuestion): Promise<boolean | number> {
  const store = driver.keyspace(KEYSPACE);
  if (about === "placed") return store !== undefined && isPlaced(driver);
  return timeOf(async () => (about === "read" ? store?.get(key as Key) : store?.put(key as Key, VALUE)), CALLS);
}

process.on("message", (question: OwnerQuestion) => void answerTo(question).then(tell));
process.on("disconnect", () => process.exit());
tell({ address: end.address, echoAddress: echo.address } satisfies OwnerFacts);
