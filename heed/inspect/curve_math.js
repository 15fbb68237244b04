// What the charts need to know about numbers: smoothing, ticks, paths, places on a curve.
"use strict";

const curveMath = (() => {
  // A straight line through the neighbours on both sides, weighted by decay^distance: unlike a running
  // mean it does not lag behind the curve, nor bend at its end. Near the beginning, where curves are
  // steep, it takes as many neighbours on the right as there are on the left, so that the line begins
  // where the curve does. Gaps (null) stay gaps and carry no weight.
  function smooth(values, decay) {
    const longest = decay > 0 ? Math.ceil(Math.log(0.001) / Math.log(decay)) : 0;
    const weights = Array.from({ length: longest + 1 }, (_, distance) => decay ** distance);
    return values.map((value, i) => {
      if (value === null) return null;
      const left = Math.min(longest, i), right = Math.min(longest, values.length - 1 - i, i);
      let w = 0, x = 0, xx = 0, y = 0, xy = 0;
      for (let offset = -left; offset <= right; ++offset) {
        const neighbour = values[i + offset];
        if (neighbour === null) continue;
        const weight = weights[Math.abs(offset)];
        w += weight;
        x += weight * offset;
        xx += weight * offset * offset;
        y += weight * neighbour;
        xy += weight * offset * neighbour;
      }
      const spread = w * xx - x * x;
      return spread > 1e-9 * w * w ? (xx * y - x * xy) / spread : y / w;
    });
  }

  // Whether a curve goes up and down often enough to need smoothing; a learning rate does not.
  function isNoisy({ mean }) {
    let turns = 0;
    for (let i = 2; i < mean.length; ++i) {
      if ((mean[i] - mean[i - 1]) * (mean[i - 1] - mean[i - 2]) < 0) ++turns;
    }
    return turns > 0.1 * mean.length;
  }

  // Round numbers from low to high. `past`: the last one is at high or the next one past it, so that an
  // axis may end there and nothing is drawn above its topmost line.
  function linearTicks(low, high, wanted, past = false) {
    const rough = (high - low) / wanted;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = power * [1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough * 0.999);
    const ticks = [];
    for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; ++i) {
      ticks.push(i * step);
    }
    const last = Math.floor(high / step + 1e-9) * step;
    if (past && last < high - step * 1e-9) ticks.push(last + step);
    return ticks;
  }

  function logarithmicTicks(low, high, wanted, past = false) {
    const decades = Math.log10(high / low);
    if (decades < 0.7) return linearTicks(low, high, wanted, past);
    const factors = decades > 4 ? [1] : decades > 1.6 ? [1, 3] : [1, 2, 5];
    const ticks = [];
    for (let power = Math.floor(Math.log10(low)); 10 ** power <= 10 * high; ++power) {
      for (const factor of factors) {
        const tick = factor * 10 ** power;
        const reached = ticks.length > 0 && ticks[ticks.length - 1] >= high * 0.999;
        if (tick >= low * 0.999 && (tick <= high * 1.001 || (past && !reached))) ticks.push(tick);
      }
    }
    return ticks;
  }

  // Where labels of the height `gap` stand: in their order, without overlapping, within low and high, and
  // otherwise as near as can be to where they belong. Labels that would overlap are shifted together
  // (isotonic regression by pooling neighbours).
  function spreadLabels(wanted, gap, low, high) {
    const blocks = [];
    wanted.forEach((place, i) => {
      blocks.push({ sum: place - i * gap, count: 1 });
      for (let b = blocks.length - 1; b > 0 && blocks[b].sum / blocks[b].count < blocks[b - 1].sum / blocks[b - 1].count; --b) {
        blocks[b - 1].sum += blocks[b].sum;
        blocks[b - 1].count += blocks[b].count;
        blocks.pop();
      }
    });
    const most = Math.max(low, high - (wanted.length - 1) * gap);
    return blocks.flatMap(({ sum, count }) => Array(count).fill(Math.min(Math.max(sum / count, low), most)))
      .map((place, i) => place + i * gap);
  }

  function formatTick(tick, ticks) {
    if (tick === 0) return "0";
    const largest = Math.max(...ticks.map(Math.abs));
    if (largest >= 1e5) return formatCompact(tick);
    if (largest < 0.001 || Math.abs(tick) < 1e-4) return tick.toExponential().replace(/(\.\d)\d+/, "$1");
    return tick.toLocaleString("en", { maximumSignificantDigits: 4 });
  }
  const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
  const formatCompact = (value) => compact.format(value).replace("K", "k");

  // The path of the finite stretches of a line. The "h0" makes a lone point among gaps a dot.
  function linePath(x, y, steps, values) {
    let path = "", drawing = false;
    values.forEach((value, i) => {
      if (value !== null) {
        const at = `${x(steps[i]).toFixed(1)} ${y(value).toFixed(1)}`;
        path += drawing ? `L${at}` : `M${at}h0`;
      }
      drawing = value !== null;
    });
    return path;
  }

  function bandPath(x, y, curve) {
    const places = curve.step.map((_, i) => i).filter((i) => curve.mean[i] !== null);
    if (!places.length) return "";
    const at = (i, values) => `${x(curve.step[i]).toFixed(1)} ${y(values[i]).toFixed(1)}`;
    return "M" + places.map((i) => at(i, curve.largest)).join("L") + "L" +
      places.reverse().map((i) => at(i, curve.least)).join("L") + "Z";
  }

  // The place of the point nearest to a step, or -1.
  function nearest(curve, step) {
    let low = 0, high = curve.step.length - 1;
    if (high < 0) return -1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (curve.step[middle] <= step) low = middle;
      else high = middle;
    }
    return step - curve.step[low] <= curve.step[high] - step ? low : high;
  }

  // The place of the best point, or -1.
  function bestPlace(curve) {
    let best = -1;
    curve.mean.forEach((value, i) => {
      if (value === null || !curve.better) return;
      const improves = best < 0 ||
        (curve.better === "lower" ? value < curve.mean[best] : value > curve.mean[best]);
      if (improves) best = i;
    });
    return best;
  }

  return { smooth, isNoisy, linearTicks, logarithmicTicks, spreadLabels, formatTick, linePath, bandPath, nearest, bestPlace };
})();
