const report = JSON.parse(document.getElementById("data").textContent);
const backends = Object.keys(report.backends);
const SIGNS = { passed: "✓", failed: "✗", unsupported: "–" };
const cells = new Map(); // by name: what the report has of the cell, where it stands, and its button
const rows = []; // of operations, each with what the filter asks for

const at = (id) => document.getElementById(id);
const nameOf = (place) => [place.chapter, place.operation, place.backend].join("::");
const plural = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;

// Children are elements or texts: no text of a report is ever read as HTML.
function make(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

const sign = (status) => make("span", { className: "sign", ariaHidden: "true" }, SIGNS[status]);

function drawHeader() {
  const total = (status) => backends.reduce((sum, name) => sum + report.backends[name][status], 0);
  const checks = report.statuses.reduce((sum, status) => sum + total(status), 0);
  const failed = total("failed");
  const verdict = failed ? `${failed.toLocaleString("en")} of ${plural(checks, "check")} failed` : checks ? `None of ${plural(checks, "check")} failed` : "Nothing was checked";
  at("verdict").className = failed || !checks ? "failed" : "passed";
  at("verdict").append(verdict);
  document.title = `${verdict} · Tensorplug conformance`;

  const settings = { ...report.settings, examples: report.examples.toLocaleString("en"), time: duration(report.seconds) };
  for (const [name, value] of Object.entries(settings)) {
    at("settings").append(make("div", {}, make("dt", {}, name), make("dd", {}, value)));
  }
  for (const name of backends) {
    const counts = Object.entries(report.backends[name]);
    const bar = make("div", { className: "bar", ariaHidden: "true" });
    for (const [status, count] of counts.filter(([, count]) => count)) {
      const part = make("span", { className: status });
      part.style.flexGrow = count;
      bar.append(part);
    }
    const texts = counts.map(([status, count]) => make("span", { className: count ? `${status} some` : status }, make("b", {}, count.toLocaleString("en")), ` ${status}`));
    at("backends").append(make("li", {}, make("h2", {}, name), bar, make("div", { className: "counts" }, ...texts)));
  }
}

function duration(seconds) {
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 2 : 0)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${Math.floor(seconds % 60)} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function drawFailures() {
  at("failures").hidden = !report.failures.length;
  at("failures").querySelector("summary").append(plural(report.failures.length, "failure") + ", the operation at fault first");
  for (const failure of report.failures) {
    const line = make("button", { type: "button", onclick: () => open(nameOf(failure)) },
      make("span", { className: "where" }, failure.operation),
      make("span", { className: "aspect" }, `${failure.aspect} on ${failure.backend}`),
      make("span", { className: "message" }, failure.message));
    at("failures").querySelector("ol").append(make("li", {}, line));
  }
}

function drawChanges() {
  if (!report.changes) return;
  const turn = ([name, before, after]) => make("li", {}, make("code", {}, name),
    make("span", { className: "turn" }, `${before || "none"} → `, make("b", { className: after }, after || "none")));
  const kinds = make("div", { className: "kinds" });
  for (const [kind, found] of Object.entries({ settings: report.changes.settings, ...report.changes.checks })) {
    if (found.length) kinds.append(make("h3", {}, `${kind} (${found.length})`), make("ul", {}, ...found.map(turn)));
  }
  at("changes").hidden = false;
  at("changes").querySelector("summary").append(`Changes: ${report.changes.summary}`);
  at("changes").append(kinds);
}

function drawMatrix() {
  const heads = ["operation", ...backends].map((name) => make("th", { scope: "col", title: name }, name));
  at("matrix").append(make("thead", {}, make("tr", {}, ...heads)));
  for (const [chapter, operations] of Object.entries(report.chapters)) {
    const count = plural(Object.keys(operations).length, "operation");
    const head = make("th", { colSpan: backends.length + 1, scope: "rowgroup" }, `${chapter} `, make("small", {}, count));
    const body = make("tbody", {}, make("tr", { className: "chapter" }, head));
    for (const [operation, found] of Object.entries(operations)) {
      const row = make("tr", {}, make("th", { scope: "row" }, operation));
      for (const backend of backends) row.append(make("td", {}, drawCell({ chapter, operation, backend }, found[backend])));
      const statuses = new Set(Object.values(found).map((cell) => cell.status));
      rows.push({ row, body, chapter, text: operation.toLowerCase(), statuses });
      body.append(row);
    }
    at("matrix").append(body);
  }
}

function drawCell(place, cell) {
  if (!cell) return make("span", { className: "absent", title: "not checked" }, "·");
  const all = cell.checks.length;
  const own = cell.checks.filter((check) => check.status === cell.status).length;
  const button = make("button", { type: "button", className: `cell ${cell.status}`, ariaExpanded: "false" }, sign(cell.status), own === all ? ` ${all}` : ` ${own}/${all}`);
  button.ariaLabel = button.title = `${place.operation} on ${place.backend}: ${own} of ${plural(all, "check")} ${cell.status}`;
  button.dataset.name = nameOf(place);
  cells.set(button.dataset.name, { ...place, ...cell, button });
  return button;
}

const state = { text: "", chapter: "", status: "", cell: "" };

function drawFilter() {
  at("chapter").append(make("option", { value: "" }, "All chapters"), ...Object.keys(report.chapters).map((name) => make("option", { value: name }, name)));
  for (const status of ["", "failed", "unsupported", "passed"]) {
    const button = make("button", { type: "button", className: status, value: status }, ...(status ? [sign(status), ` ${status} `] : ["all "]), make("small", {}));
    button.onclick = () => change({ status });
    at("status").append(button);
  }
  at("text").oninput = () => change({ text: at("text").value });
  at("chapter").onchange = () => change({ chapter: at("chapter").value });
  at("clear").onclick = () => change({ text: "", chapter: "", status: "" });
  at("filter").onsubmit = (event) => event.preventDefault();
  // The heads of the columns stick below the filter, however many lines it takes.
  const measure = () => at("matrix").style.setProperty("--below-filter", `${at("filter").offsetHeight}px`);
  new ResizeObserver(measure).observe(at("filter"));
}

function change(values) {
  Object.assign(state, values);
  const kept = Object.entries(state).filter(([, value]) => value);
  history.replaceState(null, "", kept.length ? `#${new URLSearchParams(kept)}` : location.href.split("#")[0]);
  show();
}

function readAddress() {
  const given = new URLSearchParams(location.hash.slice(1));
  for (const name of Object.keys(state)) state[name] = given.get(name) || "";
  if (!(state.chapter in report.chapters)) state.chapter = "";
  if (!(state.status in SIGNS)) state.status = "";
  show();
  cells.get(state.cell)?.button.scrollIntoView({ block: "center" });
}

function show() {
  if (at("text").value !== state.text) at("text").value = state.text;
  at("chapter").value = state.chapter;
  const words = state.text.toLowerCase().split(/\s+/).filter(Boolean);
  const found = rows.filter((entry) => (!state.chapter || entry.chapter === state.chapter) && words.every((word) => entry.text.includes(word)));
  for (const button of at("status").children) {
    const count = button.value ? found.filter((entry) => entry.statuses.has(button.value)).length : found.length;
    button.querySelector("small").textContent = count;
    button.ariaPressed = String(button.value === state.status);
  }
  const shown = new Set(found.filter((entry) => !state.status || entry.statuses.has(state.status)));
  const bodies = new Set();
  for (const entry of rows) {
    entry.row.hidden = !shown.has(entry);
    if (shown.has(entry)) bodies.add(entry.body);
  }
  for (const body of at("matrix").tBodies) body.hidden = !bodies.has(body);
  at("nothing").hidden = shown.size > 0;
  at("shown").textContent = shown.size === rows.length ? plural(rows.length, "operation") : `${shown.size} of ${plural(rows.length, "operation")}`;
  drawPanel();
}

function open(name) {
  change({ cell: name });
  at("subject")?.focus();
  if (!cells.get(name).button.closest("tr").hidden) cells.get(name).button.scrollIntoView({ block: "nearest" });
}

function close() {
  const left = cells.get(state.cell);
  change({ cell: "" });
  left?.button.focus();
}

let drawn = "";

function drawPanel() {
  const cell = cells.get(state.cell);
  at("panel").hidden = !cell;
  document.body.classList.toggle("open", Boolean(cell));
  if (drawn === state.cell) return;
  cells.get(drawn)?.button.setAttribute("aria-expanded", "false");
  drawn = state.cell;
  if (!cell) return;
  cell.button.ariaExpanded = "true";
  const order = ["failed", "unsupported", "passed"];
  const checks = [...cell.checks].sort((a, b) => order.indexOf(a.status) - order.indexOf(b.status));
  at("panel").replaceChildren(
    make("header", {},
      make("h2", { id: "subject", tabIndex: -1 }, cell.operation),
      make("button", { type: "button", className: "close", ariaLabel: "Close", title: "Close (Esc)", onclick: close }, "×")),
    make("p", { className: "place" }, `${cell.chapter} on ${cell.backend}: `, make("b", { className: cell.status }, cell.status)),
    source(`Check it again (seed ${report.settings.seed})`, cell.command),
    ...checks.map(drawCheck));
  at("panel").scrollTop = 0;
}

function drawCheck(check) {
  const measure = `${plural(check.examples, "example")}, ${duration(check.seconds)}`;
  const section = make("section", { className: `check ${check.status}` },
    make("div", { className: "line" }, sign(check.status), make("span", {}, check.aspect), make("span", { className: "measure" }, measure)));
  if (check.reason) section.append(make("p", { className: "reason" }, check.reason));
  if (check.failure) section.append(drawFailure(check.failure, check.command));
  return section;
}

function drawFailure(failure, command) {
  const inputs = Object.entries(failure.inputs).map(([name, value]) => `${name} = ${value}`).join("\n");
  const facts = { call: failure.call, inputs, expected: failure.expected, actual: failure.actual };
  const list = make("dl", {});
  for (const [name, value] of Object.entries(facts).filter(([, value]) => value)) {
    list.append(make("dt", {}, name), make("dd", { className: name }, make("pre", {}, value)));
  }
  const whole = make("div", { className: "failure" }, make("p", { className: "message" }, failure.message), list);
  if (failure.snippet) whole.append(source("This program shows it", failure.snippet));
  if (command) whole.append(source("The check of another operation shows it, too", command));
  return whole;
}

function source(title, text) {
  const button = make("button", { type: "button" }, "Copy");
  button.onclick = () => copy(text, button);
  return make("div", { className: "source" }, make("div", { className: "title" }, title), make("pre", {}, text), button);
}

async function copy(text, button) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // There is no clipboard where a page comes from a server without TLS.
    const area = make("textarea", { value: text });
    button.after(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = "Copy"; }, 1500);
}

function move(button, key) {
  const row = button.closest("tr");
  const column = button.closest("td").cellIndex;
  const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[key];
  const visible = rows.map((entry) => entry.row).filter((other) => !other.hidden);
  for (let line = visible.indexOf(row) + steps[0], place = column + steps[1]; visible[line]?.cells[place]; line += steps[0], place += steps[1]) {
    const next = visible[line].cells[place].querySelector("button");
    if (next) return next.focus();
  }
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && state.cell) close();
  const typing = event.target.closest("input, select, textarea");
  if (event.key === "/" && !typing) {
    event.preventDefault();
    at("text").focus();
  }
  if (event.key.startsWith("Arrow") && event.target.classList.contains("cell")) {
    event.preventDefault();
    move(event.target, event.key);
  }
});

drawHeader();
drawFailures();
drawChanges();
drawMatrix();
drawFilter();
at("matrix").addEventListener("click", (event) => {
  const button = event.target.closest(".cell");
  if (button) open(button.dataset.name);
});
window.addEventListener("hashchange", readAddress);
readAddress();
