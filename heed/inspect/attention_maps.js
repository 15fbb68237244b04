// The weights of attention maps, decoded from the page's data; what is derived from them.
"use strict";

heed.attention = (() => {
  const lastLevel = 254, notANumber = 255;
  const unique = (values) => [...new Set(values)];
  const ascending = (a, b) => a - b;

  // {layer, head, weights, entropy}: head is a number, "mean", "maximum" or "rollout"; weights hold
  // NaN where there is none.
  function decode({ layer, head, levels, maximum, entropy }) {
    const bytes = atob(levels), step = maximum / lastLevel;
    const weights = new Float32Array(bytes.length);
    for (let i = 0; i < bytes.length; ++i) {
      const level = bytes.charCodeAt(i);
      weights[i] = level === notANumber ? NaN : level * step;
    }
    return { layer, head, weights, entropy };
  }

  function combine(head, maps, join) {
    const weights = new Float32Array(maps[0].weights.length);
    for (const map of maps) {
      for (let i = 0; i < weights.length; ++i) weights[i] = join(weights[i], map.weights[i]);
    }
    return { layer: maps[0].layer, head, weights };
  }

  const meanOf = (maps) => combine("mean", maps, (sum, weight) => sum + weight / maps.length);
  const maximumOf = (maps) => combine("maximum", maps, (most, weight) => (weight <= most ? most : weight));

  function largest(map) {
    return map.weights.reduce((most, weight) => (weight > most ? weight : most), 0);
  }

  // All maps of one sentence and kind, the derived ones included, by layer.
  function decodeGroup(group) {
    const maps = group.heads.map(decode);
    const layers = unique(maps.map((map) => map.layer)).sort(ascending);
    const numbers = unique(maps.map((map) => map.head).filter(Number.isInteger)).sort(ascending);
    if (numbers.length > 1) {
      for (const layer of layers) {
        const heads = maps.filter((map) => map.layer === layer && Number.isInteger(map.head));
        maps.push(meanOf(heads), maximumOf(heads));
      }
    }
    const present = new Set(maps.map((map) => map.head));
    return {
      ...group, maps, layers,
      heads: ["mean", "maximum", ...numbers, "rollout"].filter((head) => present.has(head)),
      find: (layer, head) => maps.find((map) => map.layer === layer && map.head === head),
    };
  }

  function levels({ weights }, maximum) {
    const scale = maximum > 0 ? lastLevel / maximum : 0;
    const result = new Uint8Array(weights.length);
    for (let i = 0; i < weights.length; ++i) {
      result[i] = Number.isNaN(weights[i]) ? notANumber : Math.min(lastLevel, Math.round(weights[i] * scale));
    }
    return result;
  }

  // The colours of the levels, in the theme that is shown; "3557b7".
  function colours() {
    const digits = heed.data.colours[heed.currentTheme()];
    return Array.from({ length: digits.length / 6 }, (_, level) => digits.substr(6 * level, 6));
  }

  // They serve as classes q0 … q254, for both themes at once.
  function addWeightRules() {
    const { light, dark } = heed.data.colours;
    let rules = "";
    for (let level = 0; level < light.length / 6; ++level) {
      const pick = (digits) => "#" + digits.substr(6 * level, 6);
      rules += `.q${level}{fill:${pick(light)};fill:light-dark(${pick(light)},${pick(dark)})}`;
    }
    document.head.append(heed.element("style", {}, rules));
  }

  const names = { mean: "mean of heads", maximum: "maximum over heads", rollout: "rollout up to here" };

  return {
    notANumber, unique, decodeGroup, largest, levels, colours, addWeightRules,
    headName: (head) => names[head] || `head ${head}`,
    // As many decimals as the steps of the stored weights bear out.
    digits: (map) => Math.min(6, Math.max(2, Math.floor(-Math.log10(largest(map) / lastLevel || 1)))),
  };
})();

// SentencePiece's mark of a word's beginning is kept but stepped back.
heed.tokenText = (label, container, wordStart) => {
  const start = label.startsWith("\u2581");
  if (start) container.append(heed.element(wordStart, { class: "word-start" }, "\u2581"));
  container.append(label.slice(start ? 1 : 0));
  return container;
};
