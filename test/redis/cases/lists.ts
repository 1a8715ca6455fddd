/** Lists. */

export const lists = String.raw`
# pushed
lpush l a
lpush l b c
rpush l d e
lrange l 0 -1
llen l
type l
rpush l "" "with blank" \x00\xff
lrange l 0 -1
lpushx l x
rpushx l y z
lpushx none x
rpushx none x y
exists none
llen none
lpush
lpush l
rpush l
lpushx l
rpushx
llen
llen l l
object encoding none
# taken
rpush l a b c d e f
lpop l
rpop l
lpop l 2
rpop l 2
lrange l 0 -1
lpop l 0
rpop l 0
lpop l
exists l
rpush l a b
lpop l 10
lpop l
rpop l
lpop l 1
rpop l 1
lpop l 0
lpop l -1
lpop l a
lpop l 9223372036854775808
rpop l -1
rpush l a b c
lpop l -1
lpop l 1.5
lpop l 9223372036854775807
lpop l 1 2
rpop l 1 2 3
lpop
rpop
# ranges
rpush l a b c d e
lrange l 0 0
lrange l 1 3
lrange l -2 -1
lrange l -100 100
lrange l 3 1
lrange l 5 10
lrange l -1 -2
lrange l 0 -6
lrange l -6 -5
lrange l 0 -5
lrange l a 1
lrange l 1 a
lrange l 1.0 2
lrange l 0 9223372036854775807
lrange l -9223372036854775808 9223372036854775807
lrange l 0 9223372036854775808
lrange none 0 -1
lrange none a 0
lrange l 0
lrange l 0 1 2
# ranks
rpush l a b c
lindex l 0
lindex l 2
lindex l 3
lindex l -1
lindex l -3
lindex l -4
lindex l a
lindex none a
lindex none 0
lindex l 9223372036854775807
lindex l -9223372036854775808
lindex l
lset l 0 A
lset l -1 C
lset l 1 ""
lrange l 0 -1
lset l 3 x
lset l -4 x
lset l a x
lset none 0 x
lset none a x
lset l 0
lset l 0 x y
# inserted
rpush l a b a
linsert l before a x
linsert l after a y
linsert l AFTER b z
linsert l Before x first
linsert l after a last
lrange l 0 -1
linsert l before none x
linsert none before a x
linsert l around a x
linsert none around a x
linsert l before a
linsert l before a x y
linsert l after last end
rpush l tail
lpush l head
lrange l 0 -1
# removed
rpush l a b a c a d a
lrem l 1 a
lrange l 0 -1
lrem l -1 a
lrange l 0 -1
lrem l 0 a
lrange l 0 -1
lrem l 0 none
lrem none 0 a
lrem none a a
lrem l a a
lrem l 9223372036854775807 b
lrem l -9223372036854775807 c
lrem l -9223372036854775808 c
lrem l 9223372036854775808 c
lrem l 5 d
exists l
lrem l 0
rpush l a a a b
lrem l -2 a
lrange l 0 -1
lrem l 2 a
lrange l 0 -1
# trimmed
rpush l a b c d e f g h
ltrim l 1 -2
lrange l 0 -1
ltrim l 0 100
lrange l 0 -1
ltrim l -3 -1
lrange l 0 -1
ltrim l a 1
ltrim l 0 a
ltrim none 0 1
ltrim none a 1
ltrim l 2 1
exists l
rpush l a b
ltrim l 5 10
exists l
rpush l a b
ltrim l -100 -100
exists l
rpush l a b c
ltrim l -9223372036854775808 9223372036854775807
lrange l 0 -1
ltrim l 0
ltrim l 0 1 2
# positions
rpush l a b c 1 2 3 c c
lpos l c
lpos l c rank 2
lpos l c rank 3
lpos l c rank 4
lpos l c rank -1
lpos l c rank -3
lpos l c rank -4
lpos l c count 0
lpos l c count 1
lpos l c count 2
lpos l c count 2 rank 2
lpos l c rank -1 count 2
lpos l c rank -2 count 0
lpos l c count 0 maxlen 3
lpos l c maxlen 2
lpos l c maxlen 3
lpos l c rank -1 count 0 maxlen 2
lpos l c maxlen 0
lpos l c count 0 rank 9
lpos l none
lpos l none count 0
lpos none c
lpos none c count 0
lpos none c count a
lpos l c rank 0
lpos l c rank a
lpos l c rank -9223372036854775807
lpos l c rank 9223372036854775807
lpos l c count -1
lpos l c count a
lpos l c maxlen -1
lpos l c maxlen a
lpos l c rank
lpos l c rank 1 count
lpos l c foo 1
lpos l c RANK 1 COUNT 1 MAXLEN 5
lpos l c rank 1 rank 2
lpos l 1
lpos l
# moved
rpush l a b c d
lmove l m right left
lmove l m left right
lmove l m RIGHT Right
lrange l 0 -1
lrange m 0 -1
lmove l m left left
exists l
lrange m 0 -1
lmove m m left right
lrange m 0 -1
lmove m m right left
lrange m 0 -1
lmove m m left left
lmove m m right right
lrange m 0 -1
lmove none m left right
lmove none m up right
lmove m n left down
lmove m n left
lmove m n left right x
rpoplpush m n
rpoplpush m n
lrange n 0 -1
rpoplpush n n
lrange n 0 -1
rpoplpush none n
rpoplpush none none
rpoplpush n
rpush one x
expire one 100
rpoplpush one one
~ttl one
lmove one one left right
~ttl one
lrange one 0 -1
rpoplpush one other
ttl one
ttl other
rpush one y
ttl one
# taken from the first that has some
rpush a 1 2 3
rpush b 4 5
lmpop 2 none a left
lmpop 2 a b right count 5
lmpop 2 a b left count 1
lmpop 1 b RIGHT COUNT 10
lmpop 2 a b left
exists a b
rpush a 1 2 3
lmpop 1 a left count 0
lmpop 1 a left count -1
lmpop 1 a left count a
lmpop 1 a left count
lmpop 1 a left count 1 count 2
lmpop 1 a left foo 1
lmpop 1 a up
lmpop 0 a left
lmpop -1 a left
lmpop a a left
lmpop 2 a left
lmpop 3 a b left
lmpop 1 a
lmpop 1
lmpop 9223372036854775807 a left
lmpop 1 a left count 9223372036854775807
# taken without waiting
rpush a 1 2 3
rpush b 4 5
blpop a 0
brpop none a b 0
blpop none b a 1.5
blmove b c left right 0
brpoplpush a c 0
lrange c 0 -1
exists a b
blmpop 0 2 none c left
blmpop 1 1 c RIGHT count 5
blmpop 0.1 2 none c up
blmpop 0.1 0 c left
blmpop 0.1 3 c left
blmpop x 1 c left
blpop none -1
blpop none a
blpop none inf
blpop none nan
blpop none 1e400
blpop none 9223372036854775807
blpop none ""
brpop none -0.01
blpop none -1e400
blmove none c left right -1
blmove none c up right -1
blmove none c left right x
brpoplpush none c x
blpop none 0.001
brpop none none2 1e-3
blmove none c left right 0.001
brpoplpush none c 0.001
blmpop 0.001 1 none left
set s text
blpop s 0
blpop none s 0
brpoplpush s c 0
rpush l x
blmove l s left right 0
brpoplpush l s 0
blmpop 0 2 none s left
llen l
blpop
blpop a
blmove a b left right
brpoplpush a b
blmpop 0 1 a
multi
blpop none 0
brpop none 0
blmove none c left right 0
brpoplpush none c 0
blmpop 0 1 none left
rpush none x
blpop none 0
exec
client unblock 1 x
client unblock x
client unblock 0
client unblock 0 error
client unblock 0 TIMEOUT
# of other types
blmpop -1 x a left
blmpop x 1 a
blmpop -1 1 a left
blmpop x 1 a left count 0
set s text
hset h a 1
lpush s x
rpush h x
lpushx s x
rpushx h x
lpop s
rpop h 1
lpop s a
llen s
lindex s 0
lindex s a
lset s 0 x
lset s a x
linsert s before a b
linsert s around a b
lrange s 0 -1
lrange s a -1
ltrim s 0 1
lrem s 0 a
lpos s a
lpos s a rank 0
rpush l a b
lmove l s left right
lmove s l left right
lmove none s left right
lmove s l up right
rpoplpush l s
rpoplpush h l
lmpop 2 none s left
lmpop 2 s l left
lmpop 2 l s left
lrange l 0 -1
get l
strlen l
append l x
incr l
hget l a
sadd l a
smembers l
getset l x
set l x get
lpush t 1
set t text
get t
lpush u 1
set u x nx
set u x xx
get u
# keys
rpush l a b c
rename l m
lrange m 0 -1
exists l
copy m n
lpush n x
lrange n 0 -1
lrange m 0 -1
copy m n
copy m n replace
lrange n 0 -1
set s text
rename m s
lrange s 0 -1
expire s 100
~ttl s
lpush s y
~ttl s
persist s
ttl s
pexpire s 0
exists s
rpush s new
ttl s
del n
unlink s
*keys *
scan 0 type list
rpush z 1
scan 0 type list
scan 0 type string
touch z
expire z 100
lpop z
ttl z
rpush z 1
ttl z
dbsize
randomkey
# all at once
multi
rpush l a b c
lmove l l left right
lrange l 0 -1
lpop l
linsert l after c d
lrem l 0 a
exec
lrange l 0 -1
multi
lpop l
set s 1
lpush s x
rpush l e
exec
lrange l 0 -1
`;
