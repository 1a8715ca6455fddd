/** Commands, for what Redis tells of keys by them. */

/** 4,500 members, each behind something. */
function many(before: string): string {
  return Array.from({ length: 4500 }, (_, i) => `${before}m${i}`).join(" ");
}

export const notifications = `
# strings
SET a 1
SET a 2 EX 100
SET a 3 KEEPTTL
SET a 3 XX GET
SET a 4 NX
SET a 4 PXAT 9999999999999
GET a
APPEND a x
APPEND a ""
APPEND b ""
SETRANGE b 0 ""
SETRANGE b 3 x
SETBIT b 1 1
GETSET b 5
INCR b
DECR b
INCRBY b 4
DECRBY b 0
INCRBYFLOAT b 0
INCRBYFLOAT b 1.5
GETEX b
GETEX b EX 5
GETEX b PERSIST
GETEX b PXAT 1
SETEX b 100 x
PSETEX b 100000 x
SETNX b x
SETNX c x
MSET x 1 y 2 x 3
MSETNX x 1 w 2
MSETNX v 1 w 2
BITOP AND z x nokey
BITOP AND z nokey nokey
BITOP AND z nokey nokey
GETDEL x
GETDEL nokey
INCR x
SET n notanumber
INCR n

# keys
MSET a 1 b 2 y 3
EXPIRE y 100
EXPIRE y 200 GT
EXPIRE y 100 GT
PEXPIRE y 100000
EXPIREAT y 99999999999
EXPIRE y -1
EXPIRE y 10
RENAME nokey b
RENAME a b
RENAME b b
RENAMENX b c
SET b 1
RENAMENX b c
COPY c d
COPY c d
COPY c d REPLACE
PERSIST d
EXPIRE d 10
PERSIST d
DEL d nokey
UNLINK b c b
RPUSH list a
EXPIRE list 100
PERSIST list
RENAME list other
COPY other list
SET list string
HSET list f v
EXPIRE other 0
TOUCH list
FLUSHDB

# hashes
HSET h a 1 b 2 a 1
HSET h a 1
HMSET h a 1
HSETNX h a 1
HSETNX h z 1
HINCRBY h a 0
HINCRBY h a 5
HINCRBYFLOAT h a 0
HGETALL h
HDEL h nosuch
HDEL h a nosuch
HDEL h b z nosuch
HINCRBY h a 1

# lists
RPUSH l a b c
LPUSH l a b c
LPUSHX l a
RPUSHX nokey a
LINSERT l BEFORE b x
LINSERT l BEFORE nosuch x
LSET l 0 a
LSET l 0 q
LTRIM l 0 -1
LTRIM nokey 0 -1
LTRIM l 1 3
LTRIM l 5 6
RPUSH l a b c a
LREM l 0 a
LREM l 0 nosuch
LPOP l
RPOP l
RPOP l
RPUSH l a b c a
LPOP l 2
LMOVE l l LEFT RIGHT
LMOVE l k LEFT RIGHT
LMOVE l k RIGHT LEFT
RPOPLPUSH k l
RPOPLPUSH k k
RPOPLPUSH nokey nokey
RPUSH k b
RPOPLPUSH k k
LPOP k
LMPOP 2 nokey l LEFT COUNT 10
RPUSH l a b c a
LMPOP 1 l RIGHT
BLPOP nokey l 1
BRPOP l 1
BLMOVE l k LEFT LEFT 1
BRPOPLPUSH k l 1
BLMPOP 1 1 l LEFT

# sets
SADD s a b c
SADD s a
SADD s a d
SREM s a nosuch
SREM s nosuch
SMOVE s t b
SMOVE s t nosuch
SMOVE s t c
SMOVE s t d
SMOVE t t c
SPOP t
SPOP t 20
SPOP t
SUNIONSTORE u u u
SADD u a b
SUNIONSTORE u u u
SINTERSTORE v u u
SDIFFSTORE v u u
SINTERSTORE u u nokey
SINTERSTORE u u nokey

# sorted sets
ZADD z 1 a 2 b 3 c
ZADD z 1 a
ZADD z CH 2 a
ZADD z INCR 1 a
ZADD z NX INCR 1 a
ZINCRBY z 0 a
ZINCRBY z 1 a
ZREM z a nosuch
ZPOPMIN z
ZPOPMAX z 10
ZADD z 1 a 2 b 3 c 4 d
ZREMRANGEBYRANK z 0 0
ZREMRANGEBYLEX z [nosuch [nosuch
ZREMRANGEBYSCORE z 0 10
ZREMRANGEBYSCORE z 0 10
ZADD z 1 a 2 b 3 c
ZUNIONSTORE w 1 z
ZINTERSTORE w 2 z nokey
ZDIFFSTORE w 1 z
ZRANGESTORE w z 0 0
ZRANGESTORE w z 10 11
BZPOPMIN z 1
BZPOPMAX z 1
ZMPOP 1 z MAX COUNT 9
ZADD z 1 a 2 b
BZMPOP 1 1 z MIN
GEOADD g 1 1 a 2 2 b
GEOADD g 1 1 a
GEOSEARCHSTORE gg g FROMLONLAT 1 1 BYRADIUS 10 km
GEOSEARCHSTORE gg g FROMLONLAT 50 50 BYRADIUS 10 km
GEORADIUS g 1 1 1 km STORE gg
GEORADIUSBYMEMBER g a 1 km STORE gg

# of one key another type, and commands as one
RPUSH k a
SADD k a
SET k x
SUNIONSTORE k nokey
SADD s a b
SET d x
SUNIONSTORE d s
MULTI
SET q 1
INCR q
DEL q nokey
EXEC
MULTI
PUBLISH mark first
SET q 1
PUBLISH mark second
ECHO x
PUBLISH mark third
DEL q
PUBLISH mark fourth
EXEC
EVAL "redis.call('SET', KEYS[1], 1) redis.call('INCR', KEYS[1]) return redis.pcall('SADD', KEYS[1], 1)" 1 e

# what takes several turns here
SADD a ${many("")}
SADD d old
SUNIONSTORE d a
SET d2 x
RENAME d d2
SPOP d2 4200
ZADD z ${many("1 ")}
ZRANGESTORE w z 0 -1
ZREMRANGEBYRANK z 0 4199
ZPOPMIN w 4500
RPUSH l ${many("x ")}
LREM l 0 x
LTRIM l 4490 -1
LTRIM l 4490 -1

# bits that change, and bits that are so already
SETBIT b 1 1
SETBIT b 1 1
SETBIT b 7 0
SETBIT b 8 0
SETBIT nokey 0 0
BITFIELD b SET u8 0 7
BITFIELD b SET u8 0 7
BITFIELD b GET u8 0
`;
