// Numbers and dates as a person reads them, in the browser's language.

const numbers = new Intl.NumberFormat();
const days = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const calendarDays = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeZone: "UTC" });
const moments = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

export const number = (value) => numbers.format(value);
export const count = (value, noun, nouns = `${noun}s`) => `${numbers.format(value)} ${value === 1 ? noun : nouns}`;

export function milliseconds(value) {
  if (value < 0.1) return "<0.1 ms";
  if (value >= 10_000) return `${(value / 1000).toFixed(1)} s`;
  return `${value < 10 ? value.toFixed(1) : numbers.format(Math.round(value))} ms`;
}

/** 0.834 as "83 %"; what is nearly but not quite everything never reads as everything. */
export function percent(share) {
  if (share > 0.99 && share < 1) return ">99 %";
  if (share > 0 && share < 0.01) return "<1 %";
  return `${Math.round(share * 100)} %`;
}

export function bytes(value) {
  const units = ["bytes", "kB", "MB", "GB"];
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

export function duration(seconds) {
  const whole = Math.floor(seconds);
  const steps = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
  const at = Math.max(0, steps.findIndex(([size]) => whole >= size));
  const [size, unit] = whole ? steps[at] : steps[3];
  const rest = steps[at + 1] && whole >= 60 ? Math.floor((whole % size) / steps[at + 1][0]) : 0;
  return `${Math.floor(whole / size)} ${unit}${rest ? ` ${rest} ${steps[at + 1][1]}` : ""}`;
}

/** A day that is one of the calendar is the same everywhere; a moment falls on different days in different places. */
export const day = (text) => show(/^\d{4}-\d\d-\d\d$/.test(text) ? calendarDays : days, text);
export const moment = (text) => show(moments, text);

function show(format, text) {
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? text : format.format(date);
}

export const classNames = {
  same: "same picture", "near-duplicate": "near-duplicate", similar: "similar", unrelated: "unrelated",
};
