// Figures of the library and its server, asked for every two seconds while the page is on screen.

import { ask, Fault } from "./api.js";
import "./bar.js";
import { element, parts } from "./dom.js";
import { duration, number, percent } from "./format.js";
import { showJobs } from "./jobs.js";
import { linePlot, stagePlot } from "./plots.js";

const seconds = 2;
const kept = 90; // values, three minutes
const page = parts({
  live: "live", state: "state", notice: "notice", noticeTitle: "notice-title", noticeText: "notice-text",
  library: "library-tiles", server: "server-tiles", rate: "rate-plot", queue: "queue-plot", stages: "stages-plot",
});

const history = { at: [], rate: [], running: [], waiting: [] };
let mayAsk = true;
let before = null; // { requests, at } of the answer before

async function refresh() {
  try {
    show(await ask("/v1/stats"));
    page.notice.hidden = true;
    page.live.hidden = false;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    mayAsk = error.status !== 401 && error.status !== 403; // who may not is told once
    // Figures that were there stay: they are the last that are known.
    page.state.textContent = page.live.hidden ? "" : "These are the last figures known.";
    if (!page.live.hidden) return;
    page.noticeTitle.textContent = error.title;
    page.noticeText.textContent = error.message;
    page.notice.hidden = false;
  }
}

function show(stats) {
  const { server } = stats;
  page.state.textContent = `${stats.model}, serving for ${duration(server.uptimeSeconds)}`;
  tiles(page.library, [
    ["Pictures", number(stats.images)], ["Files", number(stats.files)],
    ["Files missing", number(stats.missingFiles), stats.missingFiles > 0], ["Files refused", number(stats.refusedFiles), stats.refusedFiles > 0],
    ["In the index", number(stats.indexedImageCount), stats.indexedImageCount < stats.images],
    ["Judgements", number(stats.judgements)], ["Searches looked through", number(stats.interactions)],
    ["Opened of those shown", stats.clickThroughRate === undefined ? "none yet" : percent(stats.clickThroughRate)],
  ]);
  tiles(page.server, [
    ["Requests", number(server.requests)], ["Errors", number(server.errors), server.errors > 0],
    ["At work", number(server.requestsRunning)], ["Waiting", number(server.requestsWaiting), server.requestsWaiting > 8],
  ]);
  const now = performance.now();
  // A server that was started anew counts from zero.
  const rate = before && server.requests >= before.requests ? (server.requests - before.requests) / ((now - before.at) / 1000) : null;
  before = { requests: server.requests, at: now };
  keep(history.at, now);
  keep(history.rate, rate);
  keep(history.running, server.requestsRunning);
  keep(history.waiting, server.requestsWaiting);
  const age = (now - history.at[0]) / 1000;
  page.rate.replaceChildren(linePlot([{ name: "requests per second", values: history.rate }], { seconds: age, label: "Requests per second" }));
  page.queue.replaceChildren(linePlot([{ name: "at work", values: history.running }, { name: "waiting", values: history.waiting }], { seconds: age, label: "Requests" }));
  page.stages.replaceChildren(server.stages.length ? stagePlot(server.stages) : element("p", { class: "soft", text: "Nothing has been searched yet." }));
}

function keep(values, value) {
  values.push(value);
  if (values.length > kept) values.shift();
}

/** Shows figures, each [name, value, wants attention]. */
function tiles(list, figures) {
  list.replaceChildren(...figures.map(([name, value, isWarning]) => element("div", { class: isWarning ? "tile is-warning" : "tile" },
    element("dt", { text: name }), element("dd", { text: value }))));
}

async function follow() {
  while (mayAsk) {
    if (document.visibilityState === "visible") await refresh();
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  }
}

follow();
showJobs();
addEventListener("server-back", showJobs);
