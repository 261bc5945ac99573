// What stands on top of every page: where one can go, how large the library is, and whether the server answers.

import { ask } from "./api.js";
import { byId, element, icon } from "./dom.js";
import { count } from "./format.js";
import { isSignedIn, signOut } from "./token.js";

const places = [
  ["/", "Search"], ["/?library", "Library"], ["/duplicates", "Duplicates"], ["/judge", "Judge"],
  ["/operator", "Operator"], ["/docs", "API"],
];

let readiness = ask("/readyz");
addEventListener("signed-in", () => { readiness = ask("/readyz"); });

/** Calls `show` with what the server says of itself, and again once somebody has signed in: before, it says little. The
 *  page works without, so a failure only leaves something out. */
export function onReadiness(show) {
  const tell = () => readiness.then(show).catch(() => {});
  tell();
  addEventListener("signed-in", tell);
}

function showPlaces() {
  const links = places.map(([address, name]) => element("a", { href: address, text: name }));
  const leave = element("button", { type: "button", class: "link-button", text: "Sign out", hidden: !isSignedIn(), onclick: signOut });
  addEventListener("signed-in", () => { leave.hidden = false; });
  const nav = element("nav", { class: "places", id: "places", "aria-label": "Pages" }, links, leave);
  const toggle = element("button", {
    type: "button", class: "button places-toggle", "aria-expanded": "false", "aria-controls": "places", onclick: () => open(!isOpen()),
  }, element("span", { class: "places-toggle-text", text: "Menu" }), icon("menu"));
  const isOpen = () => toggle.getAttribute("aria-expanded") === "true";
  const open = (wanted) => toggle.setAttribute("aria-expanded", String(wanted));
  byId("bar").querySelector(".brand").after(toggle, nav);
  nav.addEventListener("click", () => open(false));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !isOpen()) return;
    open(false);
    toggle.focus();
  });
  document.addEventListener("pointerdown", (event) => {
    if (isOpen() && !event.target.closest("#places, .places-toggle")) open(false);
  });
  markPlace();
}

/** Marks the page that is on screen; the search page calls it when its view changes. */
export function markPlace() {
  const isLibrary = location.pathname === "/" && new URLSearchParams(location.search).has("library");
  const here = isLibrary ? "/?library" : location.pathname === "/image" ? "/" : location.pathname;
  for (const link of document.querySelectorAll(".places a")) {
    if (link.getAttribute("href") === here) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

// Whether the server answers. While it does not, it is asked again every few seconds, and the page told when it does.

const banner = element("p", { class: "lost", role: "alert", hidden: true });
let isLost = false;

addEventListener("server-lost", async () => {
  if (isLost) return;
  isLost = true;
  banner.textContent = "The server cannot be reached. Trying again …";
  banner.hidden = false;
  while (isLost) {
    await new Promise((resolve) => setTimeout(resolve, 2500));
    if (!isLost) return;
    const answer = await fetch("/healthz").catch(() => null);
    if (answer?.ok) dispatchEvent(new Event("server-reached"));
  }
});
addEventListener("server-reached", () => {
  if (!isLost) return;
  isLost = false;
  banner.hidden = true;
  dispatchEvent(new Event("server-back"));
});

byId("bar").after(banner);
showPlaces();

onReadiness(({ imageCount }) => { byId("library").textContent = imageCount === undefined ? "" : count(imageCount, "picture"); });
