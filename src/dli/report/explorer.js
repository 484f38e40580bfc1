/** The weights, and the page as a whole. */

/** Return the ways to combine a node's children, each an order with its name. */
function rules(/** @type {number} */ i) {
  const names = new Map([
    [ARITHMETIC, "Arithmetic mean"],
    [GEOMETRIC, "Geometric mean"],
    [MINIMUM, "Minimum"],
    [-1, "Harmonic mean"],
    [Infinity, "Maximum"],
  ]);
  const own = start.orders[i];
  const offered = [ARITHMETIC, GEOMETRIC, MINIMUM].filter(
    (order) => order !== GEOMETRIC || tree.ranges[i][0] >= 0,
  );
  if (!offered.includes(own)) offered.push(own);
  return offered.map((order) => [order, names.get(order) ?? `Power mean of order ${order}`]);
}

function group(/** @type {number} */ i) {
  const node = nodes[i];
  const select = el(
    "select",
    { id: `rule-${i}`, change: (event) => changed(() => (state.orders[i] = Number(event.target.value))) },
    ...rules(i).map(([order, name]) => el("option", { value: order }, name)),
  );
  const rule = el("label", { class: "rule" }, el("span", { class: "label" }, "How these are combined"), select);
  const box = el(
    "fieldset",
    { class: "group" },
    el("legend", { class: "sr" }, `Weights within ${title(node)}`),
    rule,
  );
  node.children.forEach((child, k) => box.append(slider(i, k, child)));
  return box;
}

function slider(/** @type {number} */ i, /** @type {number} */ k, /** @type {number} */ child) {
  const input = el("input", {
    type: "range",
    id: `weight-${child}`,
    min: 0,
    step: "any",
    input: () => changed(() => (state.points[i][k] = rounded(Number(input.value), 1))),
    keydown: (event) => stepped(event, i, k),
  });
  const row = el(
    "div",
    { class: "weight", id: `row-${child}` },
    el("label", { for: input.id }, title(nodes[child]), el("span", { class: "share", id: `share-${child}` })),
    input,
  );
  if (nodes[child].children) {
    const summary = el("summary", {}, `Inside ${title(nodes[child])}`);
    row.append(el("details", {}, summary, group(child)));
  }
  return row;
}

/** Move a slider by whole points; a browser's own steps depend on its range. */
function stepped(event, /** @type {number} */ i, /** @type {number} */ k) {
  const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[event.key];
  if (!by) return;
  event.preventDefault();
  const most = Number(event.target.max);
  const value = Math.min(Math.max(rounded(state.points[i][k], 1) + by, 0), most);
  changed(() => (state.points[i][k] = value));
}

function drawWeights() {
  for (const i of tree.inner) {
    const { children } = nodes[i];
    const total = state.points[i].reduce((sum, points) => sum + points, 0);
    const most = Math.min(100, 10 * Math.ceil(0.4 * Math.max(...start.points[i])));
    const greatest = Math.ceil(Math.max(most, ...state.points[i]));
    children.forEach((child, k) => {
      const points = state.points[i][k];
      const share = total > 0 ? `${figure((100 * points) / total, 1)} %` : "–";
      const input = $(`weight-${child}`);
      if (input.max !== String(greatest)) input.max = greatest;
      if (Number(input.value) !== points) input.value = points;
      write($(`share-${child}`), share);
      mark(input, "aria-valuetext", `${share} of ${title(nodes[i])}`);
    });
    children.forEach((child, k) =>
      $(`row-${child}`).classList.toggle("changed", state.points[i][k] !== start.points[i][k]),
    );
    $(`rule-${i}`).value = state.orders[i];
  }
}

// ---- The whole page ---------------------------------------------------------------------------

function described() {
  const parts = [
    [movedWeights().length, "weight"],
    [movedOrders().length, "aggregation"],
    [nWhatIf(), "what-if value"],
  ].filter(([n]) => n);
  if (!parts.length) return "The published index";
  const n = published.ranks.reduce((sum, rank, unit) => sum + (current.ranks[unit] !== rank && !(Number.isNaN(rank) && Number.isNaN(current.ranks[unit])) ? 1 : 0), 0);
  const empty = tree.inner.filter((i) => !state.points[i].some((points) => points > 0));
  const warning = empty.length ? ` All weights of ${empty.map((i) => title(nodes[i])).join(", ")} are 0, so it has no score.` : "";
  const [rank, before] = [current.ranks[state.unit], published.ranks[state.unit]].map((one) => figure(one, 0));
  const own = ` ${data.names[state.unit]}: rank ${rank}${rank === before ? ", as published" : ` instead of ${before}`}.`;
  const differ = n === 1 ? "1 rank differs" : `${figure(n, 0)} ranks differ`;
  return `Changed: ${parts.map(([k, what]) => count(k, what)).join(", ")}. ${differ}.${own}${warning}`;
}

