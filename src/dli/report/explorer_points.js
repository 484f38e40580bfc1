/**
 * The contribution of each node to a score that is not a sum: the points by which it raises the
 * score above that of the medians of the indicators, level by level as in the library.
 */

// Up to this number of children, all orders are averaged; above it, one order and its reverse.
const ENUMERATED = 12;

/**
 * Return the points of each node, and the reference that they are counted from: 0 for sums.
 * @param {Choices} choices @param {number} unit @param {any} all the scores of all units
 */
function brought(choices, unit, all) {
  if (tree.addsUp(choices)) return { points: tree.contributions(choices, unit), reference: 0 };
  all.medians ??= nodes.map((node, i) => (node.children ? NaN : (ends(all.scores[i])?.[1] ?? NaN)));
  const side = (replaced) => {
    const scores = tree.unit(choices, unit, replaced).slice();
    return { scores, entered: tree.entered.slice() };
  };
  const own = side();
  const reference = side((x, i) => (Number.isNaN(x) ? x : all.medians[i]));
  // The number of points that the index gains for each point that a node contributes.
  const rates = new Float64Array(nodes.length);
  rates[0] = 1;
  for (const i of tree.inner) {
    const { children, line } = nodes[i];
    let rate = rates[i];
    if (i && line) rate *= switchedRates([own.scores[i]], [reference.scores[i]], ([x]) => normalised(line, x))[0];
    const below = childRates(choices, i, own, reference, all);
    children.forEach((child, k) => (rates[child] = rate * below[k]));
  }
  const points = own.entered.map((x, i) => (x - reference.entered[i]) * rates[i]);
  return { points: Number.isNaN(own.scores[0]) ? points.fill(NaN) : points, reference: reference.scores[0] };
}

/** Return the points that a node gains over the reference for each point of its children. */
function childRates(choices, /** @type {number} */ i, own, reference, all) {
  const { children, decimals, product } = nodes[i];
  const [order, weights] = [choices.orders[i], choices.points[i]];
  const scores = [own.scores[i], reference.scores[i]];
  const [xs, ys] = [own, reference].map((side) => children.map((child) => side.entered[child]));
  if (scores.some(Number.isNaN)) return xs.map(() => 0);
  // A geometric mean with a score of 0 among the units is a product, which has no logarithms.
  const isProduct = order === 0 && (product || all.scores[i].includes(0));
  const hasLogarithms = order > 0 || [xs, ys].every((side) => side.every((x, k) => !(x <= 0 && weights[k] > 0)));
  if (Number.isFinite(order) && decimals === undefined && !isProduct && hasLogarithms)
    return powerRates(xs, ys, weights, scores, order);
  return switchedRates(xs, ys, (mixed) => {
    const score = powerMean(mixed, weights, order, 0);
    return decimals === undefined ? score : rounded(score, decimals);
  });
}

/** Return the rates of a power mean, from the slopes of its powers between both sides. */
function powerRates(xs, ys, weights, scores, /** @type {number} */ order) {
  const counted = xs.map((x, k) => (Number.isNaN(x) ? 0 : weights[k]));
  const total = counted.reduce((sum, weight) => sum + weight, 0);
  if (order === 1) return counted.map((weight) => weight / total);
  // In proportion to a score, so that no power leaves the range of numbers.
  const scale = order > 0 ? Math.max(...scores) : Math.min(...scores);
  const slope = (a, b) => steepness(Math.min(a, b) / scale, Math.max(a, b) / scale, order);
  const ofScore = slope(scores[0], scores[1]);
  return counted.map((weight, k) => {
    const rate = ((weight / total) * slope(xs[k], ys[k])) / ofScore;
    return weight > 0 && Number.isFinite(rate) ? rate : 0;
  });
}

/** Return the slope of x^order, or of ln x, between two points, without loss of digits. */
function steepness(/** @type {number} */ low, /** @type {number} */ high, /** @type {number} */ order) {
  const gap = high - low;
  const logRatio = Math.log1p(gap / low);
  if (order === 0) return gap > 0 ? logRatio / gap : 1 / high;
  if (!(gap > 0)) return Math.abs(order) * high ** (order - 1);
  return ((order > 0 ? high : low) ** order * -Math.expm1(-Math.abs(order) * logRatio)) / gap;
}

/** Return the rates of any aggregation: Shapley shares over the orders of switching sides. */
function switchedRates(xs, ys, /** @type {(mixed: any) => number} */ join) {
  const players = xs.flatMap((x, k) => (Number.isNaN(x) ? [] : [k]));
  const mixed = Float64Array.from(ys);
  const raw = (isOwn) => {
    players.forEach((k, j) => (mixed[k] = isOwn(j) ? xs[k] : ys[k]));
    return join(mixed);
  };
  const sides = [raw(() => true), raw(() => false)];
  const score = (isOwn) => {
    const found = raw(isOwn);
    return Number.isNaN(found) ? (sides[0] + sides[1]) / 2 : found;
  };
  const shares = shapley(players.length, score);
  const greatest = (numbers) => numbers.reduce((most, x) => Math.max(most, Math.abs(x) || 0), 0);
  const [tie, least] = [TIE * greatest([...xs, ...ys]), 1e-10 * greatest(sides)];
  const rates = xs.map(() => 0);
  players.forEach((k, j) => {
    const gap = xs[k] - ys[k];
    // A small gap beside much larger siblings is not a tie if it contributes points.
    if (Math.abs(gap) > tie || (gap !== 0 && Math.abs(shares[j]) > least)) rates[k] = shares[j] / gap;
  });
  return rates;
}

/** Return the share of each of n players in the score of all less that of none. */
function shapley(/** @type {number} */ n, /** @type {(isIn: (j: number) => boolean) => number} */ score) {
  const players = Array.from({ length: n }, (_, j) => j);
  if (n > ENUMERATED) {
    const [first, last] = [(r) => score((j) => j < r), (r) => score((j) => j >= r)];
    return players.map((j) => (first(j + 1) - first(j) + last(j) - last(j + 1)) / 2);
  }
  const scores = Float64Array.from({ length: 2 ** n }, (_, group) => score((j) => ((group >> j) & 1) === 1));
  // The share of orders in which a player finds a group of a size before it.
  const weights = [1 / n];
  for (let size = 1; size < n; size++) weights.push((weights[size - 1] * size) / (n - size));
  return players.map((j) => {
    let share = 0;
    for (let group = 0; group < scores.length; group++) {
      if ((group >> j) & 1) continue;
      let size = 0;
      for (let rest = group; rest; rest &= rest - 1) size += 1;
      share += weights[size] * (scores[group | (1 << j)] - scores[group]);
    }
    return share;
  });
}
