/** Sorted sets of several keys at once, and their keys whatever lies under them. */

export const sortedSetKeys = `
# unions
zadd a 1 x 2 y 3 z
zadd b 10 y 20 z 30 w
sadd s x w q
zunion 2 a b
zunion 2 a b withscores
zunion 2 a b weights 2 3 withscores
zunion 2 a b aggregate min withscores
zunion 2 a b aggregate max withscores
zunion 2 a b aggregate sum withscores
zunion 2 a s withscores
zunion 3 a b s weights 1 0.5 100 aggregate max withscores
zunion 2 a a withscores
zunion 1 a withscores
zunion 2 none none2
zunion 2 none none2 withscores
zunion 2 a none withscores
zunion 0 a
zunion -1 a
zunion a a
zunion 3 a b
zunion 2 a b weights 1
zunion 2 a b weights 1 foo
zunion 2 a b weights 1 nan
zunion 2 a b aggregate foo
zunion 2 a b aggregate
zunion 2 a b foo
zunion 2 a b limit 1
zunion 2 a b weights 1 2 aggregate max weights 3 4 withscores
zunion 2
zunion
zunionstore to 2 a b
zrange to 0 -1 withscores
zunionstore to 2 a b weights 2 3 aggregate max
zrange to 0 -1 withscores
zunionstore to 1 none
exists to
zunionstore to 2 a b withscores
zunionstore to 0 a
zunionstore to 3 a b
zunionstore a 2 a b
zrange a 0 -1 withscores
zunionstore to 1 s
zrange to 0 -1 withscores
zadd inf inf a
zadd minf -inf a
zunion 2 inf minf withscores
zunion 1 inf weights 0 withscores
zunion 2 inf minf aggregate max withscores
zunion 1 inf weights -1 withscores
zadd f1 0.1 a
zadd f2 0.2 a 1 b
zadd f3 0.3 a 1 b 1 c
zunion 3 f3 f2 f1 withscores
zunion 3 f1 f2 f3 withscores
zinter 3 f3 f2 f1 withscores
zunion 3 f1 f2 f3 weights 0.1 0.7 1e300 withscores
# intersections
zadd a 1 x 2 y 3 z
zadd b 10 y 20 z 30 w
sadd s z w q
zinter 2 a b
zinter 2 a b withscores
zinter 2 a b weights 2 3 withscores
zinter 2 a b aggregate min withscores
zinter 2 a b aggregate max withscores
zinter 3 a b s withscores
zinter 2 a a withscores
zinter 1 a withscores
zinter 2 a none
zinter 0 a
zinter 3 a b
zinter 2 a b foo
zinterstore to 2 a b
zrange to 0 -1 withscores
zinterstore to 2 a none
exists to
zinterstore to 2 a b weights 1
zintercard 2 a b
zintercard 2 a b limit 1
zintercard 2 a b limit 0
zintercard 2 a b limit -1
zintercard 2 a b limit a
zintercard 2 a b limit
zintercard 2 a none
zintercard 3 a b s
zintercard 2 a b weights 1 2
zintercard 2 a b withscores
zintercard 0 a
zintercard a a
zintercard 3 a b
# differences
zadd a 1 x 2 y 3 z
zadd b 10 y
sadd s z
zdiff 2 a b
zdiff 2 a b withscores
zdiff 3 a b s withscores
zdiff 2 s a
zdiff 2 a a
zdiff 1 a withscores
zdiff 2 none a
zdiff 2 a none withscores
zdiff 2 a b weights 1 2
zdiff 2 a b aggregate max
zdiff 0 a
zdiff 3 a b
zdiffstore to 2 a b
zrange to 0 -1 withscores
zdiffstore to 2 a a
exists to
zdiffstore to 2 a b withscores
zdiffstore to 0 a
# another type is there
set s x
sadd set a
zadd s 1 a
zadd s foo a
zadd s nx xx 1 a
zincrby s 1 a
zrem s a
zcard s
zscore s a
zmscore s a
zrank s a
zrevrank s a
zcount s 1 2
zcount s a b
zlexcount s - +
zrange s 0 -1
zrange s a b
zrangebyscore s 1 2
zrangebylex s - +
zrevrange s 0 -1
zrangestore to s 0 -1
zremrangebyrank s 0 -1
zremrangebyscore s 1 2
zremrangebylex s - +
zpopmin s
zpopmin s 0
zpopmin s a
zmpop 1 s min
zmpop 2 none s min
zrandmember s
zrandmember s 1
zscan s 0
zscan s 0 foo
zunion 1 s
zunion 1 s foo
zinter 1 s
zdiff 1 s
zintercard 1 s
zunionstore to 1 s
zcard set
zadd set 1 a
zadd z 1 a
get z
incr z
append z x
sadd z x
hset z a b
set z x
get z
# whole keys
zadd z 1 a 2 b
type z
exists z
expire z 100
~ttl z
zadd z 3 c
~ttl z
persist z
ttl z
rename z y
zrange y 0 -1 withscores
exists z
copy y z
zrange z 0 -1 withscores
del y z
exists y z
zadd z 1 a
expire z 100
zrem z a
zadd z 1 a
ttl z
expire z 100
zunionstore z 1 z
ttl z
# in transactions
multi
zadd z 1 a 2 b
zincrby z 5 a
zrange z 0 -1 withscores
zpopmin z
exec
watch z
zadd z 3 c
multi
zcard z
exec
zunionstore to 1 z
watch z to
multi
zcard to
exec
# keys among the words
command getkeys zadd z 1 a
command getkeys zunion 2 a b
command getkeys zunionstore to 2 a b weights 1 2
command getkeys zmpop 2 a b min
command getkeys zrangestore to from 0 -1
`;