function draw() {
  drawWeights();
  drawTable();
  drawUnit();
  const text = described();
  write($("state"), text);
  $("reset").disabled = text === "The published index";
  if (data.group) $("group").value = state.group;
}

let waiting = 0;
/** Change what was chosen; the page follows with its next frame. */
function changed(/** @type {() => void} */ change) {
  change();
  keepLink();
  waiting ||= requestAnimationFrame(refresh);
}

function refresh() {
  cancelAnimationFrame(waiting);
  waiting = 0;
  current = tree.all(state);
  draw();
}

function csv() {
  // A spreadsheet reads text that begins with one of these as a formula.
  const text = (value) => (/^[=+\-@\t\r]/.test(value) ? `'${value}` : value);
  const cell = (value) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
  const number = (value) => (Number.isNaN(value) ? "" : String(value));
  const inner = tree.inner.slice(1);
  const head = ["unit", "name", "rank", "published_rank", text(nodes[0].code), `published_${nodes[0].code}`, ...inner.map((i) => text(nodes[i].code))];
  const lines = listed().map((unit) => [
    text(data.units[unit]), text(data.names[unit]),
    ...[current.ranks[unit], published.ranks[unit], current.scores[0][unit], published.scores[0][unit]].map(number),
    ...inner.map((i) => number(current.scores[i][unit])),
  ]);
  return [head, ...lines].map((line) => line.map(cell).join(",")).join("\r\n") + "\r\n";
}

function download() {
  const address = URL.createObjectURL(new Blob(["\ufeff", csv()], { type: "text/csv" }));
  el("a", { href: address, download: "ranking.csv" }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

async function share() {
  const address = `${location.href.split("#")[0]}#${linked()}`;
  try {
    await navigator.clipboard.writeText(address);
    $("share").textContent = "Link copied";
    setTimeout(() => ($("share").textContent = "Copy link"), 2000);
  } catch {
    $("link").hidden = false;
    $("address").value = address;
    $("address").select();
  }
}

function show(/** @type {string} */ view) {
  document.body.dataset.view = view;
  look();
  for (const button of $("views").children) button.setAttribute("aria-pressed", button.dataset.shows === view);
  drawRows();
}

function begin() {
  const about = [count(tree.n, "unit"), count(tree.leaves.length, "indicator")];
  if (data.period !== undefined) about.unshift(data.period);
  $("about").textContent = `${about.join(" · ")} · change the weights and see how the ranks respond`;
  const notes = [
    "Change is the published rank minus the rank under your choices: ▲ 3 means three places higher.",
    "Scores that differ by no more than 1e-12 of the largest score share a rank.",
    { renormalise: "If a value is missing, its weight is shared among the rest of its group.", propagate: "If a value is missing, whatever depends on it has no score." }[data.missing] ?? "",
    "The geometric mean compensates for low scores only in part, and is 0 where a score is 0. The minimum does not compensate at all.",
    "Points are what a part adds to the score: its score times its share. Beside another unit, leads in points add up to the difference of both scores. They exist only where all means are arithmetic.",
    "In the profile, the grey band reaches from the lowest to the highest score of all units.",
    "Where an indicator is normalised by the values of all units, a what-if value changes that unit alone, on the normalised scale.",
    "Ranks also depend on the data and the method. A difference of a few places may mean little.",
  ];
  $("notes").append(...notes.filter(Boolean).map((note) => el("p", {}, note)));
  $("sliders").append(group(0));
  makeTable();
  makeProfile();
  $("reset").addEventListener("click", () => changed(() => Object.assign(state, tree.published())));
  $("csv").addEventListener("click", download);
  $("share").addEventListener("click", share);
  for (const button of $("views").children) button.addEventListener("click", () => show(button.dataset.shows));
  addEventListener("hashchange", () => {
    if (location.hash.slice(1) === linked()) return;
    follow(location.hash.slice(1));
    refresh();
  });
  addEventListener("resize", () => {
    look();
    drawRows();
  });
  for (const [event, all] of [["beforeprint", true], ["afterprint", false]])
    addEventListener(event, () => {
      drawsAll = all;
      drawRows();
    });
  follow(location.hash.slice(1));
  refresh();
  show("ranking");
}

begin();
