// The engine's worker, as the page starts it: loads the wasm file that lies beside this one.
import init from "./tarn_worker_browser.js";

// The page waits for the same lock: it gets it when this worker has died, however that came about.
if (self.name && navigator.locks) navigator.locks.request(self.name, () => new Promise(() => {}));

// The program that writes Excel files is fetched when a person first asks for one.
self.loadExcel = async () => {
  const program = await import("../excel/tarn_excel.js");
  await program.default();
  return program;
};

// Messages that come before the engine is up wait their turn.
const early = [];
const keep = (event) => early.push(event.data);
self.addEventListener("message", keep);
init().then(
  () => {
    self.removeEventListener("message", keep);
    for (const data of early) self.dispatchEvent(new MessageEvent("message", { data }));
  },
  (error) => self.postMessage({ panic: `The engine cannot be loaded: ${error}` }),
);
