/**
 * What runs in the browser: a text and a list, both in one Yjs document, kept by whichever replica the page was opened at.
 * The provider is the stock one of y-websocket. Bundled by `documents.ts`.
 */

import { WebsocketProvider } from "y-websocket";
import * as Y from "yjs";

const COLOURS = ["#0a7d55", "#b4431f", "#2458b8", "#8a3ab0", "#9a6b00", "#b0275f"];
/** What the provider applies bears it as its origin; what is typed here bears this. */
const HERE = "here";

const { url, room } = JSON.parse(document.getElementById("settings").textContent);
const doc = new Y.Doc();
const text = doc.getText("text");
const list = doc.getArray("list");
const provider = new WebsocketProvider(url, room, doc);
const name = `guest ${doc.clientID % 1000}`;
provider.awareness.setLocalStateField("user", { name, colour: COLOURS[doc.clientID % COLOURS.length] });

const area = document.getElementById("text");
const items = document.getElementById("items");
const entry = document.getElementById("entry");

/** What was typed, as the one stretch in which the area differs from the document. */
function applyTyping() {
  const before = text.toString();
  const after = area.value;
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start++;
  let end = 0;
  const rest = Math.min(before.length, after.length) - start;
  while (end < rest && before[before.length - 1 - end] === after[after.length - 1 - end]) end++;
  doc.transact(() => {
    text.delete(start, before.length - start - end);
    text.insert(start, after.slice(start, after.length - end));
  }, HERE);
}

/** Where in the new text the same place is. */
function moved(position, delta) {
  let at = 0;
  let place = position;
  for (const { retain = 0, insert = "", delete: removed = 0 } of delta) {
    if (at > place) break;
    at += retain;
    if (insert.length > 0 && at <= place) place += insert.length;
    at += insert.length;
    if (removed > 0 && at < place) place -= Math.min(removed, place - at);
  }
  return place;
}

text.observe((event) => {
  if (event.transaction.origin === HERE) return;
  const [start, end] = [area.selectionStart, area.selectionEnd];
  area.value = text.toString();
  area.setSelectionRange(moved(start, event.delta), moved(end, event.delta));
});

function showItems() {
  items.replaceChildren(
    ...list.toArray().map((item, index) => {
      const line = document.createElement("li");
      const remove = document.createElement("button");
      remove.textContent = "×";
      remove.title = "remove";
      remove.addEventListener("click", () => list.delete(index));
      line.append(String(item), remove);
      return line;
    }),
  );
}

function showPeople() {
  const people = document.getElementById("people");
  const users = [...provider.awareness.getStates().values()].flatMap(({ user }) => (user === undefined ? [] : [user]));
  people.replaceChildren(
    ...users.map((user) => {
      const badge = document.createElement("span");
      badge.textContent = user.name === name ? `${user.name} (you)` : user.name;
      if (COLOURS.includes(user.colour)) badge.style.background = user.colour;
      return badge;
    }),
  );
}

provider.on("status", ({ status }) => {
  document.body.dataset.status = status;
  document.getElementById("status").textContent = status;
});
provider.awareness.on("change", showPeople);
list.observe(showItems);
area.addEventListener("input", applyTyping);
document.getElementById("add").addEventListener("submit", (event) => {
  event.preventDefault();
  if (entry.value.trim() !== "") list.push([entry.value.trim()]);
  entry.value = "";
});
showPeople();
