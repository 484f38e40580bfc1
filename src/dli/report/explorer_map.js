/** The map: outlines and dots coloured by the scores at a node, which the table shows as well. */

// The colours of viridis, as in plots.choropleth, from the lowest score to the highest.
const COLOURS = "440154 482878 3e4989 31688e 26828e 1f9e89 35b779 6ece58 b5de2b fde725"
  .split(" ")
  .map((code) => [0, 2, 4].map((k) => parseInt(code.slice(k, k + 2), 16)));
const atlas = { node: 0, pointed: -1, paths: data.units.map(() => []), ranks: published.ranks };

/** Return a new SVG element. */
function shape(/** @type {string} */ tag, /** @type {any} */ attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

/** Return a path from rings in the format of `dli.report.mapped`. */
function outline(/** @type {string} */ text) {
  let path = "";
  for (const ring of text ? text.split(" ") : []) {
    const at = (k) => ring.charCodeAt(k) - 35;
    path += `M${at(0) * 91 + at(1)} ${at(2) * 91 + at(3)}l`;
    for (let k = 4; k < ring.length; k++) path += `${at(k) - 45} `;
    path += "z";
  }
  return path;
}

function makeMap() {
  const { size, land, shapes, dots } = data.map;
  const [behind, above] = [shape("g", {}), shape("g", {})];
  const add = (group, unit, kind, d) => {
    const path = shape("path", { class: kind, d, "data-unit": unit });
    atlas.paths[unit].push(path);
    group.append(path);
  };
  shapes.forEach((text, unit) => text && add(behind, unit, "area", outline(text)));
  for (const [unit, x, y] of dots) add(above, unit, "spot", `M${x - 5} ${y}a5 5 0 1 0 10 0 5 5 0 1 0-10 0z`);
  const hatch = shape("pattern", { id: "hatch", width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
    shape("path", { class: "paper", d: "M0 0h6v6h-6z" }), shape("path", { class: "line", d: "M0 0v6" }));
  const world = shape("svg", { id: "world", viewBox: `0 0 ${size.join(" ")}`, role: "img" },
    hatch, shape("path", { class: "land", d: outline(land) }), behind, above,
    shape("path", { class: "mark", id: "selected" }), shape("path", { class: "mark", id: "pointed" }));
  const point = (/** @type {number} */ unit) => {
    atlas.pointed = unit;
    drawPointed();
  };
  world.addEventListener("pointermove", (event) => point(unitAt(event)));
  world.addEventListener("pointerleave", () => point(-1));
  world.addEventListener("click", (event) => {
    const unit = unitAt(event);
    // On a phone the map stays in view, so that a tap that missed can be repeated.
    if (unit < 0) return;
    changed(() => Object.assign(state, { unit, beside: state.beside === unit ? "all" : state.beside }));
    if (shown.includes(unit)) reveal(shown.indexOf(unit));
  });
  const node = el("select", { id: "coloured", change: () => { atlas.node = Number(node.value); drawMap(); } },
    ...nodes.map((one, i) => el("option", { value: i }, title(one))));
  const bar = el("span", { id: "colours" });
  bar.style.background = `linear-gradient(90deg, ${COLOURS.map((rgb) => `rgb(${rgb})`)})`;
  const swatch = (fill, text, id) => el("span", { id, class: "swatch" },
    shape("svg", { viewBox: "0 0 16 10", "aria-hidden": "true" }, shape("path", { ...fill, d: "M0 0h16v10h-16z" })), text);
  const absent = data.names.filter((_, unit) => !atlas.paths[unit].length);
  $("ranking-title").after(el("details", { id: "map", open: true, toggle: drawMap },
    el("summary", {}, say("Map")),
    el("div", { class: "fields" }, labelled(say("Coloured by"), node)),
    world,
    el("p", { id: "named" }),
    el("div", { class: "key hint" },
      el("span", { id: "scale" }, bar, el("span", { id: "low" }), el("span", { id: "middle" }), el("span", { id: "high" })),
      swatch({ fill: "url(#hatch)" }, say("no score"), "unscored"),
      land ? swatch({ class: "land" }, say("not assessed"), "unassessed") : ""),
    absent.length ? el("p", { class: "hint" }, say("Not on the map: {names}.", { names: absent.join(", ") })) : "",
    el("p", { class: "hint" }, say("Borders: Natural Earth 4.1, 1:50 million, simplified. Disputed areas appear as the source draws them; no opinion on their status is implied.")),
  ));
}

/** Return the unit at a pointer, -1 if there is none: a finger often misses the dot of an island. */
function unitAt(event) {
  if (event.target.dataset.unit) return Number(event.target.dataset.unit);
  const { left, top, width } = $("world").getBoundingClientRect();
  const scale = width / data.map.size[0];
  let [unit, least] = [-1, 12];
  for (const [one, x, y] of data.map.dots) {
    const distance = Math.hypot(left + x * scale - event.clientX, top + y * scale - event.clientY);
    if (distance < least) [unit, least] = [one, distance];
  }
  return unit;
}

/** Return the colour at a share of the scale. */
function colour(/** @type {number} */ share) {
  const at = share * (COLOURS.length - 1);
  const k = Math.min(Math.floor(at), COLOURS.length - 2);
  return `rgb(${COLOURS[k].map((from, c) => Math.round(from + (at - k) * (COLOURS[k + 1][c] - from)))})`;
}

function drawMap() {
  if (!$("map").open) return;
  const scores = current.scores[atlas.node];
  atlas.ranks = atlas.node ? ranked(scores).ranks : current.ranks;
  // The scale includes the published scores, so that colours keep their meaning as weights change.
  const [low, , high] = ends(Float64Array.of(...scores, ...published.scores[atlas.node])) ?? [NaN, NaN, NaN];
  atlas.paths.forEach((paths, unit) => {
    const share = high > low ? (scores[unit] - low) / (high - low) : 0.5;
    const fill = Number.isNaN(scores[unit]) ? "url(#hatch)" : colour(share);
    for (const path of paths) mark(path, "fill", fill);
  });
  [["low", low], ["middle", (low + high) / 2], ["high", high]].forEach(([id, score]) => write($(id), figure(score)));
  $("unscored").hidden = !scores.some(Number.isNaN);
  mark($("world"), "aria-label", say("World map of {node}, from {low} to {high}. The table shows the ranks and scores.", { node: title(nodes[atlas.node]), low: figure(low), high: figure(high) }));
  drawPointed();
}

/** Show the name of the unit under the pointer, or of the chosen unit, and outline both. */
function drawPointed() {
  const unit = atlas.pointed < 0 ? state.unit : atlas.pointed;
  const around = (one) => (atlas.paths[one] ?? []).map((path) => path.getAttribute("d")).join("");
  mark($("selected"), "d", around(state.unit));
  mark($("pointed"), "d", around(atlas.pointed));
  const [name, score] = [data.names[unit], figure(current.scores[atlas.node][unit])];
  const fields = { name, score, rank: atlas.ranks[unit], total: atlas.ranks.filter((rank) => rank > 0).length };
  write($("named"), atlas.ranks[unit] > 0 ? say("{name}: rank {rank} of {total}, score {score}", fields) : say("{name}: no score", fields));
}
