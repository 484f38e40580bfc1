/** The choices of the reader, the link that stores them, and small helpers. Names are text, never markup. */

const data = JSON.parse(document.getElementById("data").textContent);
const { language } = data;
const tree = new Tree(data);
const { nodes } = tree;
const published = tree.all(tree.published());
const [ARITHMETIC, GEOMETRIC, MINIMUM] = [1, 0, -Infinity];

const state = {
  ...tree.published(),
  unit: published.order[0],
  /** What the unit is compared with: "all", "group", "near" or the number of a unit. */
  beside: "all",
  open: new Set(),
  sort: "rank",
  search: "",
  group: -1,
  leaf: tree.leaves[0],
};
let current = published;

/** Mark a template that is passed to `say` later. */
const key = (/** @type {string} */ template) => template;

/**
 * Return a template in the language of the page, with its fields filled in; the field n chooses
 * between two templates. The English text is the key to the messages of other languages.
 * @param {string} template @param {...any} rest the template for other numbers, and the fields
 */
function say(template, ...rest) {
  const [several, fields] = typeof rest[0] === "string" ? rest : [template, rest[0] ?? {}];
  const chosen = several === template || language.singular.includes(fields.n) ? template : several;
  const text = language.messages[chosen] ?? chosen;
  return text.replace(/\{(\w+)\}/g, (_, name) => (typeof fields[name] === "number" ? figure(fields[name], 0) : fields[name]));
}

/** @returns {any} the element with an id */
const $ = (/** @type {string} */ id) => document.getElementById(id);

/** Build an element; strings become text. */
function el(/** @type {string} */ tag, /** @type {any} */ attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== undefined) element.setAttribute(name, String(value));
  }
  element.append(...children);
  return element;
}

/** Set the numbers that the style sheet uses for positions. */
function placed(element, /** @type {Record<string, number>} */ numbers) {
  for (const [name, value] of Object.entries(numbers)) element.style.setProperty(`--${name}`, String(value));
  return element;
}

/** Change the text of an element only if it differs, which saves layout. */
function write(element, /** @type {string} */ text) {
  if (element.textContent !== text) element.textContent = text;
}
function mark(element, /** @type {string} */ name, value) {
  if (element.getAttribute(name) !== String(value)) element.setAttribute(name, String(value));
}

/** Return an English figure with the marks of the language. */
const marked = (/** @type {string} */ text) =>
  text.replace(/[.,]/g, (mark) => (mark === "." ? language.decimal : language.thousands));
/** @type {Intl.NumberFormat[]} by the number of decimals; making one takes long */
const formats = [];
function figure(/** @type {number} */ value, digits = data.digits) {
  if (value === undefined || Number.isNaN(value)) return "–";
  formats[digits] ??= new Intl.NumberFormat("en-GB", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const text = marked(formats[digits].format(value));
  return /^-[^1-9]+$/.test(text) ? text.slice(1) : text.replace("-", "−");
}
const signed = (value, digits) => (figure(value, digits).startsWith("−") ? "" : "+") + figure(value, digits);
const nUnits = () => say("{n} unit", "{n} units", { n: tree.n });
const title = (node) => node.name || node.code;
const short = (value) => String(Number(value.toPrecision(6)));
const written = (value) => marked(short(value)).replace("-", "−");
const isNarrow = matchMedia("(max-width: 46rem)");

// ---- The changes of the reader, and the link that stores them ---------------------------------

const start = tree.published();
const movedWeights = () =>
  tree.inner.flatMap((i) =>
    nodes[i].children.filter((_, k) => state.points[i][k] !== start.points[i][k]),
  );
const movedOrders = () => tree.inner.filter((i) => state.orders[i] !== start.orders[i]);
const nWhatIf = () => [...state.whatIf.values()].reduce((n, changes) => n + changes.size, 0);

function linked() {
  const link = new URLSearchParams();
  for (const child of movedWeights()) {
    const i = tree.parents[child];
    link.set(`w.${nodes[child].code}`, String(state.points[i][nodes[i].children.indexOf(child)]));
  }
  for (const i of movedOrders()) link.set(`a.${nodes[i].code}`, String(state.orders[i]));
  for (const [unit, changes] of state.whatIf)
    for (const [leaf, value] of changes)
      link.append("x", JSON.stringify([data.units[unit], nodes[leaf].code, value]));
  if (state.unit !== published.order[0]) link.set("unit", data.units[state.unit]);
  if (typeof state.beside === "number") link.set("with", data.units[state.beside]);
  else if (state.beside !== "all") link.set("compare", state.beside);
  if (state.group >= 0) link.set("group", data.group.names[state.group]);
  return link.toString();
}

/** Apply the settings of a link, without those that do not fit this page. */
function follow(/** @type {string} */ text) {
  const link = new URLSearchParams(text);
  const fresh = tree.published();
  const places = new Map(nodes.map((node, i) => [node.code, i]));
  const unitOf = (id) => data.units.indexOf(id);
  for (const [key, value] of link) {
    const i = places.get(key.slice(2));
    const number = Number(value);
    if (key.startsWith("w.") && i && number >= 0 && number < 1e9 && value !== "")
      fresh.points[tree.parents[i]][nodes[tree.parents[i]].children.indexOf(i)] = number;
    if (key.startsWith("a.") && i !== undefined && rules(i).some(([order]) => order === number))
      fresh.orders[i] = number;
    if (key === "x") whatIfOf(value, places, unitOf, fresh.whatIf);
  }
  Object.assign(state, fresh);
  state.unit = link.has("unit") ? unitOf(link.get("unit")) : published.order[0];
  if (state.unit < 0) state.unit = published.order[0];
  const other = link.has("with") ? unitOf(link.get("with")) : -1;
  const kind = link.get("compare");
  state.beside = other >= 0 ? other : kind === "near" || (kind === "group" && data.group) ? kind : "all";
  state.group = data.group ? data.group.names.indexOf(link.get("group")) : -1;
}

function whatIfOf(text, places, unitOf, whatIf) {
  let parts;
  try {
    parts = JSON.parse(text);
  } catch {
    return;
  }
  if (!Array.isArray(parts)) return;
  const [unit, leaf, value] = [unitOf(parts[0]), places.get(parts[1]), parts[2]];
  if (unit < 0 || leaf === undefined || nodes[leaf].children || !Number.isFinite(value)) return;
  const [least, greatest] = limits(leaf);
  if (!whatIf.has(unit)) whatIf.set(unit, new Map());
  whatIf.get(unit).set(leaf, Math.min(Math.max(value, least), greatest));
}

let linking;
function keepLink() {
  clearTimeout(linking);
  linking = setTimeout(() => {
    const link = linked();
    if (link === location.hash.slice(1)) return;
    try {
      history.replaceState(null, "", `#${link}`);
    } catch {
      location.hash = link; // some browsers forbid replaceState for files
    }
  }, 300);
}
