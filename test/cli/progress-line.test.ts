import { describe, expect, it } from "vitest";
import { ProgressLine } from "../../src/cli/progress-line.ts";

function screen(isTTY: boolean) {
  const written: string[] = [];
  return { isTTY, columns: 10, written, write: (text: string) => written.push(text) };
}

describe("a progress line", () => {
  it("is redrawn in place at most ten times a second, cut to the width", () => {
    let now = 0;
    const terminal = screen(true);
    const line = new ProgressLine(terminal, () => now);
    line.show("1 of 100 runs");
    now = 99;
    line.show("2 of 100 runs");
    now = 100;
    line.show("3 of 100 runs");
    expect(terminal.written).toEqual(["\r\u001b[K1 of 100 ", "\r\u001b[K3 of 100 "]);
  });

  it("is taken away once before other output", () => {
    const terminal = screen(true);
    const line = new ProgressLine(terminal, () => 0);
    line.clear();
    line.show("1 of 2");
    line.clear();
    line.clear();
    expect(terminal.written).toEqual(["\r\u001b[K1 of 2", "\r\u001b[K"]);
  });

  it("is not written where nobody watches", () => {
    const pipe = screen(false);
    const line = new ProgressLine(pipe, () => 0);
    line.show("1 of 2");
    line.clear();
    expect(pipe.written).toEqual([]);
  });
});
