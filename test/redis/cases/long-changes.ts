/** Changes of so many members that they are made in parts. */

import { all, MANY, SOME, some } from "./many.ts";

/** Each right between the last two. */
function divided(count: number): string {
  let left = "first";
  const lines: string[] = [];
  for (let i = 0; i < count; i++) {
    lines.push(`linsert l after ${left} i${i}`);
    if (i % 2 === 0) left = `i${i}`;
  }
  return lines.join("\n");
}

export const longChanges = `
# what is taken and removed
rpush l ${all((i) => `element:${i % 700}`)}
lpop l x
rpop l -1
lpop l 4500
llen l
lrange l 0 -1
rpush l ${all((i) => `element:${i % 700}`)}
rpop l 4200
lrange l 0 -1
rpush l ${all((i) => `element:${i % 700}`)}
lrem l 0 element:7
lrem l 3 element:8
lrem l -3 element:9
lrem l 1 nothing
lrange l 0 -1
ltrim l 10 2000
lrange l 0 -1
sadd s ${all((i) => `member:${i}`)}
spop s -1
spop l 5000
*spop s 7000
exists s
sadd s ${all((i) => `member:${i}`)}
*srandmember s 7000
srandmember s x
scard s
zadd z ${all((i) => `${i} member:${i}`)}
zpopmin z -1
zpopmin l 5000
zpopmax z 4100
zcard z
zadd z ${all((i) => `${i} member:${i}`)}
zpopmin z 4100
zadd z ${all((i) => `${i} member:${i}`)}
zremrangebyrank z 100 5000
zrange z 0 -1
zadd z ${all((i) => `${i} member:${i}`)}
zremrangebyscore z (7 5500
zremrangebylex z x -
zrange z 0 -1 withscores
hset h ${all((i) => `field:${i} ${i}`)}
*hrandfield h 7000
hrandfield h x
hlen h
# sets of sets
sadd a ${all((i) => `member:${i}`)}
sadd b ${all((i) => `member:${i + MANY / 2}`)}
sadd c member:1 member:4000 member:9000
*sunion a b c
*sinter a b
*sinter a b c
*sdiff a b
*sdiff a b c none
sintercard 2 a b
sintercard 2 a b limit 7
sunionstore d a b c
*smembers d
scard d
sinterstore d a b
*smembers d
sdiffstore a a c
*smembers a
sdiffstore d a none
type d
sinterstore d a none
exists d
set text x
sunion a text
sunionstore text a b
scard text
multi
sunionstore d a b
scard d
exec
# sorted sets of sorted sets
zadd a ${some((i) => `${(i % 500) / 8} member:${i}`)}
zadd b ${some((i) => `${-i} member:${i + SOME / 2}`)}
sadd c ${some((i) => `member:${3 * i}`)}
zunion 3 a b c weights 2 0.5 -1 aggregate max withscores
zinter 2 b a withscores
zinter 2 a none
zdiff 3 a c none
zdiff 2 a b withscores
zintercard 2 a b
zintercard 3 a b c limit 7
zunionstore d 3 a b c
zrange d 0 -1 withscores
zinterstore d 3 a b c
zdiffstore a 2 a c
zrange a 0 -1 withscores
zdiffstore d 2 b b
exists d
set text x
zunion 3 b text c
zunionstore text 2 b c
zcard text
multi
zinterstore d 2 b c
zcard d
exec
# of the first that has some
rpush l ${all((i) => `element:${i}`)}
lmpop 2 none l left count 4200
llen l
rpush l ${all((i) => `element:${i}`)}
blmpop x 1 l right count 4500
blmpop 0 2 none l right count 9000
exists l
zadd z ${all((i) => `${i} member:${i}`)}
zmpop 2 none z max count 4200
zadd z ${all((i) => `${i} member:${i}`)}
bzmpop x 1 z min count 5000
bzmpop 0 2 none z min count 9000
exists z
sadd z member
lmpop 1 z left count 5000
# where elements are
rpush l ${all((i) => `element:${i % 5900}`)}
lpos l element:5800
lpos l element:30
lpos l element:30 rank 2
lpos l element:30 rank -1
lpos l element:30 rank -2
lpos l element:30 count 0
lpos l element:30 rank -1 count 5
lpos l element:5800 maxlen 5800
lpos l element:5800 maxlen 5801
lpos l element:5800 rank -1 maxlen 200
lpos l element:10 rank -1 count 0 maxlen 5980
lpos l nothing
lpos l nothing count 0
linsert l before element:5800 x
linsert l after element:5899 y
linsert l before nothing z
linsert l before y w
lrange l 5790 -90
multi
lpos l y
linsert l after y z
exec
# moved and copied
hset h ${all((i) => `field:${i} ${i}`)}
expireat h 9000000000
set text x
copy h text
copy h text replace
copy h h2
copy h h2
expiretime h2
*hgetall h2
rename h h3
exists h
*hkeys h3
expiretime h3
renamenx h3 h2
renamenx h3 h4
rename h4 h4
hlen h4
rpush l ${all((i) => `element:${i}`)}
rename l l2
lrange l2 0 -1
zadd z ${all((i) => `${i % 50} member:${i}`)}
rename z text
zrange text 0 -1 withscores
rename none text
dbsize
# one gap of a list that is divided again and again
rpush l first last
${divided(1200)}
lrange l 0 -1
`;
