/** Functions of ours that stand for some of Lua's, against those. */

import { expect, it } from "vitest";
import { webAssemblyHost } from "../../src/runtime/web-assembly.ts";
import { Lua } from "../../src/scripts/lua.ts";
import { GLOBALS, STATUS_OK } from "../../src/scripts/lua-exports.ts";
import { fillPatternLibrary } from "../../src/scripts/pattern-library.ts";
import { Steps } from "../../src/scripts/steps.ts";
import { fillTableLibrary } from "../../src/scripts/table-library.ts";

/** What a text returns that finds them in `ours`, and Lua's libraries where they always are. */
function answerOf(text: string): string | undefined {
  const lua = new Lua(webAssemblyHost, 64 * 1024 * 1024);
  const { c, main } = lua;
  c.luaL_openlibs(main);
  c.lua_createtable(main, 0, 8);
  const steps = new Steps(() => {});
  fillPatternLibrary(lua, main, steps);
  fillTableLibrary(lua, main, steps);
  lua.setField(main, GLOBALS, "ours");
  const at = c.malloc(text.length + 1);
  lua.memory.set(Buffer.from(`${text}\0`, "latin1"), at);
  const status = c.luaL_loadbuffer(main, at, text.length, at) || c.lua_pcall(main, 0, 1, 0);
  const answer = lua.text(main, -1);
  if (status !== STATUS_OK) throw new Error(answer);
  return answer;
}

const RANDOM = `
local function of(list) return list[math.random(#list)] end
local function show(...)
  local shown = {}
  for i = 1, select('#', ...) do shown[i] = string.format('%q', tostring((select(i, ...)))) end
  return table.concat(shown, ' ')
end
`;

it.each([1, 2, 3])("answers for random patterns as Lua does (seed %i)", (seed) => {
  const differing = answerOf(`${RANDOM}
math.randomseed(${seed})
local pieces = {'a', 'b', 'c', '.', '%a', '%A', '%d', '%s', '%w', '%W', '%p', '%u', '%z', '%c', '%x', '[ab]', '[^a]', '[a-c]', '[]a]',
  '[%a-]', '[a-', '[', ']', '(', ')', '()', '(a)', '(.-)', '*', '+', '-', '?', '*', '-', '?', '^', '$', '%', '%1', '%2', '%0', '%%',
  '%b()', '%bab', '%b', '%f[a]', '%f[%w]', '%f', '\\0', '\\200', ' '}
local letters = {'a', 'a', 'b', 'b', 'c', '1', ' ', '(', ')', '%', 'A', '\\0', '\\200'}
local function text(from, most)
  local made = {}
  for i = 1, math.random(0, most) do made[i] = of(from) end
  return table.concat(made)
end
local function all(library, s, p)
  local found = {}
  for a, b in library.gmatch(s, p) do found[#found + 1] = show(a, b) end
  return table.concat(found, ',')
end
for i = 1, 4000 do
  local s, p, r = text(letters, 12), text(pieces, 6), text({'a', '%0', '%1', '%2', '%', 'x'}, 3)
  local init = math.random(-14, 14)
  local function answers(library)
    return table.concat({
      show(pcall(library.find, s, p, init)), show(pcall(library.find, s, p, init, true)), show(pcall(library.match, s, p, init)),
      show(pcall(library.gsub, s, p, r, i % 4)),
      show(pcall(library.gsub, s, p, {a = 'x', b = false, [1] = 5})),
      show(pcall(library.gsub, s, p, function(a, b) return b or a end)),
      show(pcall(all, library, s, p)),
    }, '; ')
  end
  local mine, lua = answers(ours), answers(string)
  if mine ~= lua then return show(s, p, r, init) .. ': ' .. mine .. ' IS NOT ' .. lua end
end
return 'none'
`);
  expect(differing).toBe("none");
});

it.each([1, 2, 3])("sorts and inserts as Lua does (seed %i)", (seed) => {
  const differing = answerOf(`${RANDOM}
math.randomseed(${seed})
local orders = {
  false, function(a, b) return a > b end, function(a, b) return a % 7 < b % 7 end, function(a, b) return a <= b end,
  function(a, b) return (a * 31 + b * 17) % 5 < 2 end, function() return false end,
}
for i = 1, 2000 do
  local list, order = {}, of(orders) or nil
  for at = 1, math.random(0, 60) do list[at] = math.random(40) end
  local place = math.random(-3, #list + 3)
  local function answer(library)
    local t = {}
    for at, value in ipairs(list) do t[at] = value end
    local said = show(pcall(library.sort, t, order), pcall(library.insert, t, place, 99))
    for at = -4, #list + 4 do said = said .. ' ' .. tostring(t[at]) end
    return said
  end
  local mine, lua = answer(ours), answer(table)
  if mine ~= lua then return mine .. ' IS NOT ' .. lua end
end
return 'none'
`);
  expect(differing).toBe("none");
});
