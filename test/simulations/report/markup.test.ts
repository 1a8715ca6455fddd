import { expect, test } from "vitest";
import { escapeText, html, jsonForScript } from "../../../simulations/report/markup.ts";

test("escapes whatever is put between tags and into attributes", () => {
  const hostile = `</script><img src=x onerror="alert('1')">&`;
  expect(html`<p title="${hostile}">${hostile}</p>`.text).toBe(
    `<p title="${escapeText(hostile)}">&lt;/script&gt;&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;</p>`,
  );
});

test("leaves markup as it is, joins lists, and makes nothing of what is absent", () => {
  const items = ["a<", "b"].map((item) => html`<li>${item}</li>`);
  expect(html`<ul>${items}${undefined}</ul>${3}`.text).toBe("<ul><li>a&lt;</li><li>b</li></ul>3");
});

test("shows what does not print, and what turns text around, as its code", () => {
  expect(escapeText("a\u0000\u009f\u202eb\nc")).toBe("a\\u{0}\\u{9f}\\u{202e}b\nc");
  expect(escapeText("\ud800 ü 🌊")).toBe("\\u{d800} ü 🌊");
});

test("lets no data end the script that holds it", () => {
  const { text } = jsonForScript({ key: "</script><!--\u2028" });
  expect(text).not.toMatch(/[<>\u2028]/);
  expect(JSON.parse(text)).toEqual({ key: "</script><!--\u2028" });
});
