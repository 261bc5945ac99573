// Why a picture was found: the parts of both pictures that match, drawn on them, and the stages its score went through.

import { Fault } from "./api.js";
import { element } from "./dom.js";
import { classNames, percent } from "./format.js";
import { describe, sourceOf } from "./query.js";
import { requestExplanation } from "./request.js";

/** Fills the section in. `onQueryKnown` is called when the query has got its name. */
export async function showWhy(section, entry, signal, onQueryKnown) {
  section.hidden = false;
  const heading = element("h2", { id: "why-title", text: "Why it was found" });
  section.replaceChildren(heading, element("p", { class: "soft", role: "status", text: "Comparing the two …" }));
  try {
    await describe(entry.from.base, signal);
    onQueryKnown();
    entry.why ??= await requestExplanation(entry.from, entry.id, entry.rank, signal);
    if (!entry.why?.explanation) throw new Fault("", "The server has no explanation for this result.");
    section.replaceChildren(heading, ...explained(entry));
  } catch (error) {
    if (error.name === "AbortError") return;
    if (!(error instanceof Fault)) throw error;
    section.replaceChildren(heading, element("p", { class: "soft", text: error.message }));
  }
}

function explained({ why, from, image }) {
  const { stages, rules, regions } = why.explanation;
  const isItself = why.id === image.id;
  // The server looks at the first picture that is wanted, which may be one that cannot be shown here, or no picture at all.
  const asked = [from.base, ...from.examples].find((each) => each && (each.weight ?? 1) > 0);
  const source = regions?.query && sourceOf(asked, 640);
  const share = regions?.share === undefined ? "" : ` ${source ? "They make up" : "It makes up"} ${percent(regions.share)} of the similarity.`;
  return [
    element("p", { class: "why-verdict" }, verdict(why),
      !isItself && ` It was folded into ${why.fileName}, which is explained here.`),
    element("div", { class: "why-parts" },
      regions && element("div", {}, element("div", { class: "why-pair" },
        source && outlined(source, "The query", regions.query),
        outlined(`${why.links.thumbnail}?size=640`, why.fileName, regions.image)),
      element("p", { class: "soft why-share", text: `Framed: the ${source ? "parts of both that match" : "part of it that matches"} best.${share}` })),
      element("div", { class: "why-stages" }, table(stages),
        rules.length > 0 && element("ul", { class: "why-rules" }, rules.map((text) => element("li", { text }))))),
  ];
}

function verdict(why) {
  const sure = why.probability === undefined ? "" : `: ${percent(why.probability)} of people would call it similar`;
  const similarity = why.similarity.toFixed(3);
  if (!why.class) return element("span", { text: `Its similarity is ${similarity}.` });
  return element("span", {}, element("strong", { text: classNames[why.class] ?? why.class }), `${sure} (similarity ${similarity}).`);
}

function outlined(source, name, rectangle) {
  const frame = element("span", { class: "region", "aria-hidden": "true" });
  for (const [key, value] of Object.entries({ left: rectangle.x, top: rectangle.y, width: rectangle.width, height: rectangle.height })) {
    frame.style.setProperty(key, `${value * 100}%`);
  }
  return element("figure", {}, element("div", { class: "region-stage" }, element("img", { src: source, alt: name }), frame),
    element("figcaption", { text: name }));
}

function table(stages) {
  return element("table", {}, element("caption", { text: "Its score after each stage" }),
    element("thead", {}, element("tr", {}, element("th", { scope: "col", text: "Stage" }), element("th", { scope: "col", text: "Score" }))),
    element("tbody", {}, stages.map(({ stage, score }) => element("tr", {}, element("th", { scope: "row", text: stage }),
      element("td", {}, element("span", { text: score.toFixed(3) }),
        element("meter", { min: 0, max: Math.max(1, ...stages.map((each) => each.score)), value: Math.max(0, score), "aria-hidden": "true" }))))));
}
