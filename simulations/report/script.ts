/**
 * What a report does in a browser: zooming and moving along the time axis, reading values under the pointer, jumping to
 * the moment of a fault. Plain JavaScript; without it the page is a picture with tables. All panels share one time axis,
 * the `viewBox` of their drawings.
 */

export const SCRIPT = `
(() => {
  "use strict";
  const run = JSON.parse(document.getElementById("run").textContent);
  const rows = document.querySelector(".rows");
  const panels = [...document.querySelectorAll("svg.time")];
  const axes = [...document.querySelectorAll("svg.axis")];
  const tip = document.querySelector(".tip");
  const cursor = document.querySelector(".cursor");
  const brush = document.querySelector(".brush");
  const readout = document.querySelector(".readout");
  const SHORTEST_MS = 2;
  let from = 0;
  let to = run.spanMs;
  document.body.classList.add("scripted");

  /** Texts for the pointer move out of the way of the browser's own. */
  for (const title of document.querySelectorAll("svg.time title")) {
    title.parentNode.setAttribute("data-tip", title.textContent);
    title.remove();
  }

  function ticksOf(span) {
    const rough = span / 8;
    const unit = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((n) => n * unit).find((n) => n >= rough);
    const ticks = [];
    for (let at = Math.ceil(from / step) * step; at <= to; at += step) ticks.push(at);
    return { ticks, digits: Math.max(0, Math.ceil(-Math.log10(step / 1000) - 1e-9)) };
  }

  function show(newFrom, newTo) {
    const width = Math.min(run.spanMs, Math.max(SHORTEST_MS, newTo - newFrom));
    from = Math.max(0, Math.min(run.spanMs - width, newFrom));
    to = from + width;
    const { ticks, digits } = ticksOf(width);
    for (const panel of panels) {
      const height = panel.getAttribute("height");
      panel.setAttribute("viewBox", from + " 0 " + width + " " + height);
      panel.querySelector(".grid").setAttribute("d", ticks.map((at) => "M" + at + " 0V" + height).join(""));
    }
    for (const axis of axes) {
      axis.replaceChildren(...ticks.map((at) => {
        const text = document.createElementNS("http://www.w3.org/2000/svg", "text");
        text.setAttribute("x", ((at - from) / width) * 100 + "%");
        text.setAttribute("y", "15");
        text.textContent = (at / 1000).toFixed(digits) + " s";
        return text;
      }));
    }
  }

  function box() {
    return panels[0].getBoundingClientRect();
  }

  function timeAt(clientX) {
    const { left, width } = box();
    return from + ((clientX - left) / width) * (to - from);
  }

  function isInside(event) {
    const { left, right } = box();
    return event.clientX >= left && event.clientX <= right;
  }

  function sampleAt(at) {
    let low = 0;
    let high = run.samples.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (run.samples[middle][0] <= at) low = middle;
      else high = middle - 1;
    }
    return run.samples[low];
  }

  function read(at) {
    const sample = sampleAt(at);
    let words = (at / 1000).toFixed(3) + " s";
    if (sample !== undefined) {
      const [, differing, queued, links, behind] = sample;
      words += ": " + differing + (differing === 1 ? " key differs" : " keys differ") + ", " + links + " links up";
      if (queued > 0) words += ", " + Math.round(queued).toLocaleString("en-US") + " bytes queued";
      const laggards = behind.flatMap((keys, node) => (keys === null || keys > 0 ? [[node, keys]] : []));
      const named = laggards.slice(0, 8).map(([node, keys]) => "replica " + node + (keys === null ? " is down" : " is " + keys + " behind"));
      if (laggards.length > named.length) named.push(laggards.length - named.length + " more");
      if (named.length > 0) words += "; " + named.join(", ");
    }
    readout.textContent = words;
  }

  function place(element, fromX, toX) {
    const { left } = rows.getBoundingClientRect();
    element.style.display = "block";
    element.style.left = Math.min(fromX, toX) - left + "px";
    element.style.width = Math.max(1, Math.abs(toX - fromX)) + "px";
  }

  let dragFrom;
  rows.addEventListener("pointerdown", (event) => {
    if (event.button === 0 && isInside(event) && event.target.closest("svg.time") !== null) dragFrom = event.clientX;
  });
  window.addEventListener("pointerup", (event) => {
    if (dragFrom !== undefined && Math.abs(event.clientX - dragFrom) > 5) {
      const ends = [timeAt(dragFrom), timeAt(event.clientX)].sort((a, b) => a - b);
      show(ends[0], ends[1]);
    }
    dragFrom = undefined;
    brush.style.display = "none";
  });
  rows.addEventListener("pointermove", (event) => {
    if (!isInside(event)) return;
    place(cursor, event.clientX, event.clientX);
    read(timeAt(event.clientX));
    if (dragFrom === undefined) return;
    event.preventDefault();
    place(brush, dragFrom, event.clientX);
  });
  rows.addEventListener("pointerleave", () => {
    cursor.style.display = "none";
    tip.style.display = "none";
  });
  rows.addEventListener("mouseover", (event) => {
    const marked = event.target.closest("[data-tip]");
    tip.style.display = marked === null ? "none" : "block";
    if (marked === null) return;
    tip.textContent = marked.getAttribute("data-tip");
    const { width, height } = tip.getBoundingClientRect();
    tip.style.left = Math.max(8, Math.min(event.clientX + 14, innerWidth - width - 8)) + "px";
    tip.style.top = (event.clientY + 18 + height > innerHeight ? event.clientY - height - 12 : event.clientY + 18) + "px";
  });
  rows.addEventListener("dblclick", () => show(0, run.spanMs));
  rows.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.shiftKey && !event.metaKey) return;
    event.preventDefault();
    const at = timeAt(event.clientX);
    const factor = (event.deltaY === 0 ? event.deltaX : event.deltaY) > 0 ? 1.25 : 0.8;
    show(at - (at - from) * factor, at + (to - at) * factor);
  }, { passive: false });

  function step(action) {
    const width = to - from;
    if (action === "in") show(from + width / 4, to - width / 4);
    else if (action === "out") show(from - width / 2, to + width / 2);
    else if (action === "left") show(from - width / 4, to - width / 4);
    else if (action === "right") show(from + width / 4, to + width / 4);
    else show(0, run.spanMs);
  }
  for (const button of document.querySelectorAll("[data-zoom]")) {
    button.addEventListener("click", () => step(button.getAttribute("data-zoom")));
  }
  const KEYS = { "+": "in", "=": "in", "-": "out", ArrowLeft: "left", ArrowRight: "right", 0: "all" };
  window.addEventListener("keydown", (event) => {
    const action = KEYS[event.key];
    if (action === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    step(action);
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-from]");
    if (link === null) return;
    event.preventDefault();
    const start = Number(link.getAttribute("data-from"));
    const end = Number(link.getAttribute("data-to"));
    const margin = Math.max(100, (end - start) / 2);
    show(start - margin, end + margin);
    document.getElementById("timeline").scrollIntoView({ block: "start" });
    place(cursor, box().left + ((start - from) / (to - from)) * box().width, box().left + ((start - from) / (to - from)) * box().width);
    read(start);
  });

  /** A link to a moment: report.html#t=3.2-4.5, in seconds. */
  function showNamed() {
    const named = /^#t=([0-9.]+)-([0-9.]+)$/.exec(location.hash);
    if (named === null) show(0, run.spanMs);
    else show(Number(named[1]) * 1000, Number(named[2]) * 1000);
  }
  window.addEventListener("hashchange", showNamed);
  showNamed();
})();
`;
