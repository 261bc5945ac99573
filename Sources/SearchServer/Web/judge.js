// One pair of pictures at a time: the query stays, candidates come and go. What is on screen is `steps[at]`; going back
// shows a pair again, and its new grade takes the place of the old one.

import { ask, Fault, tell } from "./api.js";
import "./bar.js";
import { byId } from "./dom.js";
import { count } from "./format.js";

const page = {
  title: byId("title"), pair: byId("pair"), grades: byId("grades"), ways: byId("ways"), back: byId("back"),
  skip: byId("skip"), place: byId("place"), kept: byId("kept"), status: byId("status"),
  query: byId("query"), queryName: byId("query-name"), candidate: byId("candidate"),
  candidateName: byId("candidate-name"),
};

let steps = [];       // pairs of this query: { query, candidate, grade? }
let at = 0;
let judgedBefore = 0; // of this query, in an earlier visit
let busy = false;
const skipped = [];

/** Runs one request at a time; a fault is said and changes nothing. */
async function during(work) {
  if (busy) return;
  busy = true;
  document.body.setAttribute("aria-busy", "true");
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    say(error.status ? error.message : `${error.title}. ${error.message}`);
  } finally {
    busy = false;
    document.body.removeAttribute("aria-busy");
  }
}

async function next() {
  const task = await ask(`/v1/judging?skip=${skipped.slice(-100).join(",")}`);
  showProgress(task.progress);
  judgedBefore = task.judgedCount;
  steps = task.candidates.map((candidate) => ({ query: task.query, candidate }));
  at = 0;
  if (steps.length) return show();
  for (const part of [page.pair, page.grades, page.ways]) part.hidden = true;
  page.title.textContent = "Nothing left to judge";
  say("Add pictures with lookalike index, or measure with lookalike evaluate --judged.");
}

async function grade(value) {
  const step = steps[at];
  if (!step) return next(); // all of this query's are graded, and the next one has not come
  const progress = await tell("POST", "/v1/judgements", { query: step.query.id, image: step.candidate.id, grade: value });
  step.grade = value;
  showProgress(progress);
  at += 1;
  if (at < steps.length) return show();
  await next();
}

function back() {
  if (busy || at === 0) return;
  at -= 1;
  show();
}

function show() {
  const { query, candidate, grade } = steps[at];
  for (const part of [page.pair, page.grades, page.ways]) part.hidden = false;
  page.title.textContent = "How alike are these two?";
  put(page.query, page.queryName, query, "The query");
  put(page.candidate, page.candidateName, candidate, "The candidate");
  for (const button of page.grades.children) {
    button.setAttribute("aria-pressed", String(Number(button.dataset.grade) === grade));
  }
  page.back.disabled = at === 0;
  page.place.textContent = `${judgedBefore + at + 1} of ${judgedBefore + steps.length}`;
  page.status.textContent = `${candidate.fileName}, ${page.place.textContent}`;
  const following = steps[at + 1]?.candidate;
  if (following) new Image().src = address(following);
}

const address = (image) => `${image.links.thumbnail}?size=800`;

function put(picture, caption, image, role) {
  const source = address(image);
  if (picture.getAttribute("src") !== source) picture.src = source;
  picture.alt = `${role}: ${image.fileName}`;
  caption.textContent = image.fileName;
  caption.title = image.locations[0]?.path ?? "";
}

function showProgress({ judgements, queries }) {
  page.kept.textContent = `${count(judgements, "grade")} for ${count(queries, "query", "queries")}`;
}

function say(text) {
  page.status.textContent = text;
  page.place.textContent = text;
  page.ways.hidden = false;
}

function skip() {
  if (steps[0]) skipped.push(steps[0].query.id);
  return next();
}

page.grades.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button) during(() => grade(Number(button.dataset.grade)));
});
page.back.addEventListener("click", back);
page.skip.addEventListener("click", () => during(skip));
document.addEventListener("keydown", (event) => {
  if (event.metaKey || event.ctrlKey || event.altKey || event.repeat || event.target.closest("input, dialog")) return;
  if (/^[0-5]$/.test(event.key)) during(() => grade(Number(event.key)));
  else if (event.key === "s") during(skip);
  else if (event.key === "ArrowLeft" || event.key === "Backspace") back();
  else return;
  event.preventDefault();
});

addEventListener("server-back", () => { if (at >= steps.length) during(next); });
during(next);
