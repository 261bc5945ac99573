// Plots, drawn as SVG. Each comes with the same figures in words or as a table, for those who do not see it.

import { drawing, element } from "./dom.js";
import { milliseconds, number } from "./format.js";

const width = 480;
const height = 160;
const margin = { left: 40, right: 12, top: 10, bottom: 24 };

/** Draws lines over time. `lines` are [{ name, values: [number | null] }], oldest first; the first of
 *  them is `seconds` old. */
export function linePlot(lines, { seconds, label }) {
  const most = niceCeiling(Math.max(1, ...lines.flatMap((line) => line.values.filter((value) => value !== null))));
  const length = Math.max(2, ...lines.map((line) => line.values.length));
  const x = (index) => margin.left + (width - margin.left - margin.right) * index / (length - 1);
  const y = (value) => height - margin.bottom - (height - margin.top - margin.bottom) * value / most;
  const grid = [0, most / 2, most].map((value) => drawing("g", {},
    drawing("line", { class: "plot-grid", x1: margin.left, x2: width - margin.right, y1: y(value), y2: y(value) }),
    text(number(value), { x: margin.left - 6, y: y(value) + 4, "text-anchor": "end" })));
  const words = lines.map(({ name, values }) => `${name}: now ${number(round(values.at(-1) ?? 0))}, at most ${number(round(Math.max(0, ...values)))}`).join("; ");
  return element("div", {},
    drawing("svg", { viewBox: `0 0 ${width} ${height}`, class: "plot-drawing", role: "img", "aria-label": `${label}. ${words}` }, grid,
      lines.map(({ values }, index) => drawing("path", { class: `plot-line is-${index}`, d: path(values, x, y) })),
      text(`${Math.round(seconds)} s ago`, { x: margin.left, y: height - 6 }), text("now", { x: width - margin.right, y: height - 6, "text-anchor": "end" })),
    lines.length > 1 && legend(lines.map((line) => line.name)));
}

function path(values, x, y) {
  let isDrawing = false;
  return values.map((value, index) => {
    if (value === null) { isDrawing = false; return ""; }
    const command = isDrawing ? "L" : "M";
    isDrawing = true;
    return `${command}${x(index).toFixed(1)} ${y(value).toFixed(1)}`;
  }).join("");
}

/** Draws per stage a bar from its median to its 99th percentile, on a logarithmic axis, and lists the figures. */
export function stagePlot(stages) {
  const largest = Math.max(1, ...stages.map((stage) => stage.p99));
  const low = Math.floor(Math.log10(Math.max(0.01, Math.min(...stages.map((stage) => stage.p50 || 0.01)))));
  const high = Math.max(low + 1, Math.ceil(Math.log10(largest)));
  const x = (value) => 8 + (width - 16) * (Math.log10(Math.max(10 ** low, value)) - low) / (high - low);
  const row = 22;
  return element("div", { class: "stage-table" }, element("table", {},
    element("thead", {}, element("tr", {}, ["Stage", "Count", "50 %", "95 %", "99 %", ""].map((name) => element("th", { scope: "col", text: name })))),
    element("tbody", {}, stages.map((stage) => element("tr", {},
      element("th", { scope: "row", text: stage.stage }),
      element("td", { text: number(stage.count) }),
      ["p50", "p95", "p99"].map((name) => element("td", { text: milliseconds(stage[name]) })),
      element("td", { class: "stage-bar" }, drawing("svg", { viewBox: `0 0 ${width} ${row}`, preserveAspectRatio: "none", "aria-hidden": "true" },
        Array.from({ length: high - low + 1 }, (_, index) => drawing("line", { class: "plot-grid", x1: x(10 ** (low + index)), x2: x(10 ** (low + index)), y1: 0, y2: row })),
        drawing("rect", { class: "stage-range", x: x(stage.p50), width: Math.max(2, x(stage.p99) - x(stage.p50)), y: 8, height: 6 }),
        drawing("rect", { class: "stage-mark", x: x(stage.p95) - 1.5, width: 3, y: 4, height: 14 }),
        drawing("rect", { class: "stage-mark is-median", x: x(stage.p50) - 2, width: 4, y: 2, height: 18 }))))))));
}

const text = (content, attributes) => drawing("text", { class: "plot-text", text: content, ...attributes });
const legend = (names) => element("ul", { class: "legend", "aria-hidden": "true" }, names.map((name, index) => element("li", { class: `is-${index}`, text: name })));
const round = (value) => Math.round(value * 10) / 10;

function niceCeiling(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 4, 5, 10].map((step) => step * power).find((step) => step >= value);
}
