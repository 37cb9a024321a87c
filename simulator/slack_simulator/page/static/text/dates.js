// Slack's date tokens, in this browser's time zone: <!date^1700000000^{date_short_pretty} at {time}|fallback>.

const FORMATS = {
  date_num: (date) => `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`,
  date: (date) => words(date, { month: "long", day: "numeric", year: "numeric" }),
  date_short: (date) => words(date, { month: "short", day: "numeric", year: "numeric" }),
  date_long: (date) => words(date, { weekday: "long", month: "long", day: "numeric", year: "numeric" }),
  time: (date) => words(date, { hour: "numeric", minute: "2-digit" }),
  time_secs: (date) => words(date, { hour: "numeric", minute: "2-digit", second: "2-digit" }),
  ago: (date) => ago(date),
};

function two(number) {
  return String(number).padStart(2, "0");
}

function words(date, options) {
  return new Intl.DateTimeFormat(undefined, options).format(date);
}

export function timeOfDay(ts) {
  return words(new Date(Number(ts) * 1000), { hour: "numeric", minute: "2-digit" });
}

export function fullTime(ts) {
  return words(new Date(Number(ts) * 1000), { dateStyle: "full", timeStyle: "medium" });
}

export function dayName(ts) {
  const date = new Date(Number(ts) * 1000);
  return pretty(date) ?? words(date, { weekday: "long", month: "long", day: "numeric" });
}

function pretty(date) {
  const day = (one) => new Date(one.getFullYear(), one.getMonth(), one.getDate()).getTime();
  const away = Math.round((day(date) - day(new Date())) / 86_400_000);
  return { 0: "Today", "-1": "Yesterday", 1: "Tomorrow" }[away] ?? null;
}

function ago(date) {
  const seconds = (date.getTime() - Date.now()) / 1000;
  const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
  for (const [unit, length] of [["day", 86_400], ["hour", 3600], ["minute", 60]]) {
    if (Math.abs(seconds) >= length) return relative.format(Math.round(seconds / length), unit);
  }
  return relative.format(Math.round(seconds), "second");
}

// The token string with its parts filled in; null if the timestamp is no number, and then the fallback is shown.
export function filledIn(timestamp, format) {
  const date = new Date(Number(timestamp) * 1000);
  if (Number.isNaN(date.getTime())) return null;
  return format.replace(/\{(\w+)\}/g, (whole, name) => {
    const base = name.replace(/_pretty$/, "");
    if (!Object.hasOwn(FORMATS, base)) return whole;
    const near = name.endsWith("_pretty") ? pretty(date) : null;
    return near === null ? FORMATS[base](date) : near.toLowerCase();
  });
}
