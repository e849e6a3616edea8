// The dialog that exports masks.

import { server } from "./server.js";

const $ = id => document.getElementById(id);
let saved = async () => {};

function showExport(state) {
  $("export-start").disabled = state.state === "running";
  $("export-download").hidden = state.state !== "finished" || state.missing > 0;
  $("export-progress").hidden = state.state !== "running";
  if (state.state === "running") {
    $("export-progress").max = state.total;
    $("export-progress").value = state.done;
    $("export-status").textContent = `${state.done} of ${state.total} radiographs`;
  } else if (state.state === "finished") {
    $("export-status").textContent = `${state.masks} ${state.masks === 1 ? "mask" : "masks"} in ${state.folder}`
      + (state.missing ? `; ${state.missing} of the files are gone since, export again` : "")
      + (state.failed.length ? `; failed: ${state.failed.join("; ")}` : "");
  } else {
    $("export-status").textContent = state.error ? `Failed: ${state.error}` : "";
  }
}

async function watchExport() {
  try {
    let state = await server.exportState();
    showExport(state);
    while (state.state === "running" && $("export-dialog").open) {
      await new Promise(resolve => setTimeout(resolve, 500));
      state = await server.exportState();
      showExport(state);
    }
  } catch (error) {
    $("export-status").textContent = error.message;
  }
}

$("export-start").onclick = async () => {
  try {
    await saved();
  } catch (error) {
    $("export-status").textContent = `Not exported, since changes are not saved: ${error.message}`;
    return;
  }
  try {
    await server.startExport();
    watchExport();
  } catch (error) {
    $("export-status").textContent = error.message;
  }
};

/** @param whenSaved gives a promise that is kept when all changes are saved, and broken when they cannot be */
export function showExportDialog(whenSaved) {
  saved = whenSaved;
  $("export-dialog").showModal();
  watchExport();
}
