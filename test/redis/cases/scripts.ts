/** Scripts: what they answer, what they may not do, and what they are told of what went wrong. */

export const scripts = String.raw`
# what a script returns
eval "return 1" 0
eval "return 3.99" 0
eval "return -3.99" 0
eval "return -0" 0
eval "return 1e300" 0
eval "return 9007199254740993" 0
eval "return 2^62" 0
eval "return 0/0" 0
eval "return 'text'" 0
eval "return '\\000\\255\\r\\n'" 0
eval "return true" 0
eval "return false" 0
eval "return nil" 0
eval "return" 0
eval "" 0
eval "return {1,2,'three',nil,5}" 0
eval "return {}" 0
eval "return {{},{1,{2}},false,true}" 0
eval "return {1,{2,tostring,'x'}}" 0
eval "return tostring" 0
eval "return coroutine.create(tostring)" 0
eval "return {ok='fine'}" 0
eval "return {ok='a\\r\\nb'}" 0
eval "return {ok='a\\000b'}" 0
eval "return {ok=5}" 0
eval "return {err='foo'}" 0
eval "return {err='MY error'}" 0
eval "return {err='a\\nb\\n'}" 0
eval "return {err='-ERR x'}" 0
eval "return {err=''}" 0
eval "return {1,{err='in it'},{ok='too'}}" 0
eval "return {map={a=1}}" 0
eval "return {set={a=true}}" 0
eval "return {double=1.5}" 0
eval "return {double=0.1}" 0
eval "return {double=1e100}" 0
eval "return {big_number='123456789012345678901234567890'}" 0
eval "return {verbatim_string={format='txt',string='abc'}}" 0
eval "return {verbatim_string={format='mkd',string='abc'}}" 0
eval "return {verbatim_string={string='abc'}}" 0
eval "redis.setresp(3) return {map={a=true}}" 0
eval "redis.setresp(3) return true" 0
eval "redis.setresp(3) return {false,true}" 0
eval "redis.setresp(3) return nil" 0
# keys and arguments
eval "return {#KEYS,#ARGV}" 0
eval "return {KEYS[1],KEYS[2],ARGV[1],ARGV[2]}" 2 k1 k2 a1 a2
eval "return {KEYS[1],ARGV[1]}" 1 k \x00\xff\xfe
eval "return #ARGV[1]" 0 \x00\xff\xfe
eval "return 1" x
eval "return 1" 1
eval "return 1" -1
eval "return 1"
eval
eval "return 1" 1.5
eval "return redis.call('set', KEYS[1], ARGV[1])" 1 a \x00\x80\xff
get a
eval "return redis.call('get', KEYS[1])" 1 a
# what commands answer a script
set a 1
eval "return redis.call('get','a')" 0
eval "return type(redis.call('get','a'))" 0
eval "return type(redis.call('incr','a'))" 0
eval "return redis.call('incr','a')" 0
eval "return redis.call('get','none')" 0
eval "return type(redis.call('get','none'))" 0
eval "return redis.call('set','a','1').ok" 0
eval "return redis.call('set','a','1')" 0
eval "return redis.call('set','a','1','nx')" 0
eval "return type(redis.call('set','a','1','nx'))" 0
eval "return redis.call('mget','a','none','a')" 0
eval "return #redis.call('mget','a','none','a')" 0
eval "return redis.call('ping')" 0
eval "return redis.call('echo',5)" 0
eval "return redis.call('SET','a',0.1)" 0
get a
eval "return redis.call('SET','a',10)" 0
get a
eval "return redis.call('SET','a',1e20)" 0
get a
eval "return redis.call('SET','a',-0.5)" 0
get a
eval "return redis.call('SET','a',1e15+0.5)" 0
get a
hset h f v
eval "return redis.call('hgetall','h')" 0
eval "redis.setresp(3) return redis.call('hgetall','h').map.f" 0
eval "redis.setresp(3) return redis.call('hgetall','h')" 0
eval "redis.setresp(3) return type(redis.call('get','none'))" 0
eval "redis.setresp(3) return redis.call('get','none')" 0
sadd s x
eval "return redis.call('smembers','s')" 0
eval "redis.setresp(3) return redis.call('smembers','s').set.x" 0
eval "redis.setresp(3) return redis.call('smembers','s')" 0
eval "return redis.call('publish','nobody','x')" 0
eval "redis.call('set','w1','x') redis.call('set','w2','y') return redis.call('mget','w1','w2')" 2 w1 w2
eval "return redis.call('dbsize')" 0
eval "redis.call('mset','x','1','y','2') return redis.call('exists','x','y')" 0
eval "return {pcall(redis.call,'get','a')}" 0
eval "return coroutine.wrap(function() return redis.call('get','a') end)()" 0
# what a script does wrong with commands
eval "return redis.call()" 0
eval "return redis.pcall()" 0
eval "return redis.call({})" 0
eval "redis.call('set','a',nil)" 0
eval "redis.call('set','a',true)" 0
eval "redis.call(5)" 0
eval "return redis.call('foo')" 0
eval "return redis.call('get')" 0
eval "return redis.call('get','a','b')" 0
eval "return redis.call('subscribe','a')" 0
eval "return redis.call('eval','a',0)" 0
eval "return redis.call('multi')" 0
eval "return redis.call('config','get','port')" 0
eval "return redis.call('client','getname')" 0
eval "return redis.call('script','load','x')" 0
eval "return redis.pcall('foo')" 0
eval "return redis.pcall('get').err" 0
eval "local ok,e=pcall(redis.call,'foo') return e" 0
eval "local ok,e=pcall(redis.call,'foo') return {ok,type(e),e.err}" 0
set s x
eval "return redis.call('incr','s')" 0
eval "return redis.pcall('incr','s')" 0
eval "return {redis.pcall('incr','s')}" 0
eval "return redis.call('hget','s','f')" 0
eval "redis.call('set','kept','1') redis.call('incr','s')" 0
get kept
eval "\n\nreturn redis.call('incr','s')" 0
eval "local function f() redis.call('incr','s') end\nf()" 0
eval "return redis.call('expire','s','x')" 0
# errors of scripts
eval "error('x')" 0
eval "error('x',0)" 0
eval "error('x',2)" 0
eval "error(5)" 0
eval "error(true)" 0
eval "error()" 0
eval "error({err='My x'})" 0
eval "error({err='ERR my'},2)" 0
eval "local ok,e=pcall(error,{err='x y'}) return e" 0
eval "local ok,e=pcall(error,'y') return e" 0
eval "assert(false)" 0
eval "assert(false,'m')" 0
eval "local function f() error('x') end\nf()" 0
eval "return string.format('%d', 'x')" 0
eval "string.rep()" 0
eval "string.rep('x')" 0
eval "string.rep({},1)" 0
eval "return redis.call('get','a')+{}" 0
eval "local a a.b=1" 0
eval "local a = {} a()" 0
eval "return {} < {}" 0
eval "return 'a' .. {}" 0
eval "return #5" 0
eval "coroutine.yield(1)" 0
eval "return unpack({},1,1e8)" 0
eval "local function f() return f()+1 end return f()" 0
eval "return {err=5}" 0
eval "for i='a',1 do end" 0
eval "local t = setmetatable({},{__index=function() error('in it') end}) return t.x" 0
eval "return select(-1,1,2,3)" 0
eval "xpcall(error,function() end) return 1" 0
# text that is none of Lua
eval "retur" 0
eval "return 1 +" 0
eval "return 'a" 0
eval "x = = 1" 0
eval "local function f() " 0
eval "goto x" 0
eval "return 1 end return 2" 0
script load "retur"
eval "\\27Lua" 0
# globals
eval "return foo" 0
eval "return foo.bar" 0
eval "foo=1" 0
eval "function f() end" 0
eval "KEYS=1" 0
eval "a.b=1" 0
eval "string.x=1" 0
eval "redis.call=1" 0
eval "cjson.x=1" 0
eval "rawset(_G,'x',1)" 0
eval "rawset(string,'x',1)" 0
eval "setmetatable(_G,{})" 0
eval "setmetatable(redis,{})" 0
eval "getmetatable('').__index=1" 0
eval "return type(getmetatable(_G))" 0
eval "return tostring(print)" 0
eval "return os.clock()" 0
eval "return io" 0
eval "return require" 0
eval "return dofile" 0
eval "return loadfile" 0
eval "return package" 0
eval "return debug" 0
eval "return getfenv" 0
eval "return setfenv" 0
eval "return newproxy" 0
eval "return module" 0
eval "loadstring('x=1')()" 0
eval "return loadstring('return 1')()" 0
eval "return loadstring('return foo')()" 0
eval "return tostring(loadstring(string.dump(function() return 4 end)))" 0
eval "return tostring((loadstring('retur')))" 0
eval "local n=0 return load(function() n=n+1 return ({'return ','7'})[n] end)()" 0
eval "return rawget(_G,'foo') == nil" 0
eval "return rawget(_G,'redis') == redis" 0
eval "return _G == _G._G" 0
eval "local t={} for k in pairs(string) do t[#t+1]=k end table.sort(t) return t" 0
eval "local t={} for k in pairs(table) do t[#t+1]=k end table.sort(t) return t" 0
eval "local t={} for k in pairs(math) do t[#t+1]=k end table.sort(t) return t" 0
eval "local t={} for k in pairs(redis) do t[#t+1]=k end table.sort(t) return t" 0
eval "local t={} for k in pairs(cjson) do t[#t+1]=k end table.sort(t) return t" 0
eval "local t={} for k in pairs(cmsgpack) do t[#t+1]=k end table.sort(t) return t" 0
eval "local t={} for k in pairs(bit) do t[#t+1]=k end table.sort(t) return t" 0
eval "local t={} for k in pairs(struct) do t[#t+1]=k end table.sort(t) return t" 0
eval "local t={} for k in pairs(coroutine) do t[#t+1]=k end table.sort(t) return t" 0
eval "local t={} for k in pairs(_G) do if k ~= '__redis__err__handler' then t[#t+1]=k end end table.sort(t) return t" 0
eval "local t={} for k,v in ipairs({4,5}) do t[#t+1]=k+v end return t" 0
eval "return {collectgarbage('count')>1, collectgarbage('collect'), gcinfo()>1}" 0
# the table redis
eval "return redis.error_reply('My Err')" 0
eval "return redis.error_reply('MyErr')" 0
eval "return redis.error_reply('-ERR x')" 0
eval "return redis.error_reply('-X')" 0
eval "return redis.error_reply('')" 0
eval "return redis.error_reply()" 0
eval "return redis.error_reply(5)" 0
eval "return redis.error_reply('a\\r\\nb')" 0
eval "return redis.status_reply('x')" 0
eval "return redis.status_reply()" 0
eval "return redis.sha1hex('')" 0
eval "return redis.sha1hex('\\000\\255')" 0
eval "return redis.sha1hex(5)" 0
eval "return redis.sha1hex()" 0
eval "return redis.log(1)" 0
eval "return redis.log('a','b')" 0
eval "return redis.log(7,'b')" 0
eval "return redis.log(redis.LOG_DEBUG,'b')" 0
eval "return {redis.LOG_DEBUG,redis.LOG_VERBOSE,redis.LOG_NOTICE,redis.LOG_WARNING}" 0
eval "return redis.setresp(4)" 0
eval "return redis.setresp(3)" 0
eval "return redis.setresp()" 0
eval "return redis.breakpoint()" 0
eval "return redis.debug('x')" 0
eval "return redis.replicate_commands()" 0
eval "return redis.set_repl(redis.REPL_ALL)" 0
eval "return redis.set_repl(99)" 0
eval "return redis.set_repl()" 0
eval "return {redis.REDIS_VERSION,redis.REDIS_VERSION_NUM}" 0
eval "return redis.acl_check_cmd('get','a')" 0
eval "return redis.acl_check_cmd('foo')" 0
eval "return redis.acl_check_cmd()" 0
eval "math.randomseed(5) return {tostring(math.random()),math.random(10),math.random(5,9),tostring(math.random())}" 0
eval "math.randomseed(-77) return {tostring(math.random()),math.random(1000000)}" 0
eval "return math.random(0)" 0
eval "return math.random(1,2,3)" 0
eval "return {('ab'):rep(3),('ab'):rep(0),('ab'):rep(-1),(''):rep(5),('x'):upper()}" 0
# scripts that are kept
script flush
evalsha ffffffffffffffffffffffffffffffffffffffff 0
evalsha f 0
script load "return 1"
script load "return 1"
evalsha e0e1f9fabfc9d4800c877a703b823ac0578ff8db 0
evalsha E0E1F9FABFC9D4800C877A703B823AC0578FF8DB 0
evalsha_ro e0e1f9fabfc9d4800c877a703b823ac0578ff8db 0
evalsha e0e1f9fabfc9d4800c877a703b823ac0578ff8db x
evalsha e0e1f9fabfc9d4800c877a703b823ac0578ff8db 1
script exists e0e1f9fabfc9d4800c877a703b823ac0578ff8db x
script exists E0E1F9FABFC9D4800C877A703B823AC0578FF8DB
script exists
script
script foo
script load
script load a b
script flush x
script flush sync
evalsha e0e1f9fabfc9d4800c877a703b823ac0578ff8db 0
eval "return 5" 0
evalsha 4ca238f611c9d0ae4e9a75a5dbac22aedc1e44cc 0
script flush async
script kill
script kill x
script help
# scripts that write nothing
eval_ro "return redis.call('set','a',1)" 1 a
eval_ro "return redis.pcall('set','a',1)" 1 a
eval_ro "return redis.call('get','a')" 1 a
eval_ro "return redis.call('publish','a','b')" 0
eval "#!lua flags=no-writes\nreturn redis.call('set','a',1)" 0
eval "#!lua flags=no-writes\nreturn redis.call('get','a')" 0
eval "#!lua\nreturn redis.call('set','a',1)" 0
eval "#!lua flags=allow-oom,allow-stale\nreturn 1" 0
eval "#!lua flags=foo\nreturn 1" 0
eval "#!lua foo=bar\nreturn 1" 0
eval "#!lua name=x\nreturn 1" 0
eval "#!js\nreturn 1" 0
eval "#!lua" 0
eval "#!lua\nerror('x')" 0
# inside a transaction
multi
set a 1
eval "return redis.call('incr',KEYS[1])" 1 a
evalsha ffffffffffffffffffffffffffffffffffffffff 0
eval "return redis.call('incr')" 1 a
script load "return 2"
get a
exec
multi
eval "x"
exec
`;

