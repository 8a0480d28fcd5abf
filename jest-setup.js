// What @grafana/ui expects of a browser and jsdom does not have.
import '@testing-library/jest-dom';
import { TextDecoder, TextEncoder } from 'node:util';

Object.assign(globalThis, { TextDecoder, TextEncoder });

// react-dom/server asks for one when it is loaded. Node's own would keep Jest from ending.
globalThis.MessageChannel ??= class {
  constructor() {
    this.port1 = { onmessage: null, close() {} };
    this.port2 = { postMessage: (data) => setTimeout(() => this.port1.onmessage?.({ data }), 0), close() {} };
  }
};

globalThis.ResizeObserver ??= class {
  observe() {}
  unobserve() {}
  disconnect() {}
};

globalThis.IntersectionObserver ??= class {
  observe() {}
  unobserve() {}
  disconnect() {}
};

// Text is measured on a canvas to size inputs; without one jsdom prints an error for every call.
globalThis.HTMLCanvasElement.prototype.getContext = () => ({ measureText: (text) => ({ width: 8 * text.length }) });

globalThis.matchMedia ??= (media) => ({
  matches: false,
  media,
  addEventListener() {},
  removeEventListener() {},
  addListener() {},
  removeListener() {},
});

// React reports misuse on the console only, where nobody would see it.
let complaints;
beforeEach(() => {
  complaints = jest.spyOn(console, 'error');
});
afterEach(() => {
  expect(complaints).not.toHaveBeenCalled();
});
