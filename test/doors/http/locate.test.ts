import { describe, expect, it } from "vitest";
import { locate } from "../../../src/doors/http/locate.ts";

describe("locate", () => {
  it.each([
    ["/v1/kv/a", "kv", "default", "a"],
    ["/v1/kv/", "kv", "default", ""],
    ["/v1/kv", "kv", "default", undefined],
    ["/v1/kv/a/b//c", "kv", "default", "a/b//c"],
    ["/v1/kv/..", "kv", "default", ".."],
    ["/v1/kv/../kv/b", "kv", "default", "../kv/b"],
    ["/v1/kv/%2e%2e%2f", "kv", "default", "../"],
    ["/v1/kv/%FF%00", "kv", "default", "\xff\0"],
    ["/v1/kv/\xc3\xa9", "kv", "default", "\xc3\xa9"],
    ["/v1/kv/__proto__?x=1", "kv", "default", "__proto__"],
    ["/v1/kv/keyspaces/x", "kv", "default", "keyspaces/x"],
    ["/v1/keyspaces/s/kv/a", "kv", "s", "a"],
    ["/v1/keyspaces/%73/kv/a", "kv", "s", "a"],
    ["/v1/keyspaces/s/keys", "keys", "s", undefined],
    ["/v1/keyspaces/s/watch?prefix=a", "watch", "s", undefined],
    ["/v1/ws", "ws", "default", undefined],
    ["/v1/keyspaces/s/ws?x", "ws", "s", undefined],
    ["/metrics", "metrics", "default", undefined],
    ["http://host:1/v1/kv/a", "kv", "default", "a"],
    ["http://host/healthz?x", "health", "default", undefined],
  ])("%s is %s of keyspace %s, key %j", (target, route, keyspace, key) => {
    expect(locate(target)).toMatchObject({ route, keyspace });
    expect(locate(target).key).toBe(key);
  });

  it.each([
    ["/v1/maps/k", "maps", "k", ""],
    ["/v1/maps/a%2Fb?limit=1", "maps", "a/b", ""],
    ["/v1/maps/k/f", "mapField", "k", "f"],
    ["/v1/maps/k/", "mapField", "k", ""],
    ["/v1/maps/a%2Fb/c/d%2F%FF", "mapField", "a/b", "c/d/\xff"],
    ["/v1/maps/../..", "mapField", "..", ".."],
    ["/v1/maps", "maps", undefined, ""],
    ["/v1/maps?key=..", "maps", undefined, ""],
    ["/v1/maps?key=..&field=f", "mapField", undefined, ""],
    ["/v1/maps/k?field=", "mapField", "k", ""],
    ["/v1/maps/k?myfield=f", "maps", "k", ""],
    ["/v1/sets/k", "sets", "k", ""],
    ["/v1/sets/k/m", "setMember", "k", "m"],
    ["/v1/sets?member=m&key=k", "setMember", undefined, ""],
    ["/v1/keyspaces/default/sets/k/m", "setMember", "k", "m"],
  ])("%s is %s, key %j, of it %j", (target, route, key, id) => {
    expect(locate(target)).toMatchObject({ route, keyspace: "default", id });
    expect(locate(target).key).toBe(key);
  });

  it.each([
    ["/v1/admin/members/a-1", "a-1"],
    ["/v1/admin/members/a%2F1?force=true", "a/1"],
    ["/v1/admin/members/a/b", "a/b"],
    ["/v1/admin/members/", ""],
    ["/v1/admin/members/{id}", "{id}"],
  ])("%s is about member %j", (target, id) => {
    expect(locate(target)).toMatchObject({ route: "member", id, key: undefined });
  });

  it.each([
    ["/v1/tags/t/invalidate", "default", "t"],
    ["/v1/tags/a%2F%FF/invalidate?ack=all", "default", "a/\xff"],
    ["/v1/tags//invalidate", "default", ""],
    ["/v1/keyspaces/s/tags/t/invalidate", "s", "t"],
  ])("%s is of keyspace %s, about tag %j", (target, keyspace, id) => {
    expect(locate(target)).toMatchObject({ route: "tag", keyspace, id, key: undefined });
  });

  const nowhere = [
    "/v1/tags",
    "/v1/tags/t",
    "/v1/tags/a/b/invalidate",
    "/v1/admin/members",
    "/v1/keyspaces/s/admin/members/a",
    "/v1/keyspaces/s/admin/members/{id}",
    "/",
    "",
    "*",
    "/v1",
    "/v1/",
    "/v1//kv/a",
    "//v1/kv/a",
    "/V1/kv/a",
    "/v1/keyspaces/s",
    "http://host",
    "/constructor",
  ];
  it.each(nowhere)("%j is nowhere", (target) => {
    expect(() => locate(target)).toThrow(expect.objectContaining({ code: "NOT_FOUND" }));
  });
});
