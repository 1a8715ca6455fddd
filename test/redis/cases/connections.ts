/** Connections, transactions and what there is to tell of the server. */

export const connections = `
# words of a connection
ping
ping hello
ping a b
echo hello
echo
select 0
select 99999
select x
select -1
select -0
foo
foo bar "baz qux"
foo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa b c
get
get a b
GeT a
auth x
auth default x
hello 4
hello x
hello 2 foo
hello 2 setname "a b"
client getname
client setname me
client getname
client setname "a b"
client setname ""
client getname
client foo
client getname x
client no-evict on
client no-evict foo
client kill 1.2.3.4:5
client kill id 99999999
client kill foo bar
client list type foo
client unpause
client tracking off
client caching yes
client getredir
client unblock 999999
wait 0 10
wait x 10
wait 0 x
wait 0 -1
# transactions
multi
set a 1
incr a
get a
exec
exec
discard
multi
multi
discard
multi
set a
get a
exec
get a
multi
foo
exec
multi
set a x
incr a
set b 1
exec
mget a b
multi
exec
watch a
multi
get a
exec
watch a
set a 2
multi
set a 3
exec
get a
watch a
unwatch
set a 4
multi
set a 5
exec
get a
multi
watch a
exec
watch
multi
ping
echo x
client getname
exec
multi
discard
watch never
set never x
del never
multi
ping
exec
watch never
multi
ping
exec
watch never
hset never f v
del never
multi
ping
exec
watch missing
set missing 1
multi
exec
watch a
del a
multi
exec
# the table
command getkeys set a b
command getkeys mget a b c
command getkeys mset a 1 b 2
command getkeys foo
command getkeysandflags set a b
command getkeysandflags set a b get
command getkeysandflags mget a b c
command getkeysandflags bitop and d a b
command getkeysandflags rename a b
command getkeysandflags zunionstore d 2 a b
command getkeysandflags mset a 1 b 2
command getkeysandflags ping
command getkeysandflags foo a
command getkeysandflags georadius a 1 2 3 km
command getkeysandflags georadius a 1 2 3 km store b STOREDIST c
command getkeysandflags georadiusbymember a m 3 km storedist
command getkeys object x a
command getkeys zunion 10 a
command getkeys zunion x a
command getkeysandflags zunionstore 2 a b
command getkeys eval x 0
command getkeysandflags eval x 0 a
command getkeys object encoding a
command getkeys object encoding
command getkeysandflags set a
command help
command info mget
command info bitop rename
command info zunionstore
*command list filterby pattern mset*
*command list filterby pattern HINCR*
command list filterby module foo
command list filterby aclcat foo
command list filterby foo bar
command list filterby pattern
command list foo
command getkeys ping
command getkeys set a
command getkeys
command foo
command info foo
command docs foo
config get databases
config get save
config get foo
config get
config set
config set foo bar
config foo
latency latest
latency reset
latency foo
`;
