/** Sets: members without values. */

export const sets = `
# members
sadd s a
sadd s a b c c
sadd s
scard s
scard x
scard
sismember s a
sismember s x
sismember x a
sismember s
smismember s a x c
smismember x a b
smismember s
*smembers s
smembers x
smembers
srem s a x
srem s a
srem x a
srem s
*smembers s
srem s b c
exists s
sadd n 3 1 2 10
*smembers n
sadd n ""
sismember n ""
sadd n "\\x00\\xff"
sismember n "\\x00\\xff"
# moved
sadd s a b
sadd d x
smove s d a
smove s d a
smove s d x
smove x d a
smove s s b
smove s s x
smove s n b
exists s
*smembers d
*smembers n
set t 1
smove t d a
smove d t a
smove d t zzz
smove x t a
smove d d
smove d
# by chance
srandmember x
srandmember x 3
spop x
spop x 3
sadd s a b c
!srandmember s
*srandmember s 3
*srandmember s 10
srandmember s 0
srandmember s x
srandmember s 1 x
srandmember s -9223372036854775808
srandmember
spop s 0
spop s -1
spop s x
spop s 1 x
*spop s 10
exists s
sadd s a
srandmember s
srandmember s -3
srandmember s 1
spop s
exists s
spop s
sadd s a b c
!spop s
scard s
# together
sadd a 1 2 3 4
sadd b 3 4 5
sadd c 4 6
*sunion a b c
*sunion a x
sunion x y
*sinter a b
*sinter a b c
sinter a x
sinter x
*sdiff a b
*sdiff a b c
*sdiff a x
sdiff x a
sdiff a a
sunion
sinter
sdiff
sunionstore d a b
*smembers d
sinterstore d a b
*smembers d
sdiffstore d a b
*smembers d
sinterstore d a x
exists d
sunionstore d x
sdiffstore a a b
*smembers a
sunionstore a a b c
*smembers a
set t 1
sunion a t
sinter a t
sinter x t
sinter t x
sdiff a t
sdiff x t
sunionstore d a t
exists d
sunionstore t a b
type t
sunionstore t x
exists t
sunionstore d
sinterstore d
sdiffstore d
sintercard 2 a b
sintercard 2 a b limit 1
sintercard 2 a b limit 0
sintercard 2 a b limit 100
sintercard 1 a
sintercard 2 a x
sintercard 0 a
sintercard x a
sintercard 3 a b
sintercard -1 a
sintercard 1 a limit -1
sintercard 1 a limit x
sintercard 1 a foo
sintercard 1 a limit
sintercard 1
set t 1
sintercard 2 a t
command getkeys sintercard 2 a b limit 1
command getkeys sunionstore d a b
# ends of what is stored
sadd a 1
sadd d 1
expire d 100
sunionstore d a
ttl d
# page by page
sadd s a b c abc
*sscan s 0
*sscan s 0 count 100
*sscan s 0 match a* count 100
*sscan s 0 match x
sscan x 0
sscan x 0 foo
sscan s 0 foo
sscan s 0 count
sscan s 0 count 0
sscan s 0 count x
sscan s x
sscan s
# of another type
set text x
spop text -1
spop text x
spop text 1
set t 1
sadd t a
srem t a
scard t
sismember t a
smismember t a
smembers t
spop t
spop t 1
spop t x
srandmember t
srandmember t 1
sscan t 0
hset h a 1
sadd h a
smembers h
sunion h
# one with another in a transaction
sadd s a
multi
sadd s b
scard s
srem s a
smembers s
exec
watch s
srem s b
multi
scard s
exec
`;
