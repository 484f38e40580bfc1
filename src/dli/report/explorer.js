/** The weights, and the page as a whole. */

/** Return the ways to combine a node's children, each an order with its name. */
function rules(/** @type {number} */ i) {
  const names = new Map([
    [ARITHMETIC, say("Arithmetic mean")],
    [GEOMETRIC, say("Geometric mean")],
    [MINIMUM, say("Minimum")],
    [-1, say("Harmonic mean")],
    [Infinity, say("Maximum")],
  ]);
  const own = start.orders[i];
  const offered = [ARITHMETIC, GEOMETRIC, MINIMUM].filter(
    (order) => order !== GEOMETRIC || tree.ranges[i][0] >= 0,
  );
  if (!offered.includes(own)) offered.push(own);
  return offered.map((order) => [order, names.get(order) ?? say("Power mean of order {order}", { order: written(order) })]);
}

function group(/** @type {number} */ i) {
  const node = nodes[i];
  const select = el(
    "select",
    { id: `rule-${i}`, change: (event) => changed(() => (state.orders[i] = Number(event.target.value))) },
    ...rules(i).map(([order, name]) => el("option", { value: order }, name)),
  );
  const rule = el("label", { class: "rule" }, el("span", { class: "label" }, say("How these are combined")), select);
  const box = el(
    "fieldset",
    { class: "group" },
    el("legend", { class: "sr" }, say("Weights within {node}", { node: title(node) })),
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
    const summary = el("summary", {}, say("Inside {node}", { node: title(nodes[child]) }));
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
      const share = total > 0 ? say("{share} %", { share: figure((100 * points) / total, 1) }) : "–";
      const input = $(`weight-${child}`);
      if (input.max !== String(greatest)) input.max = greatest;
      if (Number(input.value) !== points) input.value = points;
      write($(`share-${child}`), share);
      mark(input, "aria-valuetext", say("{share} of {node}", { share, node: title(nodes[i]) }));
    });
    children.forEach((child, k) =>
      $(`row-${child}`).classList.toggle("changed", state.points[i][k] !== start.points[i][k]),
    );
    $(`rule-${i}`).value = state.orders[i];
  }
}

// ---- The whole page ---------------------------------------------------------------------------

function described() {
  const [nWeights, nMeans, nValues] = [movedWeights().length, movedOrders().length, nWhatIf()];
  const parts = [];
  if (nWeights) parts.push(say("{n} weight", "{n} weights", { n: nWeights }));
  if (nMeans) parts.push(say("{n} aggregation", "{n} aggregations", { n: nMeans }));
  if (nValues) parts.push(say("{n} what-if value", "{n} what-if values", { n: nValues }));
  if (!parts.length) return say("The published index");
  const n = published.ranks.reduce((sum, rank, unit) => sum + (current.ranks[unit] !== rank && !(Number.isNaN(rank) && Number.isNaN(current.ranks[unit])) ? 1 : 0), 0);
  const empty = tree.inner.filter((i) => !state.points[i].some((points) => points > 0));
  const warning = empty.length ? [say("All weights within {nodes} are 0, so no score can be computed.", { nodes: empty.map((i) => title(nodes[i])).join(", ") })] : [];
  const [rank, before] = [current.ranks[state.unit], published.ranks[state.unit]].map((one) => figure(one, 0));
  const fields = { unit: data.names[state.unit], rank, before };
  const own =
    rank === before ? say("{unit}: rank {rank}, as published.", fields) : say("{unit}: rank {rank} instead of {before}.", fields);
  const changes = say("Changed: {changes}.", { changes: parts.join(", ") });
  return [changes, say("{n} rank differs.", "{n} ranks differ.", { n }), own, ...warning].join(" ");
}

function draw() {
  drawWeights();
  drawTable();
  drawUnit();
  if (data.map) drawMap();
  const text = described();
  write($("state"), text);
  $("reset").disabled = text === say("The published index");
  if (data.group) $("group").value = state.group;
}

let waiting = 0;
/** Apply a change of the settings; the page is redrawn in its next frame. */
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
  const head = [say("unit"), say("name"), say("rank"), say("published_rank"), text(nodes[0].code), text(say("published_{code}", { code: nodes[0].code })), ...inner.map((i) => text(nodes[i].code))];
  const lines = listed().map((unit) => [
    text(data.units[unit]), text(data.names[unit]),
    ...[current.ranks[unit], published.ranks[unit], current.scores[0][unit], published.scores[0][unit]].map(number),
    ...inner.map((i) => number(current.scores[i][unit])),
  ]);
  return [head, ...lines].map((line) => line.map(cell).join(",")).join("\r\n") + "\r\n";
}

function download() {
  const address = URL.createObjectURL(new Blob(["\ufeff", csv()], { type: "text/csv" }));
  el("a", { href: address, download: say("ranking.csv") }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

async function share() {
  const address = `${location.href.split("#")[0]}#${linked()}`;
  try {
    await navigator.clipboard.writeText(address);
    $("share").textContent = say("Link copied");
    setTimeout(() => ($("share").textContent = say("Copy link")), 2000);
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
  const about = [nUnits(), say("{n} indicator", "{n} indicators", { n: tree.leaves.length })];
  if (data.period !== undefined) about.unshift(data.period);
  $("about").textContent = say("{contents} · change the weights and see how the ranks respond", { contents: about.join(" · ") });
  const notes = [
    say("Change is the published rank minus the rank under your choices: ▲ 3 means three places higher."),
    say("Scores that differ by no more than 1e-12 of the largest score share a rank."),
    data.missing === "renormalise" && say("If a value is missing, its weight is shared among the others in its group."),
    data.missing === "propagate" && say("If a value is missing, every score that depends on it is missing too."),
    say("The geometric mean compensates for low scores only in part, and is 0 where a score is 0. The minimum does not compensate at all."),
    say("Points are what a sub-index or indicator adds to the score: its own score times its share. In a comparison with another unit, the leads in points add up to the difference between the two scores."),
    say("With other means, points are counted from a reference: the score with the median of all units in each indicator for which the unit has a value. They show how much a sub-index or indicator raises the score above the reference or lowers it; the reference and the points add up to the score."),
    say("In the profile, the grey band extends from the lowest to the highest score of all units."),
    say("If an indicator is normalised by the values of all units, a what-if value is on the normalised scale and changes that unit alone."),
    say("Ranks also depend on the data and the method. A difference of a few places may mean little."),
  ];
  $("notes").append(...notes.filter(Boolean).map((note) => el("p", {}, note)));
  $("sliders").append(group(0));
  makeTable();
  makeProfile();
  if (data.map) makeMap();
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
