/** Strings, bits and numbers. */

export const strings = String.raw`
# set and its options
set a 1
get a
set a 2 nx
set b 3 nx
set b 4 xx
set c 4 xx
get c
set a 5 get
set d 5 get
set d 6 nx get
set e 6 nx get
set a 7 xx get
set a 1 ex 100
~ttl a
set a 2 keepttl
~ttl a
set a 3
ttl a
set a 1 px 100000
~pttl a
set a 1 exat 33177117420
~ttl a
expiretime a
set a 1 pxat 33177117420000
pexpiretime a
set a 1 ex 0
set a 1 ex -1
set a 1 px 0
set a 1 ex a
set a 1 ex
set a 1 ex 9223372036854775807
set a 1 px 9223372036854775807
set a 1 ex 9223372036854775808
set a 1 ex 10 px 10
set a 1 ex 10 keepttl
set a 1 keepttl ex 10
set a 1 nx xx
set a 1 foo
set a 1 persist
set a 1 exat 1
get a
set a
set
SET a "" GET
get a
set a 1 KeepTTL gEt
set a 1 ex 10 ex 20
set a 1 px 10000 px x
set a 1 ex 10 px 10
getex a ex 10 ex 20
getex a ex 10 exat 20
getex a persist persist
~ttl a
hset other f v
getex other ex 10 ex 20
getex other ex 10 px 20
# set variants
setnx a 1
setnx a 2
setex a 10 x
~ttl a
setex a 0 x
setex a -5 x
setex a b x
psetex a 10000 y
~pttl a
psetex a 0 y
getset a z
ttl a
getset new 1
getdel a
getdel a
getdel
getset a
setnx a
set a 1
getex a
getex a ex 100
~ttl a
getex a px 100000
~ttl a
getex a persist
ttl a
getex a exat 33177117420
expiretime a
getex a pxat 33177117420000
getex a ex 0
getex a ex x
getex a ex 10 px 10
getex a persist ex 10
getex a ex 10 persist
getex a keepttl
getex a foo
getex missing ex 10
getex missing ex x
getex a pxat 1
exists a
# many keys
mset a 1 b 2 c 3
mget a b c d
mget
mset a
mset a 1 b
msetnx x 1 y 2
msetnx y 3 z 4
mget x y z
msetnx y 3 z
mset a 5 a 6
get a
# parts
set a "Hello World"
getrange a 0 4
getrange a -5 -1
getrange a 0 -1
getrange a 4 2
getrange a -1 -5
getrange a 5 100
getrange a 100 200
getrange a -100 3
getrange a -100 -50
getrange missing 0 1
getrange a x 1
getrange a 1
substr a 0 4
strlen a
strlen missing
setrange a 6 Redis
get a
setrange pad 5 x
get pad
setrange a -1 x
setrange a x x
setrange missing 5 ""
exists missing
setrange a 3 ""
setrange a 9223372036854775807 x
append a "!"
append b new
append b new
get b
append b
set t 1 ex 100
append t 2
~ttl t
setrange t 0 9
~ttl t
# numbers
incr a
incr a
decr a
incrby a 10
decrby a 3
get a
set a abc
incr a
decr a
incrby a 1
set a 1
incrby a x
incrby a 1.5
decrby a x
decrby a -9223372036854775808
incrby a
set a 9223372036854775807
incr a
set a -9223372036854775808
decr a
incrby a -1
set a 9223372036854775806
incr a
get a
set a 9007199254740993
incr a
get a
set a 9007199254740991
incrby a 9007199254740993
get a
decrby a 9223372036854775807
get a
set a " 1"
incr a
set a 01
incr a
set a +1
incr a
set a -0
incr a
set a 9223372036854775808
incr a
set a ""
incr a
set a 1 ex 100
incr a
~ttl a
# floats
incrbyfloat hex 0x10
incrbyfloat hex 0X1.8p-1
incrbyfloat hex +0x.8
incrbyfloat hex 0x
incrbyfloat hex 0xg
incrbyfloat f 0.1
incrbyfloat f 0.2
incrbyfloat f 1e3
incrbyfloat f -5.5
incrbyfloat f 3.0e0
incrbyfloat f x
incrbyfloat f inf
incrbyfloat f nan
incrbyfloat f ""
set f abc
incrbyfloat f 1
set f 10.50
incrbyfloat f 0.1
get f
set f 5.0e3
incrbyfloat f 2.0e2
set f 3
incrbyfloat f 1.123456789012345678
incrbyfloat f -4.123456789012345678
set f 1e20
incrbyfloat f 0.5
set f 1e-10
incrbyfloat f 1e-17
incrbyfloat f 1e-19
set f 0.1
incrbyfloat f 12345678901234567890
# numbers in bits
bitfield bf
bitfield bf get u8 0
exists bf
bitfield bf set u8 0 255 get u8 0 get i8 0 get u4 2
bitfield bf incrby u8 0 1 incrby i8 #1 -1 get u16 0
bitfield bf overflow sat incrby u8 0 300 incrby i8 8 -300 overflow wrap incrby i8 8 -300
bitfield bf overflow fail incrby u8 0 1 set i8 0 128 get u8 0
bitfield bf set u8 0 -1 set i5 3 100 overflow sat set u8 0 -1 set i5 3 -100 set u63 1 9223372036854775807
get bf
bitfield bf set i64 #1 -9223372036854775808 incrby i64 #1 -1 overflow sat incrby i64 #1 1 incrby i64 #1 9223372036854775807
bitfield bf overflow fail incrby i64 #1 9223372036854775807 incrby i64 3 -9223372036854775808
bitfield bf overflow fail incrby u2 1000 7
strlen bf
bitfield bf get u1 0 get i1 7 get u63 1 get i64 3 get u33 #2
bitfield bf get u64 0
bitfield bf get i65 0
bitfield bf get u0 0
bitfield bf get u01 0
bitfield bf get I8 0
bitfield bf get x8 0
bitfield bf get u8
bitfield bf set u8 0
bitfield bf set u8 0 x
bitfield bf set u8 x 1
bitfield bf set u8 -1 1
bitfield bf set u8 #-1 1
bitfield bf set u8 # 1
bitfield bf get u8 4294967296
bitfield bf get u8 4294967295
bitfield bf get u8 #536870912
bitfield bf overflow
bitfield bf overflow foo
bitfield bf foo u8 0
bitfield_ro bf get u8 0 get i3 5
bitfield_ro bf overflow sat get u8 0
bitfield_ro bf set u8 0 1
bitfield_ro missing get u8 0
rpush bl x
bitfield bl get u8 0
bitfield bl set u8 0 1
bitfield bl
bitfield_ro bl get u8 0
set n 12
bitfield n get u8 0 incrby u8 8 1
get n
expire n 100
bitfield n set u8 0 49
ttl n
command getkeysandflags bitfield k get u8 0
command getkeysandflags bitfield k set u8 0 1
# bits
setbit a 7 1
setbit a 7 0
setbit a 100 1
getbit a 100
getbit a 7
getbit a 1000
getbit missing 0
strlen a
setbit a -1 1
setbit a 4294967296 1
setbit a x 1
setbit a 1 2
setbit a 1 x
getbit a -1
getbit a x
set m foobar
bitcount m
bitcount m 0 0
bitcount m 1 1
bitcount m 1 1 byte
bitcount m 5 30 bit
bitcount m 0 -1 bit
bitcount m -2 -1
bitcount m -1 -2
bitcount m 100 200
bitcount m 1
bitcount m 0 1 foo
bitcount m x 1
bitcount missing
bitcount missing 0 x
bitcount missing 0
bitcount missing 0 1 foo
bitcount m -1 -2 foo
bitpos missing 0 x
bitpos missing 1 0 1 foo
bitpos missing 1 0 1 bit bit
bitpos m 1 -100 -200
bitpos m 0 -100 -200 bit
bitpos m 1
bitpos m 0
bitpos m 1 2
bitpos m 1 2 -1
bitpos m 1 7 15 bit
bitpos m 0 7 -3 bit
bitpos m 2
bitpos m x
bitpos m 1 x
bitpos m 1 0 1 foo
bitpos missing 1
bitpos missing 0
set ones "\xff\xff"
bitpos ones 0
bitpos ones 0 0
bitpos ones 0 0 -1
bitpos ones 0 5
bitpos ones 0 0 15 bit
set zeros "\x00\x00"
bitpos zeros 1
set x "\x0f\xf0"
set y "\xff"
bitop and r x y
get r
bitop or r x y
get r
bitop xor r x y
get r
bitop not r x
get r
bitop not r x y
bitop foo r x
bitop and r missing
exists r
bitop and r missing x
get r
bitop
`;
