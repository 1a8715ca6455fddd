/** The pages of the demo, as text: one with an editor at one replica, and one that shows two of them beside each other. */

export interface EditorSettings {
  /** Of the replica: where the provider of y-websocket connects to. */
  readonly url: string;
  readonly room: string;
  /** Where the replica is said to be. */
  readonly place: string;
}

const STYLE = `
  :root { color-scheme: light dark; --ink: #17323a; --water: #e9f3f2; --line: #b9d2d0; --accent: #0a7d55; --cut: #b4431f; }
  @media (prefers-color-scheme: dark) { :root { --ink: #dcebe9; --water: #10262b; --line: #2c4a50; --accent: #43b98c; --cut: #e98562; } }
  * { box-sizing: border-box; }
  body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--water); }
  h1 { font-size: 1.1rem; margin: 0; }
  button { font: inherit; color: inherit; background: transparent; border: 1px solid var(--line); border-radius: 8px; padding: .35rem .8rem; cursor: pointer; }
  button:focus-visible, textarea:focus-visible, input:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }`;

const EDITOR_STYLE = `
  main { display: grid; gap: .9rem; padding: 1.1rem; max-width: 44rem; margin: auto; }
  header { display: flex; align-items: baseline; justify-content: space-between; gap: 1rem; }
  #status::before { content: "●"; margin-right: .4rem; color: var(--cut); }
  body[data-status=connected] #status::before { color: var(--accent); }
  label { font-weight: 600; font-size: .9rem; }
  textarea, input { width: 100%; font: inherit; color: inherit; background: color-mix(in srgb, var(--water), white 45%); border: 1px solid var(--line); border-radius: 8px; padding: .6rem .7rem; }
  @media (prefers-color-scheme: dark) { textarea, input { background: color-mix(in srgb, var(--water), black 25%); } }
  textarea { min-height: 9rem; resize: vertical; }
  form { display: flex; gap: .5rem; }
  ul { list-style: none; margin: 0; padding: 0; border-top: 1px solid var(--line); }
  ul:empty { border: 0; }
  li { display: flex; justify-content: space-between; align-items: center; padding: .3rem .2rem .3rem .7rem; border-bottom: 1px solid var(--line); }
  li button { border: 0; padding: 0 .5rem; }
  #people span { display: inline-block; margin: 0 .3rem .3rem 0; padding: 0 .6rem; border-radius: 99px; color: white; font-size: .85rem; background: #55707a; }`;

const BOTH_STYLE = `
  body { display: grid; grid-template-rows: auto 1fr; height: 100vh; }
  header { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; align-items: center; padding: .8rem 1.1rem; border-bottom: 1px solid var(--line); }
  header p { margin: 0; flex: 1 1 20rem; font-size: .92rem; }
  body[data-link=cut] #link { border-color: var(--cut); color: var(--cut); }
  section { display: grid; grid-template-columns: 1fr 14px 1fr; min-height: 0; }
  iframe { border: 0; width: 100%; height: 100%; }
  .strait { background: repeating-linear-gradient(var(--accent) 0 12px, transparent 12px 20px) center / 3px 100% no-repeat; }
  body[data-link=cut] .strait { background: repeating-linear-gradient(var(--cut) 0 3px, transparent 3px 20px) center / 3px 100% no-repeat; }
  @media (max-width: 640px) { section { grid-template-columns: 1fr; grid-template-rows: 1fr 14px 1fr; } }`;

export function editorPage({ url, room, place }: EditorSettings): string {
  return page(
    place,
    EDITOR_STYLE,
    `<main>
      <header><h1>${escaped(place)}</h1><span id="status" role="status">connecting</span></header>
      <div id="people" aria-label="who is here"></div>
      <label for="text">A text</label>
      <textarea id="text" spellcheck="false" placeholder="Type here, and at the other replica."></textarea>
      <label for="entry">A list</label>
      <form id="add"><input id="entry" placeholder="Something to add" autocomplete="off"><button>Add</button></form>
      <ul id="items"></ul>
    </main>
    <script type="application/json" id="settings">${JSON.stringify({ url, room }).replaceAll("<", "\\u003c")}</script>
    <script src="editor.js"></script>`,
  );
}

/** `places`: of the two editors, which are at `edit?at=0` and `edit?at=1`. */
export function bothPage(places: readonly [string, string]): string {
  const [one, other] = places.map(escaped);
  return page(
    "Atoll: one document at two replicas",
    BOTH_STYLE,
    `<header>
      <h1>One document, two replicas</h1>
      <p>Cut the link between ${one} and ${other}, type on both sides, heal it: what both wrote is there.</p>
      <button id="link">Cut the link</button>
    </header>
    <section>
      <iframe src="edit?at=0" title="${one}"></iframe><div class="strait"></div><iframe src="edit?at=1" title="${other}"></iframe>
    </section>
    <script src="switch.js"></script>`,
  );
}

function page(title: string, style: string, body: string): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${escaped(title)}</title>
    <style>${STYLE}${style}</style>
  </head>
  <body>
    ${body}
  </body>
</html>
`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
