// The box that scores a text.
import { $, el, put, count, percent, meter } from './format.js';

export function makeTrial() {
  const form = $('try'), text = $('text'), button = form.querySelector('button');
  let asked = null;

  form.addEventListener('submit', async event => {
    event.preventDefault();
    asked?.abort();
    const mine = asked = new AbortController();
    button.disabled = true;
    put('try-hint', 'scoring…');
    try {
      const answer = await fetch('page/score', {
        method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ text: text.value }), signal: mine.signal,
      });
      const news = await answer.json();
      $('result').replaceChildren(...(answer.ok ? result(news, text.value) : [el('p', { class: 'error' }, news.message)]));
      put('try-hint', answer.ok ? `${news.milliseconds} ms in the model` : 'not scored');
    } catch (fault) {
      if (mine.signal.aborted) return;
      $('result').replaceChildren(el('p', { class: 'error' }, 'The worker does not answer.'));
      put('try-hint', '');
    } finally {
      button.disabled = false;
    }
  });

  text.addEventListener('keydown', event => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
}

function result(news, text) {
  return [
    el('p', {}, el('span', { class: `badge ${news.decision}` }, news.decision), ' ', reason(news)),
    ...news.heads.flatMap(head => [el('h3', {}, head.head), el('div', { class: 'labels' }, ...head.labels.flatMap(label => [
      el('span', { class: label.chosen ? 'chosen' : '' }, label.label), bar(label), el('span', { class: label.chosen ? 'chosen' : '' }, label.probability.toFixed(3))])), ...thresholds(head)]),
    el('h3', {}, `${count(news.tokens.length)} tokens${news.segments > 1 ? ` in ${news.segments} segments` : ''}${news.truncated ? ', the end is not read' : ''}`),
    el('ol', { class: 'tokens', tabindex: '0', 'aria-label': 'Tokens, with their place in the text' }, ...news.tokens.map(token => el('li',
      { class: token.piece.startsWith('##') ? 'on' : '', title: `id ${token.id}, characters ${token.start} to ${token.end}: “${text.slice(token.start, token.end)}”` }, token.piece))),
  ];
}

function bar(label) {
  const band = label.flag !== null && label.probability >= label.flag ? 'flag' : label.review !== null && label.probability >= label.review ? 'review' : '';
  return meter(label.probability, band, [label.review, label.flag]);
}

function thresholds(head) {
  const told = head.labels.flatMap(label => [['review', label.review], ['flag', label.flag]].filter(([, at]) => at !== null).map(([band, at]) => `${band} from ${at}`));
  return told.length ? [el('p', { class: 'muted' }, `Marks: ${told.join(', ')}`)] : [];
}

function reason(news) {
  return news.why.length === 0 ? 'No label reaches a threshold.'
    : news.why.map(why => `${why.label} ${percent(why.probability)}, ${why.band} from ${percent(why.threshold)}`).join('; ');
}
