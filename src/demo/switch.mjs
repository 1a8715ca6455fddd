/** What runs in the browser on the page that shows both replicas: the switch that cuts and heals the link between them. */

const button = document.getElementById("link");

async function show(answer) {
  const { cut } = await (await answer).json();
  document.body.dataset.link = cut ? "cut" : "whole";
  button.textContent = cut ? "Heal the link" : "Cut the link";
  button.setAttribute("aria-pressed", String(cut));
}

button.addEventListener("click", () => {
  const cut = document.body.dataset.link !== "cut";
  show(
    fetch("link", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ cut }) }),
  );
});
show(fetch("link"));
