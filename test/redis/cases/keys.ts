/** Keys, whatever lies under them, and when they end. */

export const keys = String.raw`
# there or not
set a 1
exists a
exists a a b
exists
del a
del a
del
mset a 1 b 2 c 3
del a b x
unlink c x
touch a
mset a 1 b 2
touch a b c
type a
type missing
type
dbsize
# ends
set a 1
expire a 100
~ttl a
~pttl a
expire a 200 nx
expire a 300 xx
expire a 200 gt
expire a 400 gt
expire a 500 lt
expire a 100 lt
~ttl a
persist a
persist a
ttl a
pttl a
ttl missing
pttl missing
persist missing
expire a 100 xx
expire a 100 gt
expire a 100 lt
~ttl a
expire a 100 nx
expire missing 100
expire a x
expire a 100 foo
expire a 100 nx xx
expire a 100 gt lt
expire a 100 NX gt
expire a
expire a 9223372036854775807
expire a -9223372036854775808
expire a 9223372036854775
pexpire a 9223372036854775807
expireat a 33177117420
expiretime a
pexpiretime a
pexpireat a 33177117420123
pexpiretime a
expiretime a
expiretime missing
persist a
expiretime a
expire a -1
exists a
set a 1
expireat a 1
exists a
set a 1
pexpire a 0
exists a
set b 1
pexpire b 100000
~ttl b
expire a 100 "x\x00y"
expire a 100 "x\r\n"
expire a 100 "x\r\ny"
# counted no more
set a 1 pxat 1
get a
dbsize
set b 1
set a 1 ex 100
pexpireat a 1
get a
dbsize
# ends at the edge of what there is
set a 1
pexpireat a -9223372036854775808
set a 1
pexpireat a 9223372036854775807
exists a
expireat a 9223372036854775
expireat a 9223372036854775 gt
expireat a 9223372036854776
expireat a -9223372036854775
exists a
set a 1 pxat 9223372036854775807
set a 1 px 9223372036854775807
set a 1 exat 9223372036854776
# other names
set a 1 ex 100
rename a b
get a
get b
~ttl b
rename missing b
set a 2
renamenx a b
renamenx a c
renamenx missing c
renamenx b b
rename b b
rename b
copy b d
get d
~ttl d
copy c d
copy c d replace
get d
copy missing d
copy c c
copy c d foo
copy c d db
# lists of keys
mset one 1 two 2 three 3 four 4 "h[llo" 5 h\\*llo 6
*keys *
*keys t*
*keys ???
*keys [ot]*
*keys [^ot]*
*keys [a-f]*
*keys h\\[*
*keys x
*keys *o*
*keys "*[e]"
keys
randomkey x
*scan 0 count 1000
*scan 0 match t* count 1000
*scan 0 match t* count 1000 type string
*scan 0 type hash count 1000
scan x
scan 0 count 0
scan 0 count x
scan 0 match
scan 0 foo bar
scan
scan 18446744073709551616
!scan -1
scan -1 count
*scan +0
scan -
*scan ""
*scan "0\x00x"
scan " 0"
dbsize
flushdb
dbsize
randomkey
*keys *
flushall foo
flushall async
flushdb sync
flushdb sync async
# what lies under them
set i 123
set s hello
set l "0123456789012345678901234567890123456789012345678901234567890"
object encoding i
object encoding s
object encoding l
object encoding missing
object refcount s
object freq s
~object idletime s
object foo s
object foo
object "f\x00oo" s
object "\r\n" s
object encoding s s
object help s
memory usage s samples
script foo bar
script load
multi
object foo s
exec
multi
object encoding
exec
multi
memory foo
exec
eval "return redis.call('object','foo','s')" 0
eval "return redis.call('object','encoding')" 0
eval "return redis.pcall('memory','foo')" 0
object encoding
object
object help
!memory usage s
memory usage missing
memory usage
memory foo
`;
