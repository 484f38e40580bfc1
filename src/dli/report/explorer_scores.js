"use strict";

/**
 * Scores and ranks as the library computes them.
 *
 * @typedef {{start: number, span: number, low: number, high: number, cut?: boolean[],
 *   log?: boolean, decimals?: number}} Line
 * @typedef {{code: string, name: string, children?: number[], weights?: number[],
 *   order?: number | string, needed?: number, decimals?: number, least?: number,
 *   measured?: number[], product?: boolean, line?: Line, values?: (number | null)[],
 *   places?: (number | null)[], ends?: number[], measure?: string}} Node
 * @typedef {{points: number[][], orders: number[], whatIf: Map<number, Map<number, number>>}} Choices
 *   The weights of each node's children, in any proportion; the order of the power mean of each
 *   node; and new values by unit and indicator.
 */

// Scores that differ by no more than this share of their scale are ties.
const TIE = 1e-12;

/** Round halves away from zero; a value within 1e-12 of a half counts as one. */
function rounded(/** @type {number} */ x, /** @type {number} */ decimals) {
  const factor = 10 ** decimals;
  const scaled = Math.abs(x) * factor;
  const whole = scaled < 2 ** 52 ? Math.floor(scaled + 0.5 + TIE * Math.max(scaled, 1)) : scaled;
  return Math.sign(x) * (whole / factor) + 0;
}

/** Return the normalised value of a value. */
function normalised(/** @type {Line} */ line, /** @type {number} */ x) {
  let share = ((line.log ? Math.log(x) : x) - line.start) / line.span;
  if (line.cut?.[0]) share = Math.max(share, 0);
  if (line.cut?.[1]) share = Math.min(share, 1);
  const height = line.high - line.low;
  const score =
    height + line.low === line.high
      ? share * height + line.low
      : line.low * (1 - share) + line.high * share;
  return line.decimals === undefined ? score : rounded(score, line.decimals);
}

/** Return the value that a line takes to a normalised value. */
function original(/** @type {Line} */ line, /** @type {number} */ score) {
  const x = line.start + (line.span * (score - line.low)) / (line.high - line.low);
  return line.log ? Math.exp(x) : x;
}

/**
 * Return the weighted power mean of what is there, NaN where too little is.
 * @param {Float64Array} xs @param {number[]} weights @param {number} order @param {number} needed
 */
function powerMean(xs, weights, order, needed) {
  let present = 0;
  let total = 0;
  let least = Infinity;
  let greatest = -Infinity;
  for (let k = 0; k < weights.length; k++) {
    if (Number.isNaN(xs[k])) continue;
    present += 1;
    total += weights[k];
    if (weights[k] > 0) {
      least = Math.min(least, xs[k]);
      greatest = Math.max(greatest, xs[k]);
    }
  }
  if (present === 0 || present < needed - 1e-9 || !(total > 0)) return NaN;
  if (order === -Infinity) return least;
  if (order === Infinity) return greatest;
  if (order !== 1 && least <= 0 && order <= 0) return least < 0 ? NaN : 0;
  // In proportion to the value that rules, so that no power leaves the range of numbers.
  const ruling = order < 0 ? least : greatest > 0 ? greatest : 1;
  let sum = 0;
  for (let k = 0; k < weights.length; k++) {
    if (Number.isNaN(xs[k]) || !(weights[k] > 0)) continue;
    if (order === 1) sum += weights[k] * xs[k];
    else if (order === 0) sum += weights[k] * Math.log(xs[k]);
    else sum += weights[k] * (xs[k] / ruling) ** order;
  }
  if (order === 1) return sum / total;
  if (order === 0) return Math.exp(sum / total);
  return ruling * (sum / total) ** (1 / order);
}

/**
 * Return the ranks of scores, 1 for the highest, and the units in that order.
 *
 * Scores tie with the highest of their group when they lie at most 1e-12 of the largest absolute
 * score below it, as in `dli.ranking.rank_scores`.
 * @param {Float64Array} scores
 */
function ranked(scores) {
  const order = [];
  let scale = 0;
  for (let unit = 0; unit < scores.length; unit++) {
    if (Number.isNaN(scores[unit])) continue;
    order.push(unit);
    scale = Math.max(scale, Math.abs(scores[unit]));
  }
  order.sort((a, b) => scores[b] - scores[a] || a - b);
  const ranks = new Float64Array(scores.length).fill(NaN);
  let first = Infinity;
  let rank = 0;
  order.forEach((unit, place) => {
    if (first - scores[unit] > TIE * scale) {
      first = scores[unit];
      rank = place + 1;
    }
    ranks[unit] = rank;
  });
  return { ranks, order };
}

