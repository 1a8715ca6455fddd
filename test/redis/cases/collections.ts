/** What all collections share: their types, and what is done to a key whatever lies under it. */

export const collections = `
# types
hset h a 1 b 2
sadd s a b
set t text
type h
type s
get h
get s
strlen h
append h x
incr h
getdel h
getset h x
setrange s 0 x
set h x get
mget h t s
hget t a
hget s a
hset t a 1
sadd h a
srem t a
smembers h
hgetall s
exists h s t
dbsize
# replaced
hset h a 1
set h text
get h
hget h a
del h
hgetall h
sadd h a
*smembers h
setnx h 1
msetnx h 1 x 2
mset h 1
get h
dbsize
# deleted
hset h a 1 b 2
sadd s a b
del h s x
exists h s
hgetall h
dbsize
hset h c 3
*hgetall h
srem s a
sadd s a
srem s a b
exists s
type s
dbsize
flushdb
dbsize
*keys *
randomkey
# ends
hset h a 1 b 2
ttl h
persist h
expire h 100
~ttl h
expire h 100 nx
expire h 200 gt
~ttl h
hset h c 3
~ttl h
persist h
ttl h
pexpireat h 33177117420123
pexpiretime h
expiretime h
del h
hset h a 1
ttl h
expire h -1
hgetall h
exists h
sadd s a
expire s 100
srem s a
sadd s b
ttl s
# other names
hset h a 1 b 2
expire h 100
rename h i
exists h
*hgetall i
~ttl i
set t text
rename i t
*hgetall t
~ttl t
copy t u
hset u a 3
hget t a
hget u a
~ttl u
sadd s x
copy s u
copy s u replace
type u
ttl u
smembers u
renamenx s u
renamenx s v
smembers v
set text 1
rename text v
get v
touch v u
# lists of keys
hset h a 1 b 2
sadd s a b c
set t 1
*keys *
*scan 0 count 1000
*scan 0 count 1000 type hash
*scan 0 count 1000 type set
*scan 0 count 1000 type string
*scan 0 count 1000 type list
*scan 0 count 1000 match s* type set
dbsize
# what they are kept as
hset eh a 1
object encoding eh
hset eh b 0123456789012345678901234567890123456789012345678901234567890123456789
object encoding eh
sadd ei 1 2 3
object encoding ei
sadd ei x
object encoding ei
zadd ez 1 a
object encoding ez
zadd ez 2 0123456789012345678901234567890123456789012345678901234567890123456789
object encoding ez
rpush el a
object encoding el
`;
