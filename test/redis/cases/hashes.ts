/** Hashes: fields with values. */

export const hashes = `
# fields
hset h a 1
hset h a 2 b 3
hset h a
hset h a 1 b
hset h
hget h a
hget h x
hget x a
hget h
hmset h c 4 d 5
hmset h c
hmset h c 4 d
hmget h a b x a
hmget x a b
hmget h
hexists h a
hexists h x
hexists x a
hexists h
hlen h
hlen x
hlen
hstrlen h a
hstrlen h x
hstrlen x a
hset h long "0123456789012345678901234567890123456789012345678901234567890123456789"
hstrlen h long
hdel h long
hsetnx h a 9
hsetnx h e 9
hsetnx h e
hget h e
*hgetall h
*hkeys h
*hvals h
hgetall x
hkeys x
hvals x
hgetall
hkeys h x
hdel h a x
hdel h a
hdel x a
hdel h
hdel h b c d e
exists h
hset h "" empty
hget h ""
hset h "\\x00\\xff" "\\xfe\\x00"
hget h "\\x00\\xff"
hset h __proto__ 1 constructor 2
hget h __proto__
hget h toString
hlen h
# counted
hincrbyfloat h hex 0x10
hincrbyfloat h hex -0x1.8p1
hincrbyfloat h hex 0x
hincrbyfloat h hex 0x1p
del h
hincrby h n 5
hincrby h n -7
hincrby h n 0
hget h n
hset h t text
hincrby h t 1
hincrby h n x
hincrby h n 1.5
hincrby h n 9223372036854775807
hincrby h n 9223372036854775807
hincrby h n -9223372036854775808
hincrby h n -9223372036854775808
hincrby h m 9223372036854775807
hincrby h m 1
hincrby h m -1
hincrby h n
hset h s " 1"
hincrby h s 1
hset h e ""
hincrby h e 1
hincrbyfloat h f 0.1
hincrbyfloat h f 0.2
hincrbyfloat h f -1
hincrbyfloat h f 5.0e3
hincrbyfloat h t 1
hincrbyfloat h f x
hincrbyfloat h f inf
hincrbyfloat h f nan
hincrbyfloat h e 1
hincrbyfloat h f
hset h i inf
hincrbyfloat h i 1
hincrbyfloat h n 1.5
hget h f
# by chance
hrandfield x
hrandfield x 3
hrandfield x 3 withvalues
hset h a 1 b 2 c 3
!hrandfield h
*hrandfield h 3
*hrandfield h 10
*hrandfield h 10 withvalues
hrandfield h 0
hrandfield h x
hrandfield h 1 x
hrandfield h 1 withvalues x
hrandfield h -9223372036854775808
hrandfield h 9223372036854775807 withvalues
hdel h b c
hrandfield h
hrandfield h 1
hrandfield h -3
hrandfield h 1 withvalues
hrandfield h -3 withvalues
set t 1
hrandfield t
hrandfield t 1
hrandfield
# page by page
hset h a 1 b 2 c 3 abc 4
*hscan h 0
*hscan h 0 count 100
*hscan h 0 match a* count 100
*hscan h 0 match x
hscan x 0
hscan x 0 foo
hscan h 0 foo
hscan h 0 count
hscan h 0 count 0
hscan h 0 count x
hscan h 0 type hash
hscan h x
hscan h
set t 1
hscan t 0
hscan t x
# of another type
set t 1
hset t a 1
hmset t a 1
hsetnx t a 1
hget t a
hmget t a
hgetall t
hkeys t
hvals t
hlen t
hstrlen t a
hexists t a
hdel t a
hincrby t a 1
hincrby t a x
hincrbyfloat t a 1
hincrbyfloat t a x
sadd s a
hget s a
hset s a 1
hlen s
# one with another in a transaction
hset h a 1
multi
hset h b 2
hincrby h a 4
hgetall x
hlen h
exec
watch h
hset h a 9
multi
hlen h
exec
`;