/** The tree with its values: everything that does not change. */
class Tree {
  constructor(/** @type {{nodes: Node[], units: string[]}} */ data) {
    this.nodes = data.nodes;
    this.n = data.units.length;
    this.inner = this.nodes.flatMap((node, i) => (node.children ? [i] : []));
    this.leaves = this.nodes.flatMap((node, i) => (node.children ? [] : [i]));
    /** @type {number[]} */
    this.parents = [];
    for (const i of this.inner) for (const child of this.nodes[i].children) this.parents[child] = i;
    // Where few values differ, they stand once, and units have their places among them.
    this.raw = this.nodes.map(
      ({ values, places }) =>
        values && Float64Array.from(places ?? values, (x) => (places ? values[x] : x) ?? NaN),
    );
    this.columns = this.nodes.map(
      (node, i) =>
        node.values && (node.line ? this.raw[i].map((x) => normalised(node.line, x)) : this.raw[i]),
    );
    this.ranges = this.nodes.map(() => [0, 1]);
    for (let i = this.nodes.length - 1; i >= 0; i--) this.ranges[i] = this.range(i);
    this.widest = Math.max(...this.inner.map((i) => this.nodes[i].children.length));
  }

  /** Return the least and the greatest score that a node can have. */
  range(/** @type {number} */ i) {
    const { children, ends, line } = this.nodes[i];
    if (children && line) return [line.low, line.high].sort((a, b) => a - b);
    let [least, greatest] = children ? [Infinity, -Infinity] : [Math.min(...ends), Math.max(...ends)];
    for (const child of children ?? []) {
      least = Math.min(least, this.ranges[child][0]);
      greatest = Math.max(greatest, this.ranges[child][1]);
    }
    for (const x of this.columns[i] ?? []) {
      if (x < least) least = x;
      if (x > greatest) greatest = x;
    }
    return [least, greatest];
  }

  /** @returns {Choices} those of the published index */
  published() {
    return {
      points: this.nodes.map((node) => (node.weights ?? []).map((weight) => 100 * weight)),
      orders: this.nodes.map((node) => Number(node.order)),
      whatIf: new Map(),
    };
  }

  /**
   * Compute one unit's score at each node, and what enters the parent of each.
   * @param {Choices} choices @param {number} unit
   * @param {(score: number, leaf: number) => number} [replaced] other normalised values
   */
  unit(choices, unit, replaced) {
    this.scores ??= new Float64Array(this.nodes.length);
    this.entered ??= new Float64Array(this.nodes.length);
    this.xs ??= new Float64Array(this.widest);
    const { scores, entered, xs } = this;
    const changes = choices.whatIf.get(unit);
    for (let i = this.nodes.length - 1; i >= 0; i--) {
      const node = this.nodes[i];
      if (!node.children) {
        const change = changes?.get(i);
        scores[i] = this.columns[i][unit];
        if (change !== undefined) scores[i] = node.line ? normalised(node.line, change) : change;
        if (replaced) scores[i] = replaced(scores[i], i);
        entered[i] = scores[i];
        continue;
      }
      for (let k = 0; k < node.children.length; k++) xs[k] = entered[node.children[k]];
      scores[i] = this.joined(node, xs, choices.points[i], choices.orders[i], scores);
      entered[i] = node.line ? normalised(node.line, scores[i]) : scores[i];
    }
    return scores;
  }

  /** Return a node's score from those of its children. */
  joined(node, xs, weights, order, scores) {
    if (node.least !== undefined) {
      let present = 0;
      for (const leaf of node.measured) present += Number.isNaN(scores[leaf]) ? 0 : 1;
      if (present < node.least - 1e-9) return NaN;
    }
    const score = powerMean(xs, weights, order, node.needed);
    return node.decimals === undefined ? score : rounded(score, node.decimals);
  }

  /** Compute the scores of all units at each node, and their ranks at the top. */
  all(/** @type {Choices} */ choices) {
    const scores = this.nodes.map(() => new Float64Array(this.n));
    for (let unit = 0; unit < this.n; unit++) {
      const own = this.unit(choices, unit);
      for (let i = 0; i < own.length; i++) scores[i][unit] = own[i];
    }
    return { scores, ...ranked(scores[0]) };
  }

  /** Whether scores are sums, so that each part brings points of its own. */
  addsUp(/** @type {Choices} */ choices) {
    return this.inner.every(
      (i) =>
        !this.nodes[i].line &&
        this.nodes[i].decimals === undefined &&
        (choices.orders[i] === 1 || (this.nodes[i].children.length === 1 && !(this.nodes[i].product && choices.orders[i] === 0))),
    );
  }

  /**
   * Return the points that each node brings to a unit's score: its score times its share.
   * @param {Choices} choices @param {number} unit
   */
  contributions(choices, unit) {
    const scores = this.unit(choices, unit).slice();
    const shares = new Float64Array(scores.length);
    shares[0] = 1;
    for (const i of this.inner) {
      const counted = this.nodes[i].children.map((child, k) =>
        Number.isNaN(scores[child]) ? 0 : choices.points[i][k],
      );
      const total = counted.reduce((sum, weight) => sum + weight, 0);
      this.nodes[i].children.forEach((child, k) => {
        shares[child] = total > 0 ? (shares[i] * counted[k]) / total : 0;
      });
    }
    return scores.map((score, i) => score * shares[i]);
  }
}
