// The worker's events. A browser reconnects by itself when a connection breaks, but not when it is refused (503): then we do.

export function listen({ hello, snapshot, state }) {
  let source = null, retry = 0, heard = 0, paused = false;

  function open() {
    clearTimeout(retry);
    if (source || paused || document.hidden) return;
    source = new EventSource('page/events');
    heard = performance.now();
    source.addEventListener('hello', event => hello(JSON.parse(event.data)));
    source.addEventListener('snapshot', event => {
      heard = performance.now();
      const news = JSON.parse(event.data);
      snapshot(news);
      state(news.ready ? 'live' : 'warn', news.ready ? 'live' : 'not ready');
    });
    source.addEventListener('error', () => {
      state('lost', 'not connected, trying again');
      if (source?.readyState === EventSource.CLOSED) {
        close();
        retry = setTimeout(open, 5000);
      }
    });
  }

  function close() {
    source?.close();
    source = null;
    clearTimeout(retry);
  }

  // Nobody looks: nothing is made for us.
  document.addEventListener('visibilitychange', () => document.hidden ? close() : open());

  // A connection can die without a word.
  setInterval(() => {
    if (source && performance.now() - heard > 6000) {
      state('lost', 'no news, trying again');
      close();
      open();
    }
  }, 2000);

  open();
  return {
    reconnect() { close(); open(); },
    pause(on) {
      paused = on;
      if (on) {
        close();
        state('waiting', 'paused');
      } else {
        open();
      }
    },
  };
}
