// How well a name fits what is typed, and the order in which names are offered.

/** At most so many are offered: nobody reads more, and each of them is drawn. */
const MAX_OFFERED = 100;

/**
 * How a label fits: 0 it is what is typed, 1 begins with it, 2 a word in it does, 3 holds it, 4 holds its
 * letters in order; null when it does not fit.
 * @param {string} label
 * @param {string} typed in lower case
 * @returns {number | null}
 */
export function fit(label, typed) {
  if (typed === "") return 1;
  const lower = label.toLowerCase();
  if (lower === typed) return 0;
  if (lower.startsWith(typed)) return 1;
  for (let at = lower.indexOf(typed, 1); at > 0; at = lower.indexOf(typed, at + 1)) {
    const isWord =
      /[^\p{L}\p{N}]/u.test(lower[at - 1]) || (/\p{Ll}/u.test(label[at - 1]) && /\p{Lu}/u.test(label[at]));
    if (isWord) return 2;
  }
  if (lower.includes(typed)) return 3;
  if (typed.length < 3 || lower[0] !== typed[0]) return null;
  let at = 0;
  for (const char of typed) {
    at = lower.indexOf(char, at) + 1;
    if (at === 0) return null;
  }
  return 4;
}

/**
 * The best of what fits, the best first: by how well it fits, then in the order of `offers`.
 * @template {{ label: string, name?: string, kind: string, rank: number }} Offer
 * @param {Offer[]} offers
 * @param {string} typed
 * @returns {Offer[]}
 */
export function ranked(offers, typed) {
  const lower = typed.toLowerCase();
  return offers
    .map((offer, index) => ({ offer, index, fit: bestFit(offer, lower) }))
    .filter((each) => each.fit !== null)
    .sort((a, b) => a.fit - b.fit || a.offer.rank - b.offer.rank || a.index - b.index)
    .slice(0, MAX_OFFERED)
    .map(({ offer }) => offer);
}

/**
 * How an offer fits. Something with a name of several parts is also found by the last of them; keywords are
 * known well enough not to be looked for in their middle.
 */
function bestFit(offer, typed) {
  const { label, name, kind } = offer;
  const most = kind === "keyword" || kind === "type" ? 2 : 4;
  const fits = [fit(label, typed), name ? fit(name, typed) : null].filter(
    (each) => each !== null && each <= most,
  );
  return fits.length > 0 ? Math.min(...fits) : null;
}
