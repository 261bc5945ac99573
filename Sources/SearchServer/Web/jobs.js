// Indexing jobs: begun here, followed by the events that the server sends, and stopped.

import { ask, Fault, tell } from "./api.js";
import { announce, element, parts } from "./dom.js";
import { count, moment, number } from "./format.js";

const page = parts({ form: "job-form", folder: "job-folder", fault: "job-fault", list: "jobs" });
const items = new Map();    // job id → its list item
const followed = new Map(); // job id → the stream of its events
const words = { running: "under way", done: "done", stopped: "stopped", failed: "failed" };

/** Shows all jobs, anew: a server that was started again has other ones under the same numbers. */
export async function showJobs() {
  try {
    const { jobs } = await ask("/v1/jobs");
    say(null);
    for (const events of followed.values()) events.close();
    followed.clear();
    items.clear();
    for (const job of jobs) put(job, false);
    if (!jobs.length) page.list.replaceChildren(element("li", { class: "soft", text: "Nothing has been indexed since the server was started." }));
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    say(error);
  }
}

const say = (error) => { page.fault.textContent = error ? `${error.title}. ${error.message}` : ""; };

function put(job, isFirst) {
  const item = items.get(job.id) ?? element("li", { class: "job" });
  if (!items.has(job.id)) {
    if (!items.size) page.list.replaceChildren();
    items.set(job.id, item);
    page.list[isFirst ? "prepend" : "append"](item);
    if (job.state === "running") follow(job);
  }
  draw(item, job);
}

function draw(item, job) {
  const isRunning = job.state === "running";
  item.className = `job is-${job.state}`;
  // What has the focus stays: only the texts and the bar change while a job goes on.
  if (!item.bar || item.state !== job.state) {
    item.bar = element("progress", { "aria-label": `Progress of job ${job.id}` });
    item.figures = element("p", { class: "job-figures" });
    item.state = job.state;
    item.replaceChildren(...[
      element("div", { class: "job-head" },
        element("strong", { class: "path", text: job.folder ?? "All folders indexed before" }), element("span", { class: "badge", text: words[job.state] ?? job.state }),
        isRunning && element("button", { type: "button", class: "button small", text: "Stop", onclick: () => stop(job.id) })),
      isRunning && item.bar, item.figures,
      job.error && element("p", { class: "field-fault", text: job.error }),
    ].filter(Boolean));
  }
  if (job.found > 0) {
    item.bar.max = job.found;
    item.bar.value = job.done;
  }
  const when = job.endedAt ? `, ended ${moment(job.endedAt)}` : job.startedAt ? `, begun ${moment(job.startedAt)}` : "";
  item.figures.textContent = `${number(job.done)} of ${count(job.found, "file")} looked at, ${number(job.added)} added, ${number(job.refused)} refused${when}`;
}

/** Follows a job's events. A connection that breaks is taken up again by the browser itself. */
function follow(job) {
  const events = new EventSource(job.links.events);
  followed.set(job.id, events);
  const take = (event) => put(JSON.parse(event.data), false);
  events.addEventListener("progress", take);
  events.addEventListener("end", (event) => {
    take(event);
    events.close();
    const ended = JSON.parse(event.data);
    announce(`Indexing ${words[ended.state] ?? ended.state}: ${count(ended.added, "picture")} added`);
  });
}

async function stop(id) {
  try {
    const job = await ask(`/v1/jobs/${id}`, { method: "DELETE" });
    if (job) put(job, false);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    say(error);
  }
}

page.form.addEventListener("submit", async (event) => {
  event.preventDefault();
  say(null);
  try {
    const folder = page.folder.value.trim();
    put(await tell("POST", "/v1/jobs", folder ? { folder } : {}), true);
    page.folder.value = "";
    announce("Indexing has begun");
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    say(error);
  }
});
