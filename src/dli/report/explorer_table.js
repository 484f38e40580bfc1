/** The ranking: a table of which only the rows in view are drawn. */

const columns = [
  ["rank", key("Rank")],
  ["moved", key("Change")],
  ["name", key("Unit")],
  ["score", key("Score")],
];
/** @type {number[]} the units of the table, in order */
let shown = [];
/** @type {any[]} rows that are refilled as the table scrolls */
const rows = [];
const collator = collated();
/** Return the sort order of the language, or of English if the browser does not know the language. */
function collated() {
  const rule = { numeric: true, sensitivity: "base" };
  try {
    return new Intl.Collator(language.code, rule);
  } catch {
    return new Intl.Collator("en", rule);
  }
}
const byName = data.names.map((_, unit) => unit).sort((a, b) => collator.compare(data.names[a], data.names[b]));
const alphabet = new Int32Array(tree.n);
byName.forEach((unit, place) => (alphabet[unit] = place));
/** Return the mark of a published score that is based on few indicators. */
const basis = (unit) => (state.whatIf.has(unit) ? "" : data.marks?.[unit] ?? "");
const moved = (unit) => published.ranks[unit] - current.ranks[unit];
let drawsAll = false;
// Reading these from the page while it is being drawn would make the browser lay it out twice.
const seen = { height: 40, room: 800, top: 0 };
function look() {
  seen.height = 2.5 * parseFloat(getComputedStyle(document.documentElement).fontSize);
  seen.room = $("scroll").clientHeight || 800;
  seen.top = $("scroll").scrollTop;
}
function toTop() {
  $("scroll").scrollTop = 0;
  seen.top = 0;
}

function makeTable() {
  const head = el("tr", { "aria-rowindex": 1 });
  for (const [key, name] of columns) {
    const sort = () => {
      state.sort = key;
      toTop();
      draw();
    };
    head.append(el("th", { scope: "col", class: key }, el("button", { type: "button", click: sort }, say(name))));
  }
  const space = () => el("tbody", { "aria-hidden": "true" }, el("tr", { class: "space" }, el("td", { colspan: 4 })));
  const body = el("tbody", { id: "items", keydown: walk });
  $("league").append(
    el("caption", { class: "sr" }, say("Units with their rank, the change of rank against the published index, and score")),
    el("thead", {}, head), space(), body, space(),
  );
  $("scroll").addEventListener("scroll", () => {
    look();
    drawRows();
  }, { passive: true });
  const search = el("input", { type: "search", id: "search", placeholder: say("Name or code") });
  search.addEventListener("input", () => {
    state.search = search.value.trim().toLocaleLowerCase();
    toTop();
    draw();
  });
  $("filters").append(labelled(say("Find"), search));
  if (data.group) {
    const select = el("select", { id: "group" }, el("option", { value: -1 }, say("All")));
    data.group.names.forEach((name, place) => select.append(el("option", { value: place }, name)));
    select.addEventListener("change", () => {
      state.group = Number(select.value);
      toTop();
      changed(() => {});
    });
    $("filters").append(labelled(data.group.column, select));
  }
}

const labelled = (name, control) => el("label", {}, el("span", { class: "label" }, name), control);

function makeRow() {
  const button = el("button", { type: "button", tabindex: -1, click: () => choose(Number(button.dataset.unit)) });
  const bar = el("span", { class: "bar" });
  const cells = { rank: el("td", { class: "rank" }), moved: el("td", { class: "moved" }), score: el("td", { class: "score" }) };
  const number = el("span");
  const [mark, words] = [el("span", { "aria-hidden": "true" }), el("span", { class: "sr" })];
  cells.moved.append(mark, words);
  cells.score.append(number, bar);
  const row = el("tr", { class: "item" }, cells.rank, cells.moved, el("th", { scope: "row", class: "name" }, button), cells.score);
  return { row, button, bar, number, mark, words, cells };
}

/** Sort and filter the units; those without a score come last. */
function listed() {
  const missing = byName.filter((unit) => Number.isNaN(current.ranks[unit]));
  let units = [...current.order, ...missing];
  if (state.sort === "name") units = byName.slice();
  if (state.sort === "moved") units.sort((a, b) => Math.abs(moved(b) || 0) - Math.abs(moved(a) || 0));
  if (state.group >= 0) units = units.filter((unit) => data.group.of[unit] === state.group);
  if (!state.search) return units;
  return units.filter((unit) =>
    `${data.names[unit]} ${data.units[unit]}`.toLocaleLowerCase().includes(state.search),
  );
}

