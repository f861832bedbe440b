// Outcomes, lag, steps, model calls, score histograms.
import { $, put, el, count, rate, percent, share, durationText, meter } from './format.js';
import { columnChart } from './charts.js';

let drawBatches = null;

export function makePanels(facts) {
  drawBatches ??= columnChart($('batches'), {
    label: 'Model calls by their number of tokens', head: ['Tokens', 'Calls'], format: count,
    axis: (columns, step) => columns.map((column, i) => [(i + 0.5) * step, column.name]),
  });
  const histograms = new Map();
  $('scores').replaceChildren();
  return {
    show(news, history) {
      outcomes(news, history);
      lag(news);
      steps(news);
      batches(news.batches);
      for (const scores of news.scores) {
        const name = `${scores.head}\n${scores.label}`;
        if (!histograms.has(name)) histograms.set(name, histogram(scores, facts));
        histograms.get(name)(scores);
      }
    },
  };
}

function outcomes({ totals, decisions }, history) {
  const parts = {
    allow: decisions.allow, review: decisions.review, flag: decisions.flag, dead: totals.dead_lettered, filtered: totals.filtered, voided: totals.voided, flight: totals.in_flight,
  };
  put('sum-consumed', count(totals.consumed));
  for (const [name, value] of Object.entries(parts)) {
    put(`sum-${name}`, count(value));
    put(`share-${name}`, share(value, totals.consumed));
  }
  const bar = $('sum-bar');
  if (!bar.children.length) bar.append(...Object.keys(parts).map(name => el('b', { 'data-colour': name })));
  Object.values(parts).forEach((value, i) => { bar.children[i].style.width = `${totals.consumed ? 100 * value / totals.consumed : 0}%`; });

  // What is in flight is the difference; it must not be negative, nor stay when nothing moves.
  const still = totals.in_flight > 0 && history.length > 15 && history.slice(-15).every(point => point.rate === 0);
  const scored = decisions.allow + decisions.review + decisions.flag;
  const fault = totals.in_flight < 0 ? `${count(-totals.in_flight)} outcomes more than records`
    : scored > totals.scored ? `${count(scored - totals.scored)} decisions more than scored posts`
    : still ? `${count(totals.in_flight)} records without an outcome, and nothing moves` : '';
  $('sum-verdict').dataset.ok = fault === '';
  const parted = ['scored', 'dead-lettered', 'filtered', ...(totals.voided ? ['given up'] : []), ...(totals.in_flight ? ['in flight'] : [])];
  put('sum-verdict', fault || `consumed = ${parted.join(' + ')}`);
  $('row-voided').hidden = totals.voided === 0;
}

function lag(news) {
  const most = Math.max(100, ...news.partitions.map(own => own.lag ?? 0)), many = new Set(news.partitions.map(own => own.topic)).size > 1;
  rows($('lag'), news.partitions.map(own => [many ? `${own.topic}-${own.partition}` : `${own.partition}`, own.lag === null ? 'not ours' : count(own.lag), (own.lag ?? 0) / most, count(own.consumed)]));
  put('h-lag', news.more_partitions ? `Lag by partition (${count(news.more_partitions)} with less are not shown)` : 'Lag by partition');
}

function steps(news) {
  rows($('steps'), news.steps.map(own => [own.step, percent(own.busy), own.busy, durationText(own.per_post)]));
}

// Rows stay; their numbers and bars change.
function rows(body, wanted) {
  while (body.children.length > wanted.length) body.lastElementChild.remove();
  while (body.children.length < wanted.length) body.append(el('tr', {}, el('th', { scope: 'row' }), el('td'), el('td', {}, meter(0)), el('td')));
  wanted.forEach(([name, value, part, more], i) => {
    const [head, first, bar, last] = body.children[i].children;
    put(head, name);
    put(first, value);
    bar.querySelector('b').style.width = `${Math.min(100, 100 * part)}%`;
    put(last, more);
  });
}

function batches(own) {
  const shown = own.by_tokens.map((calls, power) => ({ value: calls, name: power >= 10 ? `${2 ** (power - 10)}k` : `${2 ** power}` }));
  const used = shown.findLastIndex(column => column.value > 0);
  const columns = shown.slice(2, Math.max(11, used + 1));
  drawBatches({ columns, summary: `Mean ${count(Math.round(own.mean_tokens))} tokens.` });
  put('batches-foot', `${rate(own.calls_per_second)} calls a second, on average ${rate(own.mean_rows)} texts and ${count(Math.round(own.mean_tokens))} tokens; ${own.padding ? `${percent(own.padding)} padding` : 'no padding'}`);
}

function histogram({ head, label }, facts) {
  const own = facts.labels.find(any => any.head === head && any.label === label);
  const id = `score-${head}-${label}`.replace(/\W/g, '_'), note = el('p', { class: 'note' }), foot = el('p', { class: 'foot' }), box = el('div', { class: 'chart short' });
  const title = head === label ? head : `${head}: ${label}`;
  $('scores').append(el('section', { class: 'panel', 'aria-labelledby': id }, el('h2', { id }, `Score of ${title}`), note, box, foot));
  const edge = i => (i / 20).toFixed(2);
  const draw = columnChart(box, {
    label: `Posts by their probability of ${title}`, head: own.baseline ? ['Probability', 'Now', 'Calibration'] : ['Probability', 'Now'], format: percent,
    axis: (columns, step) => [[0, '0', 'start'], [step * 5, '0.25'], [step * 10, '0.5'], [step * 15, '0.75'], [step * 20, '1', 'end']],
  });
  const marks = ['review', 'flag'].filter(band => own[band] !== null).map(band => ({ at: own[band], name: `${band} ${own[band]}`, left: band === 'review' }));
  const band = i => own.flag !== null && i / 20 >= own.flag - 0.025 ? 'flag' : own.review !== null && i / 20 >= own.review - 0.025 ? 'review' : '';
  return scores => {
    const all = scores.bins.reduce((a, b) => a + b, 0);
    const high = (bins, sum) => percent(bins.slice(10).reduce((a, b) => a + b, 0) / sum);
    const above = all ? high(scores.bins, all) : '–';
    draw({
      columns: scores.bins.map((n, i) => ({ value: all ? n / all : 0, name: `${edge(i)} to ${edge(i + 1)}`, class: band(i) })), outline: own.baseline, marks, summary: `${above} of ${count(all)} posts at 0.5 or above.`,
    });
    put(note, `${count(all)} posts, last minutes`);
    put(foot, own.baseline
      ? `${above} at 0.5 or above. Outline: ${count(own.baseline_rows)} calibration rows (${facts.baseline_from}), ${high(own.baseline, 1)}`
      : `${above} at 0.5 or above. The bundle has no baseline for this label.`);
  };
}
