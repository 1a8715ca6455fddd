/**
 * What `COMMAND` tells of commands beside the table of those there are: which words are keys and what becomes of each, and how one
 * is to be sent to several servers. As Redis 7.0 tells it; of commands that there are not, nobody asks.
 *
 * A line: the name; each run of keys as `flags@first:last:step`, the last counted from the end where negative, otherwise from the
 * first, or `flags@n#`, where word n says how many follow it, or `flags@word+n`, where the key stands behind that word, at n or later; and
 * behind a bar the tips.
 */

const TABLE = `
append               RW,insert@1:0:1
bitcount             RO,access@1:0:1
bitfield             RW,access,update,variable_flags@1:0:1
bitfield_ro          RO,access@1:0:1
bitop                OW,update@2:0:1 RO,access@3:-1:1
bitpos               RO,access@1:0:1
blmove               RW,access,delete@1:0:1 RW,insert@2:0:1
blmpop               RW,access,delete@2#
blpop                RW,access,delete@1:-2:1
brpop                RW,access,delete@1:-2:1
brpoplpush           RW,access,delete@1:0:1 RW,insert@2:0:1
bzmpop               RW,access,delete@2#
bzpopmax             RW,access,delete@1:-2:1
bzpopmin             RW,access,delete@1:-2:1
command              - | nondeterministic_output_order
copy                 RO,access@1:0:1 OW,update@2:0:1
dbsize               - | request_policy:all_shards response_policy:agg_sum
decr                 RW,access,update@1:0:1
decrby               RW,access,update@1:0:1
del                  RM,delete@1:-1:1 | request_policy:multi_shard response_policy:agg_sum
dump                 RO,access@1:0:1 | nondeterministic_output
eval                 RW,access,update@2#
eval_ro              RO,access@2#
evalsha              RW,access,update@2#
evalsha_ro           RO,access@2#
exists               RO@1:-1:1 | request_policy:multi_shard response_policy:agg_sum
expire               RW,update@1:0:1
expireat             RW,update@1:0:1
expiretime           RO,access@1:0:1
fcall                RW,access,update@2#
fcall_ro             RO,access@2#
flushall             - | request_policy:all_shards response_policy:all_succeeded
flushdb              - | request_policy:all_shards response_policy:all_succeeded
geoadd               RW,update@1:0:1
geodist              RO,access@1:0:1
geohash              RO,access@1:0:1
geopos               RO,access@1:0:1
georadius            RO,access@1:0:1 OW,update@STORE+6 OW,update@STOREDIST+6
georadius_ro         RO,access@1:0:1
georadiusbymember    RO,access@1:0:1 OW,update@STORE+5 OW,update@STOREDIST+5
georadiusbymember_ro RO,access@1:0:1
geosearch            RO,access@1:0:1
geosearchstore       OW,update@1:0:1 RO,access@2:0:1
get                  RO,access@1:0:1
getbit               RO,access@1:0:1
getdel               RW,access,delete@1:0:1
getex                RW,access,update@1:0:1
getrange             RO,access@1:0:1
getset               RW,access,update@1:0:1
hdel                 RW,delete@1:0:1
hexists              RO@1:0:1
hget                 RO,access@1:0:1
hgetall              RO,access@1:0:1 | nondeterministic_output_order
hincrby              RW,access,update@1:0:1
hincrbyfloat         RW,access,update@1:0:1
hkeys                RO,access@1:0:1 | nondeterministic_output_order
hlen                 RO@1:0:1
hmget                RO,access@1:0:1
hmset                RW,update@1:0:1
hrandfield           RO,access@1:0:1 | nondeterministic_output
hscan                RO,access@1:0:1 | nondeterministic_output
hset                 RW,update@1:0:1
hsetnx               RW,insert@1:0:1
hstrlen              RO@1:0:1
hvals                RO,access@1:0:1 | nondeterministic_output_order
incr                 RW,access,update@1:0:1
incrby               RW,access,update@1:0:1
incrbyfloat          RW,access,update@1:0:1
info                 - | nondeterministic_output request_policy:all_shards response_policy:special
keys                 - | request_policy:all_shards nondeterministic_output_order
lastsave             - | nondeterministic_output
lcs                  RO,access@1:1:1
lindex               RO,access@1:0:1
linsert              RW,insert@1:0:1
llen                 RO@1:0:1
lmove                RW,access,delete@1:0:1 RW,insert@2:0:1
lmpop                RW,access,delete@1#
lpop                 RW,access,delete@1:0:1
lpos                 RO,access@1:0:1
lpush                RW,insert@1:0:1
lpushx               RW,insert@1:0:1
lrange               RO,access@1:0:1
lrem                 RW,delete@1:0:1
lset                 RW,update@1:0:1
ltrim                RW,delete@1:0:1
mget                 RO,access@1:-1:1 | request_policy:multi_shard
move                 RW,access,update@1:0:1
mset                 OW,update@1:-1:2 | request_policy:multi_shard response_policy:all_succeeded
msetnx               OW,insert@1:-1:2 | request_policy:multi_shard response_policy:agg_min
persist              RW,update@1:0:1
pexpire              RW,update@1:0:1
pexpireat            RW,update@1:0:1
pexpiretime          RO,access@1:0:1
pfadd                RW,insert@1:0:1
pfcount              RW,access@1:-1:1
pfdebug              RW,access@2:0:1
pfmerge              RW,access,insert@1:0:1 RO,access@2:-1:1
ping                 - | request_policy:all_shards response_policy:all_succeeded
psetex               OW,update@1:0:1
pttl                 RO,access@1:0:1 | nondeterministic_output
randomkey            - | request_policy:all_shards nondeterministic_output
rename               RW,access,delete@1:0:1 OW,update@2:0:1
renamenx             RW,access,delete@1:0:1 OW,insert@2:0:1
restore              OW,update@1:0:1
restore-asking       OW,update@1:0:1
rpop                 RW,access,delete@1:0:1
rpoplpush            RW,access,delete@1:0:1 RW,insert@2:0:1
rpush                RW,insert@1:0:1
rpushx               RW,insert@1:0:1
sadd                 RW,insert@1:0:1
scan                 - | nondeterministic_output request_policy:special
scard                RO@1:0:1
sdiff                RO,access@1:-1:1 | nondeterministic_output_order
sdiffstore           OW,update@1:0:1 RO,access@2:-1:1
set                  RW,access,update,variable_flags@1:0:1
setbit               RW,access,update@1:0:1
setex                OW,update@1:0:1
setnx                OW,insert@1:0:1
setrange             RW,update@1:0:1
sinter               RO,access@1:-1:1 | nondeterministic_output_order
sintercard           RO,access@1#
sinterstore          RW,update@1:0:1 RO,access@2:-1:1
sismember            RO@1:0:1
smembers             RO,access@1:0:1 | nondeterministic_output_order
smismember           RO,access@1:0:1
smove                RW,access,delete@1:0:1 RW,insert@2:0:1
spop                 RW,access,delete@1:0:1 | nondeterministic_output
spublish             not_key@1:0:1
srandmember          RO,access@1:0:1 | nondeterministic_output
srem                 RW,delete@1:0:1
sscan                RO,access@1:0:1 | nondeterministic_output
ssubscribe           not_key@1:-1:1
strlen               RO@1:0:1
substr               RO,access@1:0:1
sunion               RO,access@1:-1:1 | nondeterministic_output_order
sunionstore          OW,update@1:0:1 RO,access@2:-1:1
sunsubscribe         not_key@1:-1:1
time                 - | nondeterministic_output
touch                RO@1:-1:1 | request_policy:multi_shard response_policy:agg_sum
ttl                  RO,access@1:0:1 | nondeterministic_output
type                 RO@1:0:1
unlink               RM,delete@1:-1:1 | request_policy:multi_shard response_policy:agg_sum
wait                 - | request_policy:all_shards response_policy:agg_min
watch                RO@1:-1:1
xack                 RW,update@1:0:1
xadd                 RW,update@1:0:1 | nondeterministic_output
xautoclaim           RW,delete@1:0:1 | nondeterministic_output
xclaim               RW,update@1:0:1 | nondeterministic_output
xdel                 RW,delete@1:0:1
xlen                 RO@1:0:1
xpending             RO,access@1:0:1 | nondeterministic_output
xrange               RO,access@1:0:1
xrevrange            RO,access@1:0:1
xsetid               RW,update@1:0:1
xtrim                RW,delete@1:0:1 | nondeterministic_output
zadd                 RW,update@1:0:1
zcard                RO@1:0:1
zcount               RO,access@1:0:1
zdiff                RO,access@1#
zdiffstore           OW,update@1:0:1 RO,access@2#
zincrby              RW,access,update@1:0:1
zinter               RO,access@1#
zintercard           RO,access@1#
zinterstore          OW,update@1:0:1 RO,access@2#
zlexcount            RO,access@1:0:1
zmpop                RW,access,delete@1#
zmscore              RO,access@1:0:1
zpopmax              RW,access,delete@1:0:1
zpopmin              RW,access,delete@1:0:1
zrandmember          RO,access@1:0:1 | nondeterministic_output
zrange               RO,access@1:0:1
zrangebylex          RO,access@1:0:1
zrangebyscore        RO,access@1:0:1
zrangestore          OW,update@1:0:1 RO,access@2:0:1
zrank                RO,access@1:0:1
zrem                 RW,delete@1:0:1
zremrangebylex       RW,delete@1:0:1
zremrangebyrank      RW,delete@1:0:1
zremrangebyscore     RW,delete@1:0:1
zrevrange            RO,access@1:0:1
zrevrangebylex       RO,access@1:0:1
zrevrangebyscore     RO,access@1:0:1
zrevrank             RO,access@1:0:1
zscan                RO,access@1:0:1 | nondeterministic_output
zscore               RO,access@1:0:1
zunion               RO,access@1#
zunionstore          OW,update@1:0:1 RO,access@2#
`;

