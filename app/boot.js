// Starts the page. The build writes BOOT_SCRIPT and BOOT_WASM for the names of its parts.
import init from "./BOOT_SCRIPT";

init({ module_or_path: new URL("./BOOT_WASM", import.meta.url) }).catch((error) => {
  const place = document.querySelector("#boot .top-place");
  if (place) place.textContent = `Tarn cannot start here: ${error}. A current Chrome, Firefox or Safari can run it.`;
  throw error;
});
