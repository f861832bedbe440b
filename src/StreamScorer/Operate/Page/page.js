import { $, put, el, count, rate, percent, share, duration, durationText, span } from './format.js';
import { lineChart } from './charts.js';
import { listen } from './feed.js';
import { showPosts } from './posts.js';
import { makePanels } from './panels.js';
import { makeTrial } from './trial.js';

const KEEP = 300;
let facts = null, history = [], panels = null;

const drawRate = lineChart($('rate'), {
  label: 'Posts per second', lines: [{ key: 'rate', name: 'posts per second', class: '', area: true }],
  format: (value, exact) => exact ? `${rate(value)} posts/s` : count(value), least: 5, read: $('rate-read'), idle: 'last minutes',
});
const drawAge = lineChart($('age'), {
  label: 'Age of a post at its outcome', lines: [{ key: 'p99', name: 'p99', class: 'far' }, { key: 'p95', name: 'p95', class: 'mid' }, { key: 'p50', name: 'p50', class: '' }],
  format: value => value ? durationText(value) : '0', least: 0.01, read: $('age-read'), idle: 'last minutes',
});

function hello(news) {
  facts = news.facts;
  history = news.history;
  panels = makePanels(facts);
  put('serving', `${facts.model.name} ${facts.model.version} on ${facts.device}, policy ${facts.policy}`);
  put('texts-note', { hidden: 'texts are hidden (Operate:Texts)', masked: 'real posts, words hidden', shown: 'real posts, many offensive' }[facts.texts]);
  put('dead-note', facts.texts === 'hidden' ? 'records are hidden (Operate:Texts)' : '');
  const rows = {
    Model: `${facts.model.name} ${facts.model.version}`, 'SHA-256': facts.model.sha256.slice(0, 16) + '…', Device: facts.device, '': facts.device_reason,
    Policy: facts.policy, 'Longest text': `${count(facts.max_tokens)} tokens`, Topic: `${facts.topic}, as group ${facts.group}`, Program: `streamscorer ${facts.program}, ${facts.runtime}`,
  };
  $('facts').replaceChildren(...Object.entries(rows).flatMap(([name, value]) => [el('dt', {}, name), el('dd', {}, value)]), el('dt', {}, 'Running'), el('dd', { id: 'uptime' }));
}

function snapshot(news) {
  if (!history.length || history.at(-1).time !== news.sample.time) {
    history.push(news.sample);
    if (history.length > KEEP) history.shift();
  }
  drawRate(history);
  drawAge(history);
  figures(news);
  panels.show(news, history);
  showPosts(news);
  put('uptime', span(news.uptime));
  $('faults').hidden = news.faults.length === 0;
  put('faults', news.faults.join(' · '));
  document.title = `${rate(news.sample.rate)} posts/s – StreamScorer`;
}

function figures(news) {
  const { totals, decisions, sample } = news;
  put('now-rate', rate(sample.rate));
  put('now-average', `mean ${rate((totals.scored + totals.dead_lettered + totals.filtered) / Math.max(1, news.uptime))}`);
  for (const key of ['p50', 'p95', 'p99']) {
    const [number, unit] = duration(sample[key]);
    if ($(`now-${key}`).textContent !== `${number} ${unit}`) $(`now-${key}`).replaceChildren(`${number} `, el('small', {}, unit));
  }
  put('now-waiting', count(totals.lag + totals.read_ahead + totals.in_flight));
  put('now-waiting-of', `lag ${count(totals.lag)}, in work ${count(totals.read_ahead + totals.in_flight)}`);
  put('now-flag', share(decisions.flag, totals.scored));
  put('now-flag-of', `${count(decisions.flag)} posts`);
  put('now-review', share(decisions.review, totals.scored));
  put('now-review-of', `${count(decisions.review)} posts`);
  put('now-dead', count(totals.dead_lettered));
  put('now-dead-of', totals.consumed ? `${percent(totals.dead_lettered / totals.consumed)} of all` : '');
}

const feed = listen({
  hello, snapshot,
  state(kind, text) {
    $('state').dataset.state = kind;
    put('state', text);
  },
});

$('pause').addEventListener('click', () => {
  const on = $('pause').getAttribute('aria-pressed') !== 'true';
  $('pause').setAttribute('aria-pressed', on);
  put('pause', on ? 'Go on' : 'Pause');
  feed.pause(on);
});

makeTrial();
