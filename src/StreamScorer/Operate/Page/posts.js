// The two lists of posts. A row is made once; a few new ones a second come on top, none while somebody points at the list or is in it, so that it can be read.
import { $, el, time, bytes, meter } from './format.js';

const NEW = 4;
const shown = { flagged: new Map(), dead: new Map() };

export function showPosts(news) {
  list('flagged', news.flagged, flaggedRow, 20);
  list('dead', news.dead, deadRow, 10);
}

// lines: newest first.
function list(id, lines, row, most) {
  const body = $(id), rows = shown[id], box = body.closest('.scroll');
  $(`${id}-empty`).hidden = rows.size > 0 || lines.length > 0;
  if (box.matches(':hover') || box.contains(document.activeElement)) return;
  const fresh = lines.filter(line => !rows.has(name(line))).slice(0, rows.size ? NEW : most);
  for (const line of fresh.reverse()) {
    const made = row(line);
    rows.set(name(line), made);
    body.prepend(made);
  }
  for (const [old, made] of rows) {
    if (rows.size <= most) break;
    rows.delete(old);
    made.remove();
  }
}

const name = line => `${line.topic}-${line.partition}-${line.offset}-${line.at}`;

function flaggedRow(line) {
  return el('tr', {},
    el('td', {}, time(line.at)),
    el('td', {}, el('span', { class: `badge ${line.decision}` }, line.decision)),
    el('td', {}, ...line.why.map(why => el('div', { class: 'why', title: `${why.head}: ${why.label} ${why.probability.toFixed(3)}, threshold for ${why.band} ${why.threshold.toFixed(3)}` },
      el('span', {}, why.head === why.label ? why.label : `${why.head}: ${why.label}`), meter(why.probability, why.band, [why.threshold]),
      el('span', { 'aria-label': `${why.probability.toFixed(2)}, threshold ${why.threshold.toFixed(2)}` }, why.probability.toFixed(2))))),
    el('td', {}, line.text ? el('span', { class: 'post', dir: 'auto', title: line.id }, line.text) : el('span', { class: 'id' }, `${line.id}, ${bytes(line.bytes)}`)));
}

function deadRow(line) {
  return el('tr', {},
    el('td', {}, time(line.at)),
    el('td', {}, line.reason.replaceAll('_', ' ')),
    el('td', {}, el('span', { class: 'id' }, `${line.topic}-${line.partition} @ ${line.offset}`), el('br'), el('span', { class: 'id' }, bytes(line.bytes))),
    el('td', {}, line.message, line.text ? el('span', { class: 'post id', dir: 'auto' }, line.text) : null));
}
