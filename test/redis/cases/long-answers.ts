/** Answers of so many members that they are read and written in parts. */

const MANY = 6000;
const numbers = Array.from({ length: MANY }, (_, i) => i);
const all = (each: (i: number) => string): string => numbers.map(each).join(" ");
const VALUE = "v".repeat(60);

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
