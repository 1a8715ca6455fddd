/** Commands about a keyspace as a whole, and rows of those that are about connections and the server. */

import { arrayReply, integerReply, type Reply, textReply } from "../../command-reply.ts";
import { rowsOf } from "../rows/command-row.ts";
import type { Turn } from "../rows/turns.ts";
import type { Workspace } from "../workspace/workspace.ts";
import { flush } from "./flush-command.ts";
import { memory } from "./object-command.ts";

const SERVER = `
command         -1  loading,stale                0 0 0   2.8.13 Get array of Redis command details
config          -2  admin,noscript,loading,stale 0 0 0   2.0.0 A container for server configuration commands
dbsize           1  readonly,fast                0 0 0   1.0.0 Return the number of keys in the selected database
debug           -2  admin,noscript,loading,stale 0 0 0   1.0.0 A container for debugging commands
flushall        -1  write                        0 0 0   1.0.0 Remove all keys from all databases
flushdb         -1  write                        0 0 0   1.0.0 Remove all keys from the current database
info            -1  loading,stale                0 0 0   1.0.0 Get information and statistics about the server
latency         -2  admin,noscript,loading,stale 0 0 0   2.8.13 A container for latency diagnostics commands
memory          -2  readonly                     2 2 1   4.0.0 A container for memory diagnostics commands
time             1  loading,stale,fast           0 0 0   2.6.0 Return the current server time
`;

const CONNECTION = `
auth            -2  noscript,loading,stale,fast,no_auth,allow_busy 0 0 0   1.0.0 Authenticate to the server
client          -2  noscript,loading,stale                         0 0 0   2.4.0 A container for client connection commands
echo             2  loading,stale,fast                             0 0 0   1.0.0 Echo the given string
hello           -1  noscript,loading,stale,fast,no_auth,allow_busy 0 0 0   6.0.0 Handshake with Redis
ping            -1  fast                                           0 0 0   1.0.0 Ping the server
quit            -1  noscript,loading,stale,fast,no_auth,allow_busy 0 0 0   1.0.0 Close the connection
reset            1  noscript,loading,stale,fast,no_auth,allow_busy 0 0 0   6.2.0 Reset the connection
select           2  loading,stale,fast                             0 0 0   1.0.0 Change the selected database for the current connection
`;

const TRANSACTIONS = `
discard          1  noscript,loading,stale,fast,allow_busy         0 0 0   2.0.0 Discard all commands issued after MULTI
exec             1  noscript,loading,stale,skip_slowlog            0 0 0   1.2.0 Execute all commands issued after MULTI
multi            1  noscript,loading,stale,fast,allow_busy         0 0 0   1.2.0 Mark the start of a transaction block
unwatch          1  noscript,loading,stale,fast,allow_busy         0 0 0   2.2.0 Forget about all watched keys
watch           -2  noscript,loading,stale,fast,allow_busy         1 -1 1  2.2.0 Watch the given keys to determine execution of the MULTI/EXEC block
`;

const PUBSUB = `
psubscribe      -2  pubsub,noscript,loading,stale                  0 0 0   2.0.0 Listen for messages published to channels matching the given patterns
publish          3  pubsub,loading,stale,fast,may_replicate        0 0 0   2.0.0 Post a message to a channel
pubsub          -2  pubsub,loading,stale                           0 0 0   2.8.0 A container for Pub/Sub commands
punsubscribe    -1  pubsub,noscript,loading,stale                  0 0 0   2.0.0 Stop listening for messages posted to channels matching the given patterns
spublish         3  pubsub,loading,stale,fast,may_replicate        1 1 1   7.0.0 Post a message to a shard channel
ssubscribe      -2  pubsub,noscript,loading,stale                  1 -1 1  7.0.0 Listen for messages published to the given shard channels
subscribe       -2  pubsub,noscript,loading,stale                  0 0 0   2.0.0 Listen for messages published to the given channels
sunsubscribe    -1  pubsub,noscript,loading,stale                  1 -1 1  7.0.0 Stop listening for messages posted to the given shard channels
unsubscribe     -1  pubsub,noscript,loading,stale                  0 0 0   2.0.0 Stop listening for messages posted to the given channels
`;

const WAITING = `
wait             3  noscript                                       0 0 0   3.0.0 Wait for the synchronous replication of all the write commands sent in the context of the current connection
`;

function dbsize(workspace: Workspace): Reply {
  return integerReply(workspace.keyCount());
}

function dbsizeInTurns(workspace: Workspace): Turn | undefined {
  const counting = workspace.keyCounting();
  if (counting === undefined) return undefined;
  return () => {
    const step = counting.next();
    return step.done === true ? integerReply(step.value) : undefined;
  };
}

function time({ now }: Workspace): Reply {
  const micros = Math.floor(now * 1000);
  const seconds = Math.floor(micros / 1e6);
  return arrayReply([textReply(String(seconds)), textReply(String(micros - seconds * 1e6))]);
}

export const serverRows = [
  ...rowsOf("server", SERVER, { dbsize, memory, time }, { flushall: flush, flushdb: flush }, { dbsize: dbsizeInTurns }),
  ...rowsOf("connection", CONNECTION),
  ...rowsOf("transactions", TRANSACTIONS),
  ...rowsOf("pubsub", PUBSUB),
  ...rowsOf("generic", WAITING),
];
