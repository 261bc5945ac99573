// Making and finding parts of the page. Text always goes in as text, so that a file's name can never be markup.

export const byId = (id) => document.getElementById(id);

/** The elements with these ids, by name: `parts({ title: "search-title" }).title`. */
export const parts = (ids) => Object.fromEntries(Object.entries(ids).map(([name, id]) => [name, byId(id)]));

const svgNamespace = "http://www.w3.org/2000/svg";

/** Makes an element. `onclick` and its like are listeners, `text` is its text, everything else an attribute; a value that
 *  is missing or false leaves its attribute out. */
export function element(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/** Makes an SVG element, as ``element`` does one of HTML. */
export function drawing(name, attributes = {}, ...children) {
  return fill(document.createElementNS(svgNamespace, name), attributes, children);
}

function fill(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key === "text") node.textContent = value;
    else if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

const icons = {
  more: "M8 3v10M3 8h10",
  less: "M3 8h10",
  details: "M8 7.2v4.6M8 4.4v.2",
  close: "M4 4l8 8M12 4l-8 8",
  menu: "M2 4h12M2 8h12M2 12h12",
};

/** A picture of 16 by 16 that says nothing by itself: its button has the words. */
export function icon(name) {
  return drawing("svg", { viewBox: "0 0 16 16", width: 16, height: 16, class: "icon", "aria-hidden": "true" },
    drawing("path", { d: icons[name] }));
}

/** Runs `work` once nothing has called for `milliseconds`. */
export function whenQuiet(milliseconds, work) {
  let timer;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => work(...values), milliseconds);
  };
}

/** Says something to those who listen to the page instead of looking at it. */
export function announce(text) {
  byId("status").textContent = text;
}
