/** What ends a script, and that nothing of one is there for the next. */

import { describe, expect, it, test } from "vitest";
import { latin1FromBytes } from "../../src/base/bytes.ts";
import { OK, type Reply } from "../../src/command-reply.ts";
import type { CommandWords } from "../../src/command-store.ts";
import type { LoadedScript, ScriptCaller } from "../../src/commands/rows/script-engine.ts";
import type { LuaScripts } from "../../src/scripts/lua-scripts.ts";
import { scriptEngine } from "../support/script-engine.ts";

const nobody: ScriptCaller = { call: () => OK, may: () => true };

function run(engine: LuaScripts, text: string, caller = nobody, args: CommandWords = []): Reply {
  return engine.run(engine.load(Buffer.from(text, "latin1")), [], args, caller);
}

function textOf(reply: Reply): unknown {
  if (reply.type === "bulk") return latin1FromBytes(reply.value);
  if (reply.type === "array") return reply.items.map(textOf);
  if (reply.type === "error") return reply.text;
  return reply.type === "integer" ? reply.value : reply;
}

describe("a script is ended", () => {
  it.each([
    ["a loop", "while true do end"],
    ["a loop that catches errors", "while true do pcall(function() while true do end end) end"],
    ["a loop in a coroutine", "coroutine.wrap(function() while true do end end)()"],
    [
      "loops in coroutines, one after the other",
      "while true do coroutine.wrap(function() while true do end end)() end",
    ],
    ["calls without end", "local function f() return f() end f()"],
    [
      "a metatable that calls itself",
      "local t t = setmetatable({}, {__index = function(_, k) return t[k + 1] end}) while true do pcall(function() return t[1] end) end",
    ],
    ["commands without end", "while true do redis.pcall('x') end"],
    ["a pattern that tries too much", "return ('a'):rep(200):find(('a*'):rep(10) .. 'b')"],
    [
      "such a pattern, and the error is caught",
      "while true do pcall(string.match, ('a'):rep(200), ('a*'):rep(10) .. 'b') end",
    ],
    ["such a pattern by gmatch", "for w in ('a'):rep(200):gmatch(('a-'):rep(10) .. 'b') do end"],
    ["such a pattern by gfind", "for w in string.gfind(('a'):rep(200), ('a?a*'):rep(10) .. 'b') do end"],
    ["such a pattern by gsub", "return ('a'):rep(200):gsub(('a*'):rep(10) .. 'b', '')"],
    ["balances that are never closed", "return ('('):rep(1e5):match('%b()')"],
    ["a capture that comes again almost", "return ('a'):rep(20000):match('(.+)%1b')"],
    ["a long set", "return ('a'):rep(1e4):find('[' .. ('b'):rep(1e5) .. ']')"],
    ["a text that is almost there everywhere", "return ('a'):rep(1e5):find(('a'):rep(5e4) .. 'b', 1, true)"],
    ["long strings that are sorted", "local t, s = {}, ('x'):rep(1e5) for i = 1, 1e4 do t[i] = s end table.sort(t)"],
    ["a place far below a list", "table.insert({}, -2e9, 1)"],
    ["an error handler that does not end", "xpcall(error, function() while true do end end) while true do end"],
  ])("at its time limit: %s", (_name, text) => {
    const engine = scriptEngine({}, 0.1);
    expect(textOf(run(engine, text))).toContain("Script ended: it took longer than 250 ms");
    expect(textOf(run(engine, "return 1"))).toBe(1);
  });

  it("not while it waits for a processor that others use", () => {
    const loop = "local n = 0 for i = 1, 20000 do n = n + math.abs(i) end return n";
    expect(textOf(run(scriptEngine({}, 0.1), loop))).toContain("Script ended");
    expect(
      textOf(
        run(
          scriptEngine({}, 0.1, () => {}, 0.01),
          loop,
        ),
      ),
    ).toBe(200010000);
    expect(
      textOf(
        run(
          scriptEngine({}, 0.1, () => {}, 0.5),
          "while true do end",
        ),
      ),
    ).toContain("Script ended");
  });

  it.each([
    ["a string that grows", "local s = 'x' while true do s = s .. s end"],
    ["a table that grows", "local t = {} while true do t[#t + 1] = {} end"],
    ["a long repetition", "return ('x'):rep(1e9)"],
    ["a repetition beyond numbers", "return ('xy'):rep(1e300)"],
    ["a format", "local t = {} for i = 1, 1e7 do t[i] = string.format('%99d', i) end"],
    [
      "JSON of a table that is in itself many times",
      "local t = {} for i = 1, 30 do t = {t, t} end return cjson.encode(t)",
    ],
    ["MessagePack of such a table", "local t = {} for i = 1, 16 do t = {t, t, t, t, t} end return cmsgpack.pack(t)"],
    ["an answer of such a table", "local t = {} for i = 1, 30 do t = {t, t} end return t"],
  ])("at its memory limit: %s", (_name, text) => {
    const engine = scriptEngine({ memoryBytesMax: 24 * 1024 * 1024 }, 0.02);
    expect(textOf(run(engine, text))).toMatch(/memory|takes more than|Script ended/);
    expect(textOf(run(engine, "return 1"))).toBe(1);
  });

  it.each([
    ["by a call", "string.rep(' ', 2e6) .. '1'"],
    ["by an instruction", "(' '):rep(1e6) .. (' '):rep(1e6) .. '1'"],
    ["by a coroutine", "coroutine.wrap(function() return string.rep(' ', 2e6) .. '1' end)()"],
  ])(
    "and is looked at the more often the longer the strings are that its instructions go through: one made %s",
    (_name, made) => {
      const looksWith = (text: string): number => {
        let looks = 0;
        const engine = scriptEngine({}, 0, () => {
          looks++;
        });
        const sums = Array.from({ length: 100 }, () => "text").join(" + ");
        expect(textOf(run(engine, `local text = ${text} return ${sums}`))).toBe(100);
        return looks;
      };
      expect(looksWith("'1'")).toBeLessThan(20);
      // At most 2 of the hundred between two looks.
      expect(looksWith(made)).toBeGreaterThan(50);
    },
  );

  it("by a pattern that has more ways to match than are kept", () => {
    const text = "return ('a'):rep(1e5):match(('a?'):rep(1e5))";
    expect(textOf(run(scriptEngine(), text))).toContain("pattern too complex");
  });

  it("by what its caller throws, whatever it catches", () => {
    const engine = scriptEngine();
    const stop = { reason: "away" };
    let calls = 0;
    const caller = {
      ...nobody,
      call: () => {
        calls++;
        throw stop;
      },
    };
    const text = "for i = 1, 1e9 do pcall(redis.call, 'get', 'a') redis.pcall('get', 'a') end";
    let thrown: unknown;
    try {
      run(engine, text, caller);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBe(stop);
    expect(calls).toBe(1);
    expect(textOf(run(engine, "return 1"))).toBe(1);
  });
});

describe("what a script leaves behind is gone before the next", () => {
  it.each([
    ["an item of a library", "table.insert(string, 5) table.insert(_G, 6)", "return #string + #_G"],
    ["a metatable's item", "table.insert(getmetatable(''), 5)", "return #getmetatable('')"],
    ["a setting of JSON", "table.insert(cjson, 5)", "return #cjson"],
    ["the keys of the one before", "return 1", "return #ARGV"],
    ["a collector that stands still", "collectgarbage('stop')", "return collectgarbage('setpause', 1)"],
  ])("%s", (_name, first, second) => {
    const engine = scriptEngine();
    run(engine, first, nobody, [Buffer.from("an argument")]);
    expect(textOf(run(engine, second))).toBe(0);
  });

  it.each([
    [
      "a front gives what it stands for",
      "local _, t = pairs(redis) t.call = nil return tostring(redis.call):sub(1, 8)",
      "function",
    ],
    ["strings give their methods", "return tostring(getmetatable('').__index == string)", "true"],
    ["methods are found", "return ('abc'):upper() .. ('%d'):format(5)", "ABC5"],
    ["metatables are set elsewhere", "return setmetatable({}, {__index = {a = 'b'}}).a", "b"],
    [
      "a protected one stays",
      "return select(2, pcall(setmetatable, setmetatable({}, {__metatable = 1}), {}))",
      "cannot change a protected metatable",
    ],
    ["bytecode is not loaded", "return select(2, loadstring(string.dump(function() end)))", "only text is loaded"],
  ])("%s", (_name, text, answer) => {
    expect(textOf(run(scriptEngine(), text))).toBe(answer);
  });
});

test("memory of replacements that failed is free again", () => {
  const text = `
    local long = ('x'):rep(1e5)
    local function fail(letter) if letter == 'b' then error('away') end return long end
    local _, why
    for i = 1, 2000 do _, why = pcall(string.gsub, 'ab', '.', fail) end
    return why`;
  expect(textOf(run(scriptEngine(), text))).toContain("away");
});

test("strings are bytes, both ways and whatever their length", () => {
  const engine = scriptEngine();
  const all = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
  const long = Buffer.alloc(1_000_000, all);
  const given: CommandWords[] = [];
  const caller: ScriptCaller = {
    ...nobody,
    call: (words) => {
      given.push(words);
      return { type: "bulk", value: words[1] as Uint8Array };
    },
  };
  for (const bytes of [all, long, Buffer.alloc(0)]) {
    const reply = run(engine, "return redis.call('echo', ARGV[1])", caller, [bytes]);
    expect(reply.type === "bulk" && Buffer.compare(reply.value, bytes)).toBe(0);
    expect(Buffer.compare(given.at(-1)?.[1] as Uint8Array, bytes)).toBe(0);
  }
});

test("scripts are kept up to a number and a size, those used last", () => {
  const engine = scriptEngine({ scriptsMax: 3, scriptBytesMax: 1000 });
  const digests = [1, 2, 3].map((i) => engine.load(Buffer.from(`return ${i}`)).digest);
  engine.find(digests[0] as string);
  engine.load(Buffer.from("return 4"));
  expect(digests.map((digest) => engine.find(digest) !== undefined)).toEqual([true, false, true]);
  engine.load(Buffer.from(`return '${"x".repeat(900)}'`));
  expect(engine.kept.bytes).toBeLessThanOrEqual(1000);
  expect(() => engine.load(Buffer.from("x".repeat(1001)))).toThrow("at most 1000 bytes");
  engine.flush();
  expect(engine.kept).toEqual({ scripts: 0, bytes: 0 });
});

test("scripts that fill the interpreter make room for those that come", () => {
  const engine = scriptEngine({ memoryBytesMax: 24 * 1024 * 1024 });
  const numbers = (first: number, count: number): string =>
    Array.from({ length: count }, (_, i) => first * count + i).join();
  const loaded = Array.from({ length: 24 }, (_, i) => engine.load(Buffer.from(`return #{${numbers(i, 40_000)}}`)));
  for (const script of [loaded[0], loaded[23]])
    expect(textOf(engine.run(script as LoadedScript, [], [], nobody))).toBe(40_000);
  const tooLong = Buffer.from(`return #{${numbers(1, 400_000)}}`);
  expect(() => engine.load(tooLong)).toThrow("not enough memory");
  expect(textOf(engine.run(loaded[1] as LoadedScript, [], [], nobody))).toBe(40_000);
});

test("what other scripts have been compiled to is not in the way of one that runs", () => {
  const engine = scriptEngine({ memoryBytesMax: 24 * 1024 * 1024, compiledBytesMax: 500_000 });
  const numbers = Array.from({ length: 40_000 }, (_, i) => i).join();
  for (let i = 0; i < 8; i++) engine.load(Buffer.from(`return #{${i},${numbers}}`));
  expect(textOf(run(engine, "return #('x'):rep(5e6)"))).toBe(5_000_000);
});

test("a script that is kept runs in the interpreter that replaced one that was given up", () => {
  const engine = scriptEngine({}, 0.1);
  const kept = engine.load(Buffer.from("return 7"));
  run(engine, "while true do end");
  expect(textOf(engine.run(kept, [], [], nobody))).toBe(7);
});
