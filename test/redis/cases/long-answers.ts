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
zadd y ${all((i) => `0 member:${i}`)}
zrangebylex y - +
zrevrangebylex y + [member:2
zrange y (member:1 + bylex
# one gap of a list that is divided again and again
rpush l first last
${divided(1200)}
lrange l 0 -1
`;
