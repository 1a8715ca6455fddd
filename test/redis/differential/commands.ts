/** What each command may look like (`shape.ts`), by family. */

import { parseShape, type Shape } from "./shape.ts";

const STRINGS = `
append KEY VALUE
decr KEY
decrby KEY INT
get KEY
getdel KEY
getex KEY [ex SECONDS|px MILLIS|exat UNIX|pxat UNIXMS|persist]
getrange KEY INDEX INDEX
getset KEY VALUE
incr KEY
incrby KEY INT
incrbyfloat KEY SUMMAND
mget KEY+
mset (KEY VALUE)+
msetnx (KEY VALUE)+
psetex KEY MILLIS VALUE
set KEY VALUE
set KEY VALUE [nx|xx|get|keepttl|ex SECONDS|px MILLIS|exat UNIX|pxat UNIXMS]
set KEY VALUE [nx|xx|get|keepttl|ex SECONDS|px MILLIS|exat UNIX|pxat UNIXMS]
setex KEY SECONDS VALUE
setnx KEY VALUE
setrange KEY OFFSET VALUE
strlen KEY
substr KEY INDEX INDEX
`;

const BITS = `
bitcount KEY
bitcount KEY INDEX INDEX (|bit|byte|x)
bitfield KEY [get BITTYPE BITAT|set BITTYPE BITAT INT|incrby BITTYPE BITAT INT|overflow (wrap|sat|fail|x)]
bitfield KEY (overflow (wrap|sat|fail)) (incrby BITTYPE BITAT INT)+ (get BITTYPE BITAT)*
bitfield_ro KEY (get BITTYPE BITAT)*
bitop (and|or|xor|not|x) KEY KEY+
bitop not KEY KEY
bitpos KEY BIT
bitpos KEY BIT INDEX
bitpos KEY BIT INDEX INDEX (|bit|byte|x)
getbit KEY OFFSET
setbit KEY OFFSET BIT
`;

const ANY_KEYS = `
copy KEY KEY [replace]
del KEY+
exists KEY+
expire KEY SECONDS [nx|xx]
expireat KEY UNIX [nx|xx|gt|lt]
expiretime KEY
keys PATTERN
persist KEY
pexpire KEY MILLIS [nx|xx]
pexpireat KEY UNIXMS [nx|xx|gt|lt]
pexpiretime KEY
pttl KEY
rename KEY KEY
renamenx KEY KEY
scan 0 [match PATTERN|count COUNT|type TYPE]
scan INT [match PATTERN|count COUNT|type TYPE]
touch KEY+
ttl KEY
type KEY
unlink KEY+
dbsize
randomkey
object x KEY
`;

const LISTS = `
blmove KEY KEY (left|right|x) (left|right) TIMEOUT
blmpop TIMEOUT NUMKEYS (left|right|x) [count COUNT]
blpop KEY+ TIMEOUT
brpop KEY+ TIMEOUT
brpoplpush KEY KEY TIMEOUT
lindex KEY INDEX
linsert KEY (before|after|x) MEMBER MEMBER
llen KEY
lmove KEY KEY (left|right|x) (left|right)
lmpop NUMKEYS (left|right|x) [count COUNT]
lpop KEY
lpop KEY COUNT
lpos KEY MEMBER [rank INT|count COUNT|maxlen COUNT]
lpush KEY MEMBER+
lpush KEY MEMBER+
lpushx KEY MEMBER+
lrange KEY INDEX INDEX
lrem KEY INT MEMBER
lset KEY INDEX MEMBER
ltrim KEY INDEX INDEX
rpop KEY
rpop KEY COUNT
rpoplpush KEY KEY
rpush KEY MEMBER+
rpush KEY MEMBER+
rpushx KEY MEMBER+
`;

const HASHES = `
hdel KEY FIELD+
hexists KEY FIELD
hget KEY FIELD
hgetall KEY
hincrby KEY FIELD INT
hincrbyfloat KEY FIELD SUMMAND
hkeys KEY
hlen KEY
hmget KEY FIELD+
hmset KEY (FIELD VALUE)+
hrandfield KEY
hrandfield KEY INT (|withvalues)
hscan KEY 0 [match PATTERN|count COUNT]
hset KEY (FIELD VALUE)+
hset KEY (FIELD VALUE)+
hsetnx KEY FIELD VALUE
hstrlen KEY FIELD
hvals KEY
`;

const SETS = `
sadd KEY MEMBER+
sadd KEY MEMBER+
scard KEY
sdiff KEYS
sdiffstore KEY KEYS
sinter KEYS
sintercard NUMKEYS [limit COUNT]
sinterstore KEY KEYS
sismember KEY MEMBER
smembers KEY
smismember KEY MEMBER+
smove KEY KEY MEMBER
spop KEY
spop KEY COUNT
srandmember KEY
srandmember KEY INT
srem KEY MEMBER+
sscan KEY 0 [match PATTERN|count COUNT]
sunion KEYS
sunionstore KEY KEYS
`;

