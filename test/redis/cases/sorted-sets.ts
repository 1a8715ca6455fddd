/** Sorted sets. */

export const sortedSets = String.raw`
# zadd and its options
zadd z 1 a 2 b
zadd z 1 a
zadd z 3 a 4 c
zadd z ch 5 a 6 d 6 b
zadd z nx 9 a 1 e
zadd z xx 7 a 1 f
zadd z xx ch 8 a 1 f
zadd z gt 1 a
zadd z gt ch 9 a 9 g
zadd z lt ch 10 a
zadd z lt ch 3 a 3 h
zadd z gt xx ch 100 a 100 i
zrange z 0 -1 withscores
zadd z incr 5 a
zadd z incr 5 new
zadd z nx incr 5 new
zadd z xx incr 5 newer
zadd z gt incr -5 new
zadd z lt incr -5 new
zadd none xx 1 a
zadd none xx incr 1 a
exists none
type z
zadd z nx xx 1 a
zadd z gt lt 1 a
zadd z nx gt 1 a
zadd z nx lt 1 a
zadd z incr 1 a 2 b
zadd z 1
zadd z 1 a 2
zadd z nx
zadd z nx incr
zadd z foo a
zadd z 1 a foo b
zadd z "" a
zadd z " 1" a
zadd z "1 " a
zadd z nan a
zadd z 1e400 a
zadd z 1e-400 a
zadd z 0e-400 a
zadd z -1e400 a
zadd z 0x10 hex
zadd z 0x1.8p1 hexfraction
zadd z +inf most -inf least infinity most2 -Infinity least2 INF most3
zrange z 0 -1 withscores
zadd z incr -inf most
zadd z incr inf least
zadd z +5 plus .5 point 5. dot 1e2 power -0 zero
zrange z 0 -1 withscores
zadd z 1 x 2 x 3 x
zscore z x
zadd z
zadd z 1 ""
zscore z ""
zadd z 1 "\xff\x00\r\n"
zscore z "\xff\x00\r\n"
# scores as text
zadd z 0.1 a 1e17 b 123456789012345678 c 1e20 d 5e-324 e 1.7976931348623157e308 f 0.00001 g 0.0001 h 1.00000762939453125 i 3.0000000000000004 j -0.1 k 1e16 l 99999999999999999 m 9007199254740993 n -0 o
zrange z 0 -1 withscores
*zscan z 0 count 100
zmscore z a b c d e f g h i j k l m n o p
zincrby z 0.2 a
zincrby z 1 a
zincrby z -1 a
zincrby z 0 o
zincrby z -0 o
zincrby z 1e308 f
zincrby z 1e308 f
zincrby z -inf f
zincrby z 1 none
zincrby z foo a
zincrby z nan a
zincrby z xx a
zincrby other 5 a
zincrby other 1
zincrby
zadd inf inf a
zincrby inf -inf a
zincrby inf 5 a
zrange inf 0 -1 withscores
# what is asked of members
zadd z 1 a 2 b 3 c 3 d 5 e
zcard z
zcard none
zcard
zcard a b
zscore z a
zscore z none
zscore none a
zscore z
zmscore z a none e
zmscore none a b
zmscore z
zrank z a
zrank z d
zrank z none
zrank none a
zrank z
zrevrank z a
zrevrank z d
zrevrank z none
zrevrank none a
zrem z a none b a
zrem z none
zrem none a
zrem z
zrange z 0 -1
zrem z c d e
exists z
zcard z
# counts
zadd z 1 a 2 b 2 c 3 d 5 e
zcount z -inf +inf
zcount z 2 3
zcount z (2 3
zcount z 2 (3
zcount z (2 (3
zcount z (2 (2
zcount z 3 2
zcount z 10 20
zcount z -5 0
zcount none 1 2
zcount z a b
zcount z 1 (b
zcount z ((1 2
zcount z nan 1
zcount z "" 1
zcount z ( 5
zcount z " 1" 2
zcount z "1 " 2
zcount z 1e400 1
zcount z 0 1e400
zcount z [1 2
zcount z 1
zcount z inf -inf
zadd l 0 a 0 b 0 c 0 ca 0 d 0 ""
zlexcount l - +
zlexcount l [b [c
zlexcount l (b [c
zlexcount l [b (ca
zlexcount l + -
zlexcount l [c [b
zlexcount l - (b
zlexcount l (c +
zlexcount l - [
zlexcount l ( +
zlexcount l a b
zlexcount l [a b
zlexcount l -a +
zlexcount l "" +
zlexcount l - -
zlexcount l + +
zlexcount none - +
zlexcount none a b
zlexcount l -
# ranges by rank
zadd z 1 a 2 b 2 c 3 d 5 e
zrange z 0 -1
zrange z 0 -1 withscores
zrange z 0 -1 WithScores
zrange z 1 2
zrange z -2 -1
zrange z -100 1
zrange z 3 100
zrange z 2 1
zrange z 5 10
zrange z 0 -6
zrange z 0 -100
zrange z 0 -1 rev
zrange z 0 1 rev withscores
zrange z 1 2 rev
zrange z -2 -1 rev
zrange z 0 -6 rev
zrange z 3 100 rev
zrange none 0 -1
zrange none 0 -1 withscores
zrange z a b
zrange z 0 1.5
zrange z 0
zrange z 0 -1 foo
zrange z 0 -1 limit 0 1
zrange z 0 -1 limit 0 -1
zrange z 0 -1 limit 5 -1
zrange z 0 -1 limit 0
zrange z 0 -1 limit a b
zrange z 0 -1 rev rev
zrange z 0 -1 withscores withscores
zrevrange z 0 -1
zrevrange z 0 1 withscores
zrevrange z -2 -1
zrevrange z 2 1
zrevrange z 0 -1 rev
zrevrange z 0 -1 byscore
zrevrange z 0 -1 foo
zrevrange z a b
zrevrange none 0 -1
zrange z 9223372036854775807 9223372036854775807
zrange z -9223372036854775808 9223372036854775807
zrange z 9223372036854775808 1
# ranges by score
zadd z 1 a 2 b 2 c 3 d 5 e
zrangebyscore z -inf +inf
zrangebyscore z -inf +inf withscores
zrangebyscore z (1 3
zrangebyscore z (1 (3
zrangebyscore z 2 2
zrangebyscore z 3 1
zrangebyscore z (2 (2
zrangebyscore z 6 9
zrangebyscore z -inf +inf limit 1 2
zrangebyscore z -inf +inf limit 1 -1
zrangebyscore z -inf +inf limit 1 -5
zrangebyscore z -inf +inf limit 0 0
zrangebyscore z -inf +inf limit 10 2
zrangebyscore z -inf +inf limit -1 2
zrangebyscore z -inf +inf withscores limit 1 2
zrangebyscore z -inf +inf limit 1 2 withscores
zrangebyscore z -inf +inf limit 1 2 limit 0 1
zrangebyscore z -inf +inf limit 1
zrangebyscore z -inf +inf limit a 1
zrangebyscore z -inf +inf rev
zrangebyscore z -inf +inf byscore
zrangebyscore z a b
zrangebyscore z 1
zrangebyscore none 1 2
zrevrangebyscore z +inf -inf
zrevrangebyscore z 3 (1 withscores
zrevrangebyscore z (3 1
zrevrangebyscore z 1 3
zrevrangebyscore z +inf -inf limit 1 2
zrevrangebyscore z +inf -inf limit 1 -1
zrevrangebyscore z +inf -inf limit -1 -1
zrevrangebyscore z +inf -inf limit 4 9
zrevrangebyscore z +inf -inf limit 5 9
zrevrangebyscore z foo -inf
zrevrangebyscore none 1 2
zrange z (1 3 byscore
zrange z 3 (1 byscore rev
zrange z 3 (1 rev byscore withscores limit 0 1
zrange z 1 3 byscore rev
zrange z 1 3 byscore bylex
zrange z 1 3 byscore byscore
zrange z -inf +inf byscore limit 1 2
zrange z a 3 byscore
# ranges by name
zadd l 0 a 0 b 0 c 0 ca 0 d
zrangebylex l - +
zrangebylex l [b [ca
zrangebylex l (b (ca
zrangebylex l [bb +
zrangebylex l [d [a
zrangebylex l + -
zrangebylex l - + limit 1 2
zrangebylex l - + limit 1 -1
zrangebylex l - + limit 9 1
zrangebylex l - + withscores
zrangebylex l a b
zrangebylex l [a
zrangebylex none - +
zrevrangebylex l + -
zrevrangebylex l [ca [b
zrevrangebylex l (ca (b
zrevrangebylex l - +
zrevrangebylex l + - limit 1 2
zrange l [b + bylex
zrange l + [b bylex rev
zrange l - + bylex limit 1 2
zrange l - + bylex withscores
zrange l - + withscores bylex
zrange l + - bylex rev limit 1 2
zrange l b + bylex
# ranges that are stored
zadd z 1 a 2 b 2 c 3 d 5 e
zrangestore to z 0 -1
zrange to 0 -1 withscores
zrangestore to z 1 2 rev
zrange to 0 -1 withscores
zrangestore to z (2 +inf byscore
zrange to 0 -1 withscores
zrangestore to z +inf (2 byscore rev limit 0 1
zrange to 0 -1 withscores
zrangestore to z - [b bylex
zrangestore to z 5 10
exists to
set to x
zrangestore to none 0 -1
exists to
set to x
zrangestore to z 0 1
type to
zrangestore to z 0 -1 withscores
zrangestore to z 0 -1 foo
zrangestore to z a b
zrangestore to z 0
zrangestore z z 0 1
zrange z 0 -1
set s x
zrangestore to s 0 -1
zrange to 0 -1
# ranges that are removed
zadd z 1 a 2 b 2 c 3 d 5 e 6 f 7 g
zremrangebyrank z 0 0
zremrangebyrank z -1 -1
zremrangebyrank z 2 1
zremrangebyrank z 10 20
zremrangebyrank z a b
zremrangebyrank none 0 1
zremrangebyrank z 0
zrange z 0 -1
zremrangebyscore z 2 2
zremrangebyscore z (3 5
zremrangebyscore z 100 200
zremrangebyscore z a b
zremrangebyscore none 1 2
zrange z 0 -1
zremrangebyscore z -inf +inf
exists z
zadd z 0 a 0 b 0 c 0 d
zremrangebylex z (a [b
zremrangebylex z [x +
zremrangebylex z a b
zremrangebylex none - +
zrange z 0 -1
zremrangebylex z - +
exists z
zadd z 1 a 2 b
zremrangebyrank z 0 -1
exists z
zadd z 1 a
zrange z 0 -1 withscores
# pops
zadd z 1 a 2 b 2 c 3 d 5 e 6 f
zpopmin z
zpopmax z
zpopmin z 2
zpopmax z 1
zpopmin z 0
zpopmin z -1
zpopmin z a
zpopmin z 1 2
zpopmin none
zpopmin none 1
zpopmin none 0
zpopmax z 10
exists z
zpopmax none
zpopmin
zpopmax
zadd z 1 a 2 b 3 c 4 d 5 e
zmpop 1 z min
zmpop 1 z max
zmpop 2 none z min count 2
zmpop 2 none none2 min
zmpop 1 z MAX COUNT 10
exists z
zmpop 0 z min
zmpop -1 z min
zmpop a z min
zmpop 1 z
zmpop 2 z min
zmpop 1 z foo
zmpop 1 z min count
zmpop 1 z min count 0
zmpop 1 z min count a
zmpop 1 z min count 1 count 1
zmpop 1 z min foo 1
zmpop 1 z min max
# pops that would wait
zadd z 1 a 2 b 3 c 4 d 5 e 6 f
bzpopmin z 0
bzpopmax none z 0.5
bzmpop 0 2 none z min
bzmpop 0 1 z max count 2
bzpopmin none 0.001
bzpopmax none none2 0.001
bzmpop 0.001 1 none min
bzpopmin none -1
bzpopmin none a
bzpopmin none inf
bzpopmin none 1e400
bzpopmin none ""
bzmpop -1 1 z min
bzmpop x 0 z min
bzmpop x 1 z foo
bzmpop 0 0 z min
bzmpop 0 2 z min
bzmpop 0 1 z min count 0
bzmpop 0 1 z min count 1 count 1
bzpopmin z
bzpopmin
bzmpop 0 1 z
set s x
bzpopmin s 0
bzpopmin none s 0
bzmpop 0 1 s min
multi
bzpopmin none 0
bzmpop 0 1 none min
bzpopmax z 0
exec
command getkeys bzpopmin a b 0
command getkeys bzmpop 0 2 a b min
# members by chance
zadd z 1 a
zrandmember z
zrandmember z 1
zrandmember z 5
zrandmember z 5 withscores
zrandmember z -3
zrandmember z -3 withscores
zrandmember z 0
zrandmember z 0 withscores
zrandmember none
zrandmember none 5
zrandmember none 5 withscores
zrandmember z a
zrandmember z 1 foo
zrandmember z 1 withscores foo
zrandmember z -9223372036854775808
zrandmember z 4611686018427387904
zrandmember z 4611686018427387904 withscores
zrandmember
zadd z 2 b 3 c
*zrandmember z 3
*zrandmember z 4 withscores
!zrandmember z -2
# pages
set text x
zscan text x
zscan text 0
zscan none -1
zadd z 1 a 2.5 b 3 c 1e18 big
*zscan z 0 count 100
*zscan z 0 match a*
*zscan z 0 match x
*zscan z 0 count 100
*zscan z 0 match [ab] count 100
zscan z 0 count 0
zscan z 0 count a
zscan z 0 count
zscan z 0 foo
zscan z 0 foo bar
zscan z a
zscan z 18446744073709551616
zscan none 0
zscan none a
zscan none 0 foo
zscan z
`;
