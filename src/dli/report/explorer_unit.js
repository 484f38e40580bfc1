/** One unit: its profile, what would raise its score, and what-if values. */

const position = (i, score) => {
  const [least, greatest] = tree.ranges[i];
  return greatest > least ? Math.min(Math.max((score - least) / (greatest - least), 0), 1) : 0.5;
};

function choose(/** @type {number} */ unit) {
  changed(() => {
    state.unit = unit;
    if (state.beside === unit) state.beside = "all";
  });
  if (isNarrow.matches) {
    show("unit");
    $("unit-title").scrollIntoView();
  }
}

/** Return the least, the median and the greatest of scores, null if there are none. */
function ends(/** @type {Float64Array} */ scores) {
  const sorted = scores.filter((score) => !Number.isNaN(score)).sort();
  if (!sorted.length) return null;
  const middle = (sorted.length - 1) / 2;
  return [sorted[0], (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2, sorted[sorted.length - 1]];
}

/** Return these three for all units at a node, computed once for each change. */
function spread(/** @type {number} */ i) {
  current.spreads ??= new Map();
  if (!current.spreads.has(i)) current.spreads.set(i, ends(current.scores[i]));
  return current.spreads.get(i);
}

/** Return the eight units with the nearest values, by the mean distance in their common indicators. */
function nearest(/** @type {number} */ unit) {
  const distances = new Float64Array(tree.n).fill(Infinity);
  for (let other = 0; other < tree.n; other++) {
    if (other === unit) continue;
    let [sum, n] = [0, 0];
    for (const leaf of tree.leaves) {
      const [least, greatest] = tree.ranges[leaf];
      const distance = Math.abs(tree.columns[leaf][other] - tree.columns[leaf][unit]);
      if (Number.isNaN(distance) || !(greatest > least)) continue;
      sum += distance / (greatest - least);
      n += 1;
    }
    if (n >= (2 / 3) * tree.leaves.length) distances[other] = sum / n;
  }
  const near = byName.filter((other) => distances[other] < Infinity);
  return near.sort((a, b) => distances[a] - distances[b]).slice(0, 8);
}

/** Return what the unit is compared with: its name, and its score at each node. */
function reference() {
  const { beside, unit } = state;
  if (typeof beside === "number") return { name: data.names[beside], at: (i) => current.scores[i][beside] };
  if (beside === "all") return { name: say("median of all units"), at: (i) => spread(i)?.[1] ?? NaN };
  let units = [];
  let name = say("median of the nearest units");
  if (beside === "near") units = nearest(unit);
  else {
    units = byName.filter((other) => data.group.of[other] === data.group.of[unit]);
    name = say("median of {group}", { group: data.group.names[data.group.of[unit]] ?? say("units without a group") });
  }
  const at = (i) => ends(Float64Array.from(units, (other) => current.scores[i][other]))?.[1] ?? NaN;
  return { name, at, units };
}

function makeProfile() {
  const option = (value, text) => el("option", { value }, text);
  const units = el("select", { id: "chosen", change: (event) => choose(Number(event.target.value)) });
  units.append(...byName.map((unit) => option(unit, data.names[unit])));
  const beside = el("select", {
    id: "beside",
    change: ({ target }) => changed(() => (state.beside = /^\d+$/.test(target.value) ? Number(target.value) : target.value)),
  });
  beside.append(option("all", say("Median of all units")));
  if (data.group) beside.append(option("group", say("Median of its {column}", { column: data.group.column })));
  beside.append(option("near", say("Median of the 8 nearest units")));
  beside.append(el("optgroup", { label: say("Another unit") }, ...byName.map((unit) => option(unit, data.names[unit]))));
  const leaves = el("select", { id: "leaf", change: ({ target }) => { state.leaf = Number(target.value); draw(); } });
  leaves.append(...tree.leaves.map((i) => option(i, title(nodes[i]))));
  const range = el("input", { type: "range", id: "value", step: "any", input: () => suppose(state.leaf, Number(short(Number(range.value)))) });
  const number = el("input", { type: "number", step: "any", id: "number", "aria-labelledby": "number-label", change: () => { if (number.value !== "") suppose(state.leaf, Number(number.value)); } });
  $("profile").append(
    el("div", { class: "fields" }, labelled(say("Unit"), units), labelled(say("Compared with"), beside)),
    el("div", { class: "standing", id: "standing" }),
    el("p", { class: "hint", id: "peers" }),
    el("div", { class: "key hint", id: "key" }),
    el("table", { class: "parts", id: "parts" }),
    el("p", { class: "hint", id: "counted" }),
    el("h3", {}, say("What would raise its score most")),
    el("p", { class: "hint" }, say("Effect on the score and the rank if a single indicator reached the best end of its scale.")),
    el("ol", { class: "list", id: "gains" }),
    el("h3", {}, say("What if?")),
    el("div", { class: "entry" },
      el("label", { class: "wide" }, el("span", { class: "label" }, say("Indicator")), leaves),
      el("label", {}, el("span", { class: "label", id: "range-label" }), range), number),
    el("p", { class: "hint", id: "number-label" }),
    el("ul", { class: "list", id: "supposed" }),
  );
}

/** Return the limits of an indicator's values, in the unit of the what-if values. */
function limits(/** @type {number} */ leaf) {
  const { line } = nodes[leaf];
  const [a, b] = tree.ranges[leaf];
  return line ? [original(line, a), original(line, b)].sort((x, y) => x - y) : [a, b];
}

function suppose(/** @type {number} */ leaf, /** @type {number} */ value) {
  const [least, greatest] = limits(leaf);
  changed(() => {
    if (!state.whatIf.has(state.unit)) state.whatIf.set(state.unit, new Map());
    state.whatIf.get(state.unit).set(leaf, Math.min(Math.max(value, least), greatest));
    state.leaf = leaf;
  });
}

function withdraw(/** @type {number} */ unit, /** @type {number} */ leaf) {
  changed(() => {
    state.whatIf.get(unit).delete(leaf);
    if (!state.whatIf.get(unit).size) state.whatIf.delete(unit);
  });
}

function drawUnit() {
  const { unit, beside } = state;
  write($("unit-title"), data.names[unit]);
  for (const [id, value] of [["chosen", unit], ["beside", beside]])
    if ($(id).value !== String(value)) $(id).value = value;
  const other = reference();
  $("standing").replaceChildren(standing(unit, ""), ...(typeof beside === "number" ? [standing(beside, "beside")] : []));
  $("peers").textContent = beside === "near" ? say("Nearest in their values: {units}.", { units: other.units.map((one) => data.names[one]).join(", ") || say("none with enough in common") }) : "";
  drawKey(other.name);
  drawParts(other);
  drawGains();
  drawWhatIf();
}

function standing(/** @type {number} */ unit, /** @type {string} */ kind) {
  const [rank, before] = [current.ranks[unit], published.ranks[unit]];
  const score = figure(current.scores[0][unit]) + basis(unit);
  const isSame = rank === before || Number.isNaN(rank);
  const scored = isSame ? say("score {score}", { score }) : say("score {score} (published rank: {before})", { score, before: figure(before, 0) });
  const place = Number.isNaN(rank) ? say("No rank") : say("{rank} of {n}", { rank, n: current.order.length });
  return el("div", { class: kind }, el("span", { class: "label" }, kind ? data.names[unit] : say("Rank")),
    el("strong", {}, place), el("span", { class: "hint" }, scored));
}

function drawKey(/** @type {string} */ name) {
  const marks = [["dot", data.names[state.unit]], ["diamond", name], ["median", say("median of all units")]];
  if (state.beside === "all") marks.splice(2);
  $("key").replaceChildren(
    ...marks.map(([kind, text]) => el("span", {}, el("span", { class: "track", "aria-hidden": "true" }, placed(el("i", { class: kind }), { at: 0.5 })), text)),
  );
}

/** Show the scores at the nodes, compared with those of the reference, and their points. */
function drawParts(other) {
  const addsUp = tree.addsUp(state);
  const { points: contributions, reference: from } = brought(state, state.unit, current);
  const behind = addsUp && typeof state.beside === "number" ? brought(state, state.beside, current).points : null;
  const heads = [say("Part of the index"), say("Score"), say("Other"), behind ? say("Lead") : say("Points")];
  const focus = document.activeElement?.closest?.("#parts") ? document.activeElement.id : "";
  const body = [];
  const add = (i, depth) => {
    const [score, reference] = [current.scores[i][state.unit], other.at(i)];
    const points = behind ? (contributions[i] || 0) - (behind[i] || 0) : contributions[i];
    const row = el("tr", { class: i ? "" : "whole" },
      placed(el("th", { scope: "row" }, partName(i), track(i, score, reference)), { depth: Math.max(depth - 1, 0) }),
      el("td", { class: "figure own" }, figure(score)), el("td", { class: "figure beside" }, figure(reference)));
    row.append(el("td", { class: "figure" }, behind || !(addsUp || Number.isNaN(points)) ? signed(points, 2) : figure(points, 2)));
    body.push(row);
    if (i === 0 || state.open.has(i)) for (const child of nodes[i].children ?? []) add(child, depth + 1);
  };
  add(0, 0);
  $("parts").replaceChildren(
    el("caption", { class: "sr" }, say("Scores of {unit} compared with {other}", { unit: data.names[state.unit], other: other.name })),
    el("thead", {}, el("tr", {}, ...heads.map((head, j) => el("th", { scope: "col", class: j ? "figure" : "" }, head)))),
    el("tbody", {}, ...body),
  );
  const isCounted = !addsUp && !Number.isNaN(from);
  write($("counted"), isCounted ? say("Points are counted from {reference}, the score with the median of all units in each indicator for which this unit has a value. They add up to the difference between its score and this reference.", { reference: figure(from, 2) }) : "");
  if (focus) $(focus)?.focus();
}

function partName(/** @type {number} */ i) {
  if (i === 0 || !nodes[i].children) return el("span", {}, title(nodes[i]));
  const isOpen = state.open.has(i);
  const toggle = () => {
    if (isOpen) state.open.delete(i);
    else state.open.add(i);
    draw();
  };
  return el("button", { type: "button", id: `part-${i}`, "aria-expanded": isOpen, click: toggle }, title(nodes[i]));
}

function track(/** @type {number} */ i, /** @type {number} */ score, /** @type {number} */ reference) {
  const ordered = spread(i);
  const marks = [el("i", { class: "all" })];
  if (ordered) marks.push(placed(el("i", { class: "range" }), { from: position(i, ordered[0]), to: position(i, ordered[2]) }));
  if (ordered && state.beside !== "all") marks.push(placed(el("i", { class: "median" }), { at: position(i, ordered[1]) }));
  if (!Number.isNaN(reference)) marks.push(placed(el("i", { class: "diamond" }), { at: position(i, reference) }));
  if (!Number.isNaN(score)) marks.push(placed(el("i", { class: "dot" }), { at: position(i, score) }));
  return el("span", { class: "track", "aria-hidden": "true" }, ...marks);
}

/** Return the indicators that would raise the unit's score most at the best end of their scale. */
function gains(/** @type {number} */ unit) {
  const score = current.scores[0][unit];
  return tree.leaves
    .map((leaf) => ({ leaf, score: tree.unit(state, unit, (x, i) => (i === leaf ? nodes[leaf].ends[1] : x))[0] }))
    .filter((gain) => gain.score - score > 1e-9 * Math.abs(score))
    .sort((a, b) => b.score - a.score)
    .slice(0, 5);
}

function drawGains() {
  const own = current.scores[0][state.unit];
  const items = gains(state.unit).map(({ leaf, score }) => {
    const scores = current.scores[0].slice();
    scores[state.unit] = score;
    const rank = figure(ranked(scores).ranks[state.unit], 0);
    const best = nodes[leaf].ends[1];
    const attempt = () => suppose(leaf, nodes[leaf].line ? original(nodes[leaf].line, best) : best);
    const name = title(nodes[leaf]);
    const indicator = Number.isNaN(tree.raw[leaf][state.unit]) ? say("{name} (no value now)", { name }) : name;
    const text = say("{indicator}: {points} points, rank {rank}", { indicator, points: signed(score - own, 2), rank });
    return el("li", {}, el("span", {}, text), el("button", { type: "button", "aria-label": say("Try {indicator}", { indicator: name }), click: attempt }, say("Try")));
  });
  $("gains").replaceChildren(...items);
  if (!items.length) $("gains").append(el("li", {}, Number.isNaN(own) ? say("It has no score.") : say("No single indicator would raise its score.")));
}

function drawWhatIf() {
  const { leaf, unit } = state;
  const node = nodes[leaf];
  const [least, greatest] = limits(leaf);
  const was = tree.raw[leaf][unit];
  const value = state.whatIf.get(unit)?.get(leaf) ?? was;
  const digits = greatest - least > 20 ? 1 : 3;
  const unitOfMeasure = node.line ? node.measure || say("in its unit of measure") : say("on the normalised scale");
  if ($("leaf").value !== String(leaf)) $("leaf").value = leaf;
  write($("range-label"), say("Value from {least} to {greatest}", { least: figure(least, digits), greatest: figure(greatest, digits) }));
  const before = Number.isNaN(was) ? say("missing") : figure(was, digits);
  write($("number-label"), say("Value ({measure}); without a change: {before}.", { measure: unitOfMeasure, before }));
  Object.assign($("value"), { min: least, max: greatest, value: Number.isNaN(value) ? least : value });
  $("value").setAttribute("aria-valuetext", Number.isNaN(value) ? say("missing") : figure(value, digits));
  Object.assign($("number"), { min: least, max: greatest });
  if (document.activeElement !== $("number")) $("number").value = Number.isNaN(value) ? "" : short(value);
  const items = [];
  for (const [one, changes] of state.whatIf)
    for (const [at, to] of changes) {
      const [name, indicator] = [data.names[one], title(nodes[at])];
      const before = tree.raw[at][one];
      const text = say("{unit}: {indicator} {before} → {after}", { unit: name, indicator, before: Number.isNaN(before) ? say("missing") : written(before), after: written(to) });
      items.push(el("li", {}, el("span", {}, text), el("button", { type: "button", "aria-label": say("Remove {change}", { change: text }), click: () => withdraw(one, at) }, say("Remove"))));
    }
  $("supposed").replaceChildren(...items);
}