function drawTable() {
  shown = listed();
  const heads = $("league").tHead.rows[0].cells;
  columns.forEach(([key], j) => {
    const order = key === "moved" ? "descending" : key === "score" ? "descending" : "ascending";
    if (state.sort === key) heads[j].setAttribute("aria-sort", order);
    else heads[j].removeAttribute("aria-sort");
  });
  mark($("league"), "aria-rowcount", shown.length + 1);
  drawRows();
  const total = current.order.length;
  const without = tree.n - total;
  const parts = [shown.length < tree.n ? say("{shown} of {units}.", { shown: shown.length, units: nUnits() }) : `${nUnits()}.`];
  if (without) parts.push(say("{n} without a score.", { n: without }));
  if (data.note) parts.push(data.note);
  write($("shown"), parts.join(" "));
}

/** Fill the rows in view; the other rows are blank space. */
function drawRows() {
  const { height, room, top } = seen;
  const start = Math.min(Math.floor(top / height), shown.length) - 8;
  const first = drawsAll ? 0 : Math.max(0, start);
  const last = drawsAll ? shown.length : Math.min(shown.length, first + Math.ceil(room / height) + 16);
  const body = $("items");
  const focused = body.contains(document.activeElement) ? Number(document.activeElement.dataset.unit) : -1;
  while (rows.length < last - first) {
    rows.push(makeRow());
    body.append(rows[rows.length - 1].row);
  }
  rows.forEach((item, j) => {
    const place = first + j;
    if (item.row.hidden !== place >= last) item.row.hidden = place >= last;
    if (place < last) fill(item, shown[place], place);
  });
  const [above, , below] = $("league").tBodies;
  above.rows[0].cells[0].style.height = `${drawsAll ? 0 : first * height}px`;
  below.rows[0].cells[0].style.height = `${drawsAll ? 0 : (shown.length - last) * height}px`;
  const entry = rows.find((item) => !item.row.hidden && Number(item.button.dataset.unit) === state.unit) ?? rows.find((item) => !item.row.hidden);
  for (const item of rows) mark(item.button, "tabindex", item === entry ? 0 : -1);
  if (focused < 0 || Number(document.activeElement.dataset.unit) === focused) return;
  // The rows were refilled: the focus stays with its unit, or moves to the table.
  const same = rows.find((item) => !item.row.hidden && Number(item.button.dataset.unit) === focused);
  (same?.button ?? $("scroll")).focus({ preventScroll: true });
}

function fill(item, /** @type {number} */ unit, /** @type {number} */ place) {
  const rank = current.ranks[unit];
  const score = current.scores[0][unit];
  const change = moved(unit);
  const other = unit === state.beside ? " other" : "";
  mark(item.row, "aria-rowindex", place + 2);
  mark(item.row, "class", `item${unit === state.unit ? " chosen" : ""}${other}`);
  mark(item.button, "data-unit", unit);
  write(item.button, state.whatIf.has(unit) ? say("{unit} · what if", { unit: data.names[unit] }) : data.names[unit]);
  mark(item.button, "title", data.names[unit]);
  mark(item.button, "aria-pressed", unit === state.unit);
  write(item.cells.rank, figure(rank, 0));
  mark(item.cells.moved, "class", change > 0 ? "moved up" : change < 0 ? "moved down" : "moved");
  const n = Math.abs(change);
  write(item.mark, change ? `${change > 0 ? "▲" : "▼"} ${figure(n, 0)}` : "–");
  write(item.words, change > 0 ? say("up {n}", { n }) : change < 0 ? say("down {n}", { n }) : say("no change"));
  write(item.number, figure(score) + basis(unit));
  placed(item.bar, { share: Number.isNaN(score) ? 0 : position(0, score).toFixed(3) });
}

/** Move along the table with the arrow keys. */
function walk(event) {
  const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity }[event.key];
  if (!by || !event.target.dataset.unit) return;
  event.preventDefault();
  const from = shown.indexOf(Number(event.target.dataset.unit));
  const to = Math.min(Math.max(from + by, 0), shown.length - 1);
  reveal(to);
  rows.find((item) => !item.row.hidden && Number(item.button.dataset.unit) === shown[to])?.button.focus({ preventScroll: true });
}

/** Scroll the table so that a position is in view. */
function reveal(/** @type {number} */ place) {
  const box = $("scroll");
  const { height } = seen;
  const room = seen.room - 2 * height;
  if (place * height < box.scrollTop) box.scrollTop = place * height;
  else if (place * height > box.scrollTop + room) box.scrollTop = place * height - room;
  look();
  drawRows();
}
