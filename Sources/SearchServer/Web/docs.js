// The API's description, /openapi.json, as a page: every operation with its parameters, bodies and answers.

import { ask, Fault } from "./api.js";
import "./bar.js";
import { element, parts } from "./dom.js";
import { follower, schemaTable, typeOf } from "./schema.js";

const page = parts({
  nav: "docs-nav", title: "title", operations: "operations", notice: "notice", noticeTitle: "notice-title",
  noticeText: "notice-text", retry: "notice-retry",
});
const methods = ["get", "post", "put", "patch", "delete"];

async function show() {
  page.notice.hidden = true;
  try {
    draw(await ask("/openapi.json"));
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    page.noticeTitle.textContent = error.title;
    page.noticeText.textContent = error.message;
    page.notice.hidden = false;
  }
}

function draw(api) {
  const follow = follower(api);
  const operations = Object.entries(api.paths).flatMap(([path, item]) => methods.filter((method) => item[method])
    .map((method) => ({ path, method, shared: item.parameters ?? [], ...item[method] })));
  const tags = api.tags?.map((tag) => tag.name) ?? [...new Set(operations.flatMap((each) => each.tags ?? ["other"]))];
  page.title.textContent = `${api.info.title} ${api.info.version}`;
  const groups = tags.map((tag) => ({
    tag, words: api.tags?.find((each) => each.name === tag)?.description,
    operations: operations.filter((each) => (each.tags ?? ["other"]).includes(tag)),
  })).filter((group) => group.operations.length);
  // Beside the text the list stays open; above it, on a phone, it would be in the way.
  page.nav.replaceChildren(element("details", { open: matchMedia("(min-width: 861px)").matches },
    element("summary", { text: "Operations" }), groups.map((group) => element("div", { class: "docs-nav-group" },
      element("h2", { text: group.tag }), element("ul", {}, group.operations.map((each) => element("li", {},
        element("a", { href: `#${idOf(each)}` }, method(each.method), element("span", { class: "path", text: each.path })))))))));
  page.operations.replaceChildren(
    prose(api.info.description),
    element("p", {}, "As a file: ", element("a", { href: "/openapi.json", text: "openapi.json" }), ` (OpenAPI ${api.openapi}).`),
    ...groups.map((group) => element("section", { class: "docs-group" },
      element("h2", { text: group.tag }), prose(group.words), group.operations.map((each) => operation(each, follow)))));
  // The browser looked for the address's fragment before there was anything to find.
  if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

const idOf = (each) => each.operationId ?? `${each.method}${each.path.replace(/\W+/g, "-")}`;
const method = (name) => element("span", { class: `method is-${name}`, text: name.toUpperCase() });
const prose = (text) => element("div", { class: "prose" }, (text ?? "").split(/\n{2,}/).filter(Boolean).map((part) => element("p", {}, marked(part))));

/** Text with `code` in it, the only mark-up that the description uses. */
const marked = (text) => text.split(/`([^`]+)`/).map((part, index) => (index % 2 ? element("code", { text: part }) : part)).filter(Boolean);

function operation(each, follow) {
  const parameters = [...each.shared, ...each.parameters ?? []].map(follow);
  const body = each.requestBody && follow(each.requestBody);
  return element("article", { class: "operation", id: idOf(each), "aria-labelledby": `${idOf(each)}-title` },
    element("h3", { id: `${idOf(each)}-title` }, method(each.method), element("code", { text: each.path })),
    element("p", { class: "operation-summary", text: each.summary ?? "" }),
    prose(each.description),
    parameters.length > 0 && folded(`Parameters (${parameters.length})`, parameterTable(parameters, follow)),
    body && folded("Body", contents(body, follow)),
    Object.entries(each.responses ?? {}).map(([status, response]) => answer(status, follow(response), follow)));
}

const folded = (title, ...inside) => element("details", {}, element("summary", {}, title), inside);

function parameterTable(parameters, follow) {
  return element("div", { class: "table-scroll" }, element("table", {},
    element("thead", {}, element("tr", {}, ["Name", "In", "Type", "Meaning"].map((text) => element("th", { scope: "col", text })))),
    element("tbody", {}, parameters.map((parameter) => element("tr", {},
      element("th", { scope: "row" }, element("code", { text: parameter.name }), parameter.required && element("span", { class: "badge", text: "required" })),
      element("td", { text: parameter.in }), element("td", {}, element("code", { text: typeOf(parameter.schema, follow) })),
      element("td", {}, marked(parameter.description ?? follow(parameter.schema)?.description ?? "")))))));
}

function answer(status, response, follow) {
  const isGood = status.startsWith("2") || status.startsWith("3");
  const title = element("span", {}, element("span", { class: isGood ? "status is-good" : "status", text: status }), " ", marked(response.description ?? ""));
  return response.content ? folded(title, contents(response, follow)) : element("p", { class: "operation-answer" }, title);
}

function contents(body, follow) {
  return [prose(body.required === undefined ? "" : body.description), ...Object.entries(body.content).map(([type, media]) => element("div", { class: "media" },
    element("p", {}, element("code", { class: "media-type", text: type })),
    media.schema && schemaTable(media.schema, follow),
    examplesOf(media, follow).map((value) => element("pre", { tabindex: 0, "aria-label": "Example" },
      element("code", { text: typeof value === "string" ? value : JSON.stringify(value, null, 2) })))))];
}

function examplesOf(media, follow) {
  if (media.example !== undefined) return [media.example];
  return Object.values(media.examples ?? {}).map((each) => follow(each).value);
}

page.retry.addEventListener("click", show);
addEventListener("server-back", () => { if (!page.notice.hidden) show(); });
show();