const SORTED_SETS = `
bzmpop TIMEOUT NUMKEYS (min|max|x) [count COUNT]
bzpopmax KEY+ TIMEOUT
bzpopmin KEY+ TIMEOUT
zadd KEY [nx|xx|gt|lt|ch] (SCORE MEMBER)+
zadd KEY [nx|xx|gt|lt|ch] (SCORE MEMBER)+
zadd KEY (0 MEMBER)+
zadd KEY incr [nx|xx|gt|lt|ch] SUMMAND MEMBER
zcard KEY
zcount KEY SCOREEND SCOREEND
zdiff NUMKEYS (|withscores)
zdiffstore KEY NUMKEYS
zincrby KEY SUMMAND MEMBER
zinter NUMKEYS [weights FLOAT+|aggregate (sum|min|max|x)|withscores]
zintercard NUMKEYS [limit COUNT]
zinterstore KEY NUMKEYS [weights FLOAT+|aggregate (sum|min|max)]
zinterstore KEY 2 KEY KEY [weights FLOAT FLOAT|aggregate (sum|min|max|x)]
zmpop NUMKEYS (min|max|x) [count COUNT]
zmscore KEY MEMBER+
zpopmax KEY
zpopmax KEY COUNT
zpopmin KEY
zpopmin KEY COUNT
zrandmember KEY
zrandmember KEY INT (|withscores)
zrange KEY INDEX INDEX [rev|withscores|limit INDEX INDEX]
zrange KEY SCOREEND SCOREEND byscore [rev|withscores|limit INDEX INDEX]
zrangebyscore KEY SCOREEND SCOREEND [withscores|limit INDEX INDEX]
zrangestore KEY KEY INDEX INDEX [rev|limit INDEX INDEX]
zrangestore KEY KEY SCOREEND SCOREEND byscore [rev|limit INDEX INDEX]
zrank KEY MEMBER
zrem KEY MEMBER+
zremrangebyrank KEY INDEX INDEX
zremrangebyscore KEY SCOREEND SCOREEND
zrevrange KEY INDEX INDEX (|withscores)
zrevrangebyscore KEY SCOREEND SCOREEND [withscores|limit INDEX INDEX]
zrevrank KEY MEMBER
zscan KEY 0 [match PATTERN|count COUNT]
zscore KEY MEMBER
zunion NUMKEYS [weights FLOAT+|aggregate (sum|min|max|x)|withscores]
zunion 2 KEY KEY [weights FLOAT FLOAT|aggregate (sum|min|max)|withscores]
zunionstore KEY NUMKEYS [weights FLOAT+|aggregate (sum|min|max)]
zunionstore KEY 2 KEY KEY [weights FLOAT FLOAT|aggregate (sum|min|max)]
`;

const BY_NAME = `
zlexcount KEY LEXEND LEXEND
zrange KEY LEXEND LEXEND bylex [rev|withscores|limit INDEX INDEX]
zrangebylex KEY LEXEND LEXEND [limit INDEX INDEX]
zrangestore KEY KEY LEXEND LEXEND bylex [rev|limit INDEX INDEX]
zremrangebylex KEY LEXEND LEXEND
zrevrangebylex KEY LEXEND LEXEND [limit INDEX INDEX]
`;

const PLACES = `
geoadd KEY [nx|xx|ch] (LON LAT MEMBER)+
geoadd KEY (LON LAT MEMBER)+
geodist KEY MEMBER MEMBER (|UNIT)
geohash KEY MEMBER*
geopos KEY MEMBER*
georadius KEY LON LAT RADIUS UNIT [withcoord|withdist|withhash|asc|desc|count COUNT|store KEY|storedist KEY]
georadius_ro KEY LON LAT RADIUS UNIT [withcoord|withdist|withhash|asc|desc|count COUNT]
georadiusbymember KEY MEMBER RADIUS UNIT [withcoord|withdist|withhash|asc|desc|count COUNT|store KEY|storedist KEY]
georadiusbymember_ro KEY MEMBER RADIUS UNIT [withcoord|withdist|withhash|asc|desc|count COUNT]
geosearch KEY (frommember MEMBER|fromlonlat LON LAT) (byradius RADIUS UNIT|bybox RADIUS RADIUS UNIT) [asc|desc|count COUNT|withcoord|withdist|withhash]
geosearch KEY [frommember MEMBER|fromlonlat LON LAT|byradius RADIUS UNIT|bybox RADIUS RADIUS UNIT|asc|desc|count COUNT|withcoord|withdist|withhash]
geosearchstore KEY KEY (frommember MEMBER|fromlonlat LON LAT) (byradius RADIUS UNIT|bybox RADIUS RADIUS UNIT) [asc|desc|count COUNT|storedist]
`;

const shapesOf = (text: string): readonly Shape[] => text.trim().split("\n").map(parseShape);

/** By what they are about. */
export const families = {
  strings: shapesOf(STRINGS),
  bits: shapesOf(BITS),
  keys: shapesOf(ANY_KEYS),
  lists: shapesOf(LISTS),
  hashes: shapesOf(HASHES),
  sets: shapesOf(SETS),
  sortedSets: shapesOf(SORTED_SETS),
  places: shapesOf(PLACES),
};

/** Of sorted sets whose members all have one score: of others Redis leaves open what they answer. The set that is read comes last of the keys. */
export const byName = shapesOf(BY_NAME);
