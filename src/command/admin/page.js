"use strict";
// Reads the figures each second, and writes them into the tables and the plots. All text goes in as
// textContent, so no text of a client is ever read as HTML.
const SECONDS = 300;
const samples = []; // {at, connected, lines}: at is the server's uptime in seconds
let last = null;    // the statistics before

const byId = (id) => document.getElementById(id);
const number = (value) => value.toLocaleString("en-US", { maximumFractionDigits: 0 });

function age(ms) {
  const seconds = Math.floor(ms / 1000), minutes = Math.floor(seconds / 60), hours = Math.floor(minutes / 60);
  if (minutes === 0) return `${seconds} s`;
  if (hours === 0) return `${minutes} min ${seconds % 60} s`;
  return hours < 24 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

function cell(row, tag, text) {
  const made = row.appendChild(document.createElement(tag));
  made.textContent = text;
  return made;
}

// Replaces the rows of a table; each is a list of texts.
function fill(id, rows, columns) {
  const body = byId(id);
  body.replaceChildren();
  for (const texts of rows) {
    const row = body.insertRow();
    texts.forEach((text, i) => cell(row, i === 0 ? "th" : "td", text));
  }
  if (rows.length === 0) {
    const none = cell(body.insertRow(), "td", "none");
    none.className = "none";
    none.colSpan = columns;
  }
}

function draw(kind, parent, attributes, text) {
  const made = parent.appendChild(document.createElementNS("http://www.w3.org/2000/svg", kind));
  for (const name in attributes) made.setAttribute(name, attributes[name]);
  if (text !== undefined) made.textContent = text;
  return made;
}

// 1, 2 or 4 times a power of ten, so that half of it is whole: the least that is not below value, and at least 4.
function ceiling(value) {
  let step = 1;
  for (;;) {
    for (const factor of [1, 2, 4]) if (factor * step >= value && factor * step >= 4) return factor * step;
    step *= 10;
  }
}

function plot(name) {
  const svg = byId(`plot-${name}`), left = 60, right = 592, top = 12, bottom = 126;
  const now = samples[samples.length - 1].at;
  const most = ceiling(Math.max(...samples.map((sample) => sample[name])));
  const x = (at) => right - (now - at) / SECONDS * (right - left);
  const y = (value) => bottom - value / most * (bottom - top);
  svg.replaceChildren();
  for (const value of [0, most / 2, most]) {
    draw("line", svg, { class: "grid", x1: left, x2: right, y1: y(value), y2: y(value) });
    draw("text", svg, { x: left - 8, y: y(value) + 4, "text-anchor": "end" }, number(value));
  }
  for (let minutes = 0; minutes <= 5; minutes++)
    draw("text", svg, { x: x(now - minutes * 60), y: 146, "text-anchor": minutes ? "middle" : "end" },
      minutes ? `-${minutes} min` : "now");
  const points = samples.map((sample) => `${x(sample.at).toFixed(1)},${y(sample[name]).toFixed(1)}`);
  const ends = [x(samples[0].at), x(now)].map((at) => `${at.toFixed(1)},${bottom}`);
  draw("polygon", svg, { class: "area", points: [ends[0], ...points, ends[1]].join(" ") });
  draw("polyline", svg, { class: "curve", points: points.join(" ") });
  byId(`now-${name}`).textContent = number(samples[samples.length - 1][name]);
}

// The rates need the figures before, so the first answer is no sample.
function sample(statistics) {
  const seconds = last === null ? 0 : (statistics.uptime_ms - last.uptime_ms) / 1000;
  if (seconds < 0) samples.length = 0; // another lined
  if (seconds > 0)
    samples.push({ at: statistics.uptime_ms / 1000, connected: statistics.connected,
      lines: (statistics.lines - last.lines) / seconds });
  last = statistics;
  while (samples.length > 0 && samples[0].at < statistics.uptime_ms / 1000 - SECONDS) samples.shift();
  if (samples.length === 0) return;
  byId("plots").hidden = false;
  plot("connected");
  plot("lines");
}

function latency(counts) {
  const most = Math.max(1, ...counts);
  [...byId("latency").rows].forEach((row, i) => {
    row.cells[1].textContent = number(counts[i]);
    row.querySelector("rect").setAttribute("width", 100 * counts[i] / most);
  });
}

function show(all) {
  const statistics = all.statistics;
  for (const made of document.querySelectorAll("[data-key]"))
    made.textContent = number(statistics[made.dataset.key]);
  const closed = Object.entries(statistics.closed);
  if (statistics.closed_errors > 0) closed.push(["error", statistics.closed_errors]);
  fill("closed", closed.map(([reason, count]) => [reason, number(count)]), 2);
  fill("accept_errors", Object.entries(statistics.accept_errors).map(([error, count]) => [error, number(count)]), 2);
  fill("oldest", all.oldest.map((conn) =>
    [conn.peer, age(conn.age_ms), number(conn.lines), number(conn.bytes_in), number(conn.bytes_out)]), 5);
  latency(all.latency.count);
  byId("uptime").textContent = age(statistics.uptime_ms);
  state(all.ready ? "ready" : "draining");
  sample(statistics);
}

function state(word) {
  byId("state").className = word;
  byId("state").textContent = word === "lost" ? "no answer" : word;
}

async function update() {
  try {
    const response = await fetch("/stats.json", { signal: AbortSignal.timeout(5000) });
    show(await response.json());
  } catch {
    state("lost");
  }
  setTimeout(update, 1000);
}
update();