/** The libraries that Redis gives scripts. */
export const scriptLibraries = String.raw`
# cjson encodes
eval "return cjson.encode({1,2,3})" 0
eval "return cjson.encode({})" 0
eval "return cjson.encode({a=1})" 0
eval "return cjson.encode({[1]=1,[3]=3})" 0
eval "return cjson.encode({[1]=1,[30]=3})" 0
eval "return cjson.encode({[1.5]=1})" 0
eval "return cjson.encode({[-1]=1})" 0
eval "return cjson.encode({[true]=1})" 0
eval "return cjson.encode('a\"b\\\\c/d\\n\\t\\r\\b\\f\\000\\031\\127\\200')" 0
eval "return cjson.encode(1)" 0
eval "return cjson.encode(0.1)" 0
eval "return cjson.encode(1e20)" 0
eval "return cjson.encode(-1.5e-10)" 0
eval "return cjson.encode(123456789012345678)" 0
eval "return cjson.encode(99999999999999.5)" 0
eval "return cjson.encode(3.14159265358979)" 0
eval "return cjson.encode(1/0)" 0
eval "return cjson.encode(0/0)" 0
eval "return cjson.encode(true)" 0
eval "return cjson.encode(nil)" 0
eval "return cjson.encode(cjson.null)" 0
eval "return cjson.encode({cjson.null,false})" 0
eval "return cjson.encode(tostring)" 0
eval "return cjson.encode({tostring})" 0
eval "return cjson.encode()" 0
eval "return cjson.encode(1,2)" 0
eval "local t={} for i=1,1000 do t={t} end return #cjson.encode(t)" 0
eval "local t={} for i=1,999 do t={t} end return #cjson.encode(t)" 0
eval "return cjson.encode_max_depth(5)" 0
eval "cjson.encode_max_depth(5) return cjson.encode({{{{{{1}}}}}})" 0
eval "return cjson.encode_max_depth(1000)" 0
eval "return {cjson.encode_sparse_array(true,2,10)}" 0
eval "cjson.encode_sparse_array(true) return cjson.encode({[1000]=1})" 0
eval "return {cjson.encode_sparse_array(false,2,10)}" 0
eval "return cjson.encode_number_precision(3)" 0
eval "return cjson.encode(3.14159)" 0
eval "return cjson.encode_number_precision(14)" 0
eval "return cjson.encode_number_precision(15)" 0
# cjson decodes
eval "return cjson.decode('[1,2,\"x\"]')" 0
eval "return cjson.decode('{\"a\":{\"b\":[1.5,true,false]}}').a.b[1]*10" 0
eval "return cjson.decode('{\"a\":null}').a == cjson.null" 0
eval "return cjson.decode('\"\\\\u00e9\\\\u20ac\\\\ud83d\\\\ude00\\\\n\\\\/\"')" 0
eval "return cjson.decode('\"\\\\ud83d\"')" 0
eval "return cjson.decode('\"\\\\x\"')" 0
eval "return cjson.decode('\"abc')" 0
eval "return cjson.decode('[1,2')" 0
eval "return cjson.decode('[1 2]')" 0
eval "return cjson.decode('{1:2}')" 0
eval "return cjson.decode('{\"a\" 2}')" 0
eval "return cjson.decode('{\"a\":2')" 0
eval "return cjson.decode('{\"a\":}')" 0
eval "return cjson.decode('{\"a\":1,}')" 0
eval "return cjson.decode('[1,]')" 0
eval "return cjson.decode('foo')" 0
eval "return cjson.decode('nul')" 0
eval "return cjson.decode('')" 0
eval "return cjson.decode('1 2')" 0
eval "return cjson.decode('-')" 0
eval "return tostring(cjson.decode('0x10'))" 0
eval "return tostring(cjson.decode('-1.5e3'))" 0
eval "return tostring(cjson.decode('inf'))" 0
eval "return tostring(cjson.decode('  12  '))" 0
eval "return cjson.decode('true')" 0
eval "return cjson.decode()" 0
eval "return cjson.decode({})" 0
eval "return cjson.decode(5)" 0
eval "return cjson.decode(string.rep('[',1001)..string.rep(']',1001))" 0
eval "return #cjson.decode(string.rep('[',1000)..string.rep(']',1000))" 0
eval "return cjson.encode(cjson.decode('{\"x\":[1,2,{\"y\":\"z\"}]}'))" 0
eval "local j=cjson.new() j.encode_max_depth(1) return {cjson.encode({{}}), pcall(j.encode,{{}})}" 0
# cmsgpack
eval "return cmsgpack.pack(1)" 0
eval "return cmsgpack.pack(-1,127,128,255,256,65535,65536,4294967295,4294967296)" 0
eval "return cmsgpack.pack(-32,-33,-128,-129,-32768,-32769,-2147483648,-2147483649)" 0
eval "return cmsgpack.pack(1.5,0.1,1e300)" 0
eval "return cmsgpack.pack('a',string.rep('b',32),string.rep('c',256))" 0
eval "return cmsgpack.pack(true,false,nil)" 0
eval "return cmsgpack.pack({},{1,2},{a=1})" 0
eval "return cmsgpack.pack({[2]=1})" 0
eval "local t={} for i=1,20 do t={t} end return cmsgpack.pack(t)" 0
eval "return cmsgpack.pack()" 0
eval "return cmsgpack.pack(tostring)" 0
eval "return {cmsgpack.unpack(cmsgpack.pack(1,'a',{1,2,{x='y'}},true))}" 0
eval "return cmsgpack.unpack(cmsgpack.pack({x={1,2,3}})).x" 0
eval "return {cmsgpack.unpack_one(cmsgpack.pack(1,2,3))}" 0
eval "return {cmsgpack.unpack_one(cmsgpack.pack(1,2,3),1)}" 0
eval "return {cmsgpack.unpack_one(cmsgpack.pack(1,2,3),2)}" 0
eval "return {cmsgpack.unpack_limit(cmsgpack.pack(1,2,3),2)}" 0
eval "return {cmsgpack.unpack_limit(cmsgpack.pack(1,2,3),2,9)}" 0
eval "return cmsgpack.unpack('\\193')" 0
eval "return cmsgpack.unpack('\\146\\001')" 0
eval "return cmsgpack.unpack('\\217\\005ab')" 0
eval "return cmsgpack.unpack()" 0
eval "return {cmsgpack.unpack('')}" 0
eval "return tostring(cmsgpack.unpack(cmsgpack.pack(-5.25)))" 0
eval "return {cmsgpack.unpack('\\207\\000\\000\\000\\001\\000\\000\\000\\000')}" 0
# bit
eval "return {bit.tobit(0xffffffff),bit.tobit(0xffffffff+1),bit.tobit(2^40+1234),bit.tobit(1.5),bit.tobit(2.5),bit.tobit(-1.5)}" 0
eval "return {bit.band(12,10,9),bit.bor(12,3),bit.bxor(12,10),bit.bnot(0),bit.bswap(0x12345678)}" 0
eval "return {bit.lshift(1,31),bit.rshift(-1,1),bit.arshift(-256,4),bit.rol(0x12345678,12),bit.ror(0x12345678,12),bit.lshift(1,33)}" 0
eval "return {bit.tohex(1),bit.tohex(-1),bit.tohex(0x87654321,4),bit.tohex(0xabc,-4),bit.tohex(1,0)}" 0
eval "return bit.band()" 0
eval "return bit.band('x')" 0
eval "return bit.band('5',4)" 0
# struct
eval "return struct.pack('>I2i4b',1,-2,3)" 0
eval "return struct.pack('<hHlLT',-1,65535,-1,2^40,7)" 0
eval "return struct.pack('fd',1.5,-2.25)" 0
eval "return struct.pack('sc3c0','ab','cdefg','xyz')" 0
eval "return struct.pack('!4bi','1',2)" 0
eval "return struct.pack('bxb',1,2)" 0
eval "return {struct.unpack('>I2i4b',struct.pack('>I2i4b',1,-2,3))}" 0
eval "return {struct.unpack('<hHlL',struct.pack('<hHlL',-1,65535,-1,2^40))}" 0
eval "return {struct.unpack('sc3',struct.pack('sc3','ab','cde'))}" 0
eval "return {struct.unpack('bc0',struct.pack('bc0',3,'xyz'))}" 0
eval "return {struct.unpack('>I2','\\000\\001\\002',2)}" 0
eval "return {struct.size('>I2i4b'),struct.size('!8bi8'),struct.size('dl'),struct.size('c5x')}" 0
eval "return struct.size('s')" 0
eval "return struct.unpack('>I4','ab')" 0
eval "return struct.pack('z',1)" 0
eval "return struct.pack('c5','ab')" 0
eval "return struct.pack('i','x')" 0
eval "return struct.pack('i33',1)" 0
eval "return struct.unpack('s','abc')" 0
eval "return struct.unpack('b','a',0)" 0
`;