/** A run of keys among the words of a command. */
export interface KeyRun {
  readonly flags: readonly string[];
  readonly first: number;
  /** From the first, or negative from the end; absent: the first is no key, but says how many follow. */
  readonly range?: { readonly last: number; readonly step: number };
  /** Behind which it stands, which is at the first place or later. */
  readonly keyword?: string;
}

export interface CommandSpec {
  readonly runs: readonly KeyRun[];
  readonly tips: readonly string[];
}

const RUN = /^([A-Za-z_,]+)@(?:([A-Z]+)\+)?(\d+)(?::(-?\d+):(\d+)|#)?$/;
const NOTHING: CommandSpec = { runs: [], tips: [] };

const byName: ReadonlyMap<string, CommandSpec> = new Map(TABLE.trim().split("\n").map(rowOf));

export function specOf(name: string): CommandSpec {
  return byName.get(name) ?? NOTHING;
}

function rowOf(line: string): [string, CommandSpec] {
  const [row = "", tips = ""] = line.split(" | ");
  const [name = "", ...runs] = row.split(/ +/);
  return [name, { runs: runs.filter((run) => run !== "-").map(runOf), tips: tips === "" ? [] : tips.split(" ") }];
}

function runOf(text: string): KeyRun {
  const [, flags = "", keyword, first, last, step] = RUN.exec(text) ?? [];
  if (keyword !== undefined)
    return { flags: flags.split(","), first: Number(first), keyword, range: { last: 0, step: 1 } };
  const run = { flags: flags.split(","), first: Number(first) };
  return last === undefined ? run : { ...run, range: { last: Number(last), step: Number(step) } };
}

/** Places of the keys of a run among words, in lower case, as far as there are words. */
export function placesOf({ first, range, keyword }: KeyRun, given: readonly string[]): readonly number[] {
  const words = given.length;
  if (keyword !== undefined) {
    const at = given.indexOf(keyword.toLowerCase(), first) + 1;
    return at > 0 && at < words ? [at] : [];
  }
  const count = Number(given[first]) || 0;
  const begin = range === undefined ? first + 1 : first;
  const end = range === undefined ? first + count : range.last < 0 ? words + range.last : first + range.last;
  const places: number[] = [];
  for (let at = begin; at <= end && at < words; at += range?.step ?? 1) places.push(at);
  return places;
}
