"use strict";
// Reads the figures each second, and writes them into the tables and the plots. All text goes in as
// textContent, so no text of a client is ever read as HTML.
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

// The server has drawn the plot; 126 is its base.
function plot(name, drawn) {
  const svg = byId(`plot-${name}`), left = drawn.points.split(",", 1)[0];
  svg.querySelector(".curve").setAttribute("points", drawn.points);
  svg.querySelector(".area").setAttribute("d", `M${drawn.points}V126H${left}Z`);
  svg.querySelectorAll(".scale").forEach((label, i) => { label.textContent = drawn.scale[i]; });
  byId(`now-${name}`).textContent = number(drawn.now);
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
  plot("connected", all.plots.connected);
  plot("lines", all.plots.lines);
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
