"""What an application does with redis-py, printed a line each; the port of the server is its argument."""

import sys

import redis

client = redis.Redis(port=int(sys.argv[1]), db=1, decode_responses=True)
client.flushdb()

print(client.set("a", 1, ex=10, nx=True), client.set("a", 2, nx=True), client.get("a"), client.ttl("a"))
print(client.incr("n", 5), client.incrbyfloat("f", 1.5), client.mset({"x": 1, "y": 2}), client.mget("x", "y", "z"))
print(client.hset("h", mapping={"x": 1, "y": 2}), sorted(client.hgetall("h").items()), client.hincrby("h", "x", 4))
print(client.zadd("z", {"a": 1, "b": 2}), client.zrange("z", 0, -1, withscores=True), client.zincrby("z", 3, "a"))
print(client.sadd("s", "a", "b"), client.smembers("s") == {"a", "b"}, client.sismember("s", "c"))
print(client.rpush("l", 1, 2, 3), client.lmove("l", "m", "LEFT", "RIGHT"), client.lrange("l", 0, -1))
print(client.blpop(["none", "l"], timeout=1), client.blpop(["none"], timeout=0.01))
print(sorted(client.scan_iter("*")), client.exists("a", "none"), client.type("h"), client.delete("x", "none"))
print(sorted(client.hscan_iter("h")), sorted(client.sscan_iter("s")), sorted(client.zscan_iter("z")))
print(client.geoadd("g", [13.361389, 38.115556, "Palermo"]), client.geosearch("g", longitude=15, latitude=37, radius=200, unit="km", withdist=True))

with client.pipeline() as pipe:
    pipe.watch("n")
    seen = int(pipe.get("n"))
    pipe.multi()
    pipe.set("n", seen + 1)
    client.set("other", "x")
    print(pipe.execute())
    pipe.watch("n")
    client.set("n", 0)
    pipe.multi()
    pipe.set("n", 7)
    try:
        print(pipe.execute())
    except redis.WatchError as error:
        print(repr(error))
with client.pipeline(transaction=False) as pipe:
    print(pipe.set("p", 1).incr("p").lpush("p", 1).get("p").execute(raise_on_error=False))

with client.lock("lock", timeout=5) as lock:
    print(lock.owned(), lock.extend(3), lock.reacquire(), client.lock("lock").acquire(blocking=False))
print(client.exists("lock"))

script = client.register_script("return {KEYS[1], ARGV[1], redis.call('incr', KEYS[1])}")
print(script(keys=["k"], args=["v"]))
for words in (["lpush", "a", "x"], ["incr", "other"], ["nosuch", "a"], ["set", "a"]):
    try:
        print(client.execute_command(*words))
    except redis.ResponseError as error:
        print(repr(error))

with client.pubsub() as messages:
    messages.subscribe("news")
    messages.psubscribe("n*")
    while messages.subscribed and client.pubsub_numpat() < 1:
        pass
    print(sorted(str(messages.get_message(timeout=5)) for _ in range(2)))
    print(client.publish("news", "hello"))
    print(sorted(str(messages.get_message(timeout=5)) for _ in range(2)))

print(client.client_setname("me"), client.client_getname(), client.client_info()["db"], client.client_list()[0]["resp"])
print(client.info("server")["redis_version"].startswith("7.0."), client.info()["db1"]["keys"] == client.dbsize())
print(client.object("encoding", "z"), client.echo("x"), client.ping(), client.wait(0, 1), client.config_get("databases"))
