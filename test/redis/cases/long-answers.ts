/** Answers of so many members that they are read and written in parts. */

import { all } from "./many.ts";

const VALUE = "v".repeat(60);

export const longAnswers = `
# lists
rpush l ${all((i) => `element:${i}`)}
lrange l 0 -1
lrange l 10 -10
lrange l -5000 5800
linsert l before element:3000 between
lrem l 1 element:10
lset l 20 ${VALUE}
lrange l 0 -1
lrange l 0 3
multi
lrange l 0 -1
exec
eval "return #redis.call('lrange', 'l', 0, -1)" 1 l
get l
hgetall l
# hashes
hset h ${all((i) => `field:${i} ${i % 100 === 0 ? VALUE : i}`)}
*hkeys h
*hvals h
hdel h field:1 field:2
*hkeys h
hlen h
lrange h 0 -1
# sets
sadd s ${all((i) => `member:${i}`)}
*smembers s
srem s member:7
*smembers s
# sorted sets
zadd z ${all((i) => `${(i % 500) / 4} member:${i}`)}
zrange z 0 -1
zrange z 0 -1 withscores
zrange z 0 -1 rev
zrevrange z 100 -100 withscores
zrangebyscore z 10 (120 withscores
zrangebyscore z 10 +inf limit 100 5000
zrevrangebyscore z +inf -inf withscores limit 5 4500
zrange z 0 -1 limit 1 2
zrangestore z2 z 0 -1
zrange z2 0 -1 withscores
zrangestore z3 z 10 60 byscore rev
zrangestore z3 z +inf 10 byscore rev limit 3 4500
zrange z3 0 -1 withscores
zunion 2 z z2 withscores
zunionstore z3 2 z z2 weights 1 2
zrange z3 0 -1 withscores
zinterstore z3 2 z z2 aggregate min
zdiff 2 z none
zcard z3
zadd y ${all((i) => `0 member:${i}`)}
zrangebylex y - +
zrevrangebylex y + [member:2
zrange y (member:1 + bylex
# by chance, however few there are
sadd s member
hset h field value
zadd z 1.5 member
srandmember s -5000
hrandfield h -5000
hrandfield h -5000 withvalues
zrandmember z -5000
zrandmember z -5000 withscores
srandmember none -5000
srandmember h -5000
zadd z ${all((i) => `${i} member:${i}`)}
*zrandmember z 7000
zrandmember z -5000 x
multi
srandmember s -5000
exec
# places
geoadd g ${all((i) => `${((i * 0.61803) % 1) * 340 - 170} ${((i * 0.75488) % 1) * 160 - 80} place:${i}`)}
geosearch g fromlonlat 10 10 byradius 9000 km asc
geosearch g fromlonlat 10 10 byradius 9000 km desc count 4500 withdist
geosearch g frommember place:7 bybox 30000 15000 km asc count 30 withcoord withhash withdist
geosearch g fromlonlat 10 10 byradius 9000 km count 20 any
geosearchstore d g fromlonlat 10 10 byradius 9000 km
zrange d 0 -1 withscores
geosearchstore d g fromlonlat 10 10 byradius 9000 km storedist asc count 2
~zrange d 0 -1 withscores
georadius g 10 10 9000 km asc
georadius g 10 10 20000 km store g
zcard g
geosearch g fromlonlat 10 10 byradius 0 m
`;
