// The server's API (see Api.java). The page's address holds the token, so relative addresses carry it.

/** What the server refused, in its words. */
export class ServerError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function call(method, path, body) {
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new ServerError(0, "osteon annotate does not answer; is it still running?");
  }
  if (!response.ok) {
    let message = response.statusText;
    try {
      message = (await response.json()).error;
    } catch { /* the status says it */ }
    throw new ServerError(response.status, message);
  }
  return response;
}

const json = async (method, path, body) => (await call(method, path, body)).json();

export const server = {
  images: () => json("GET", "api/images"),
  image: n => json("GET", `api/images/${n}`),
  samples: async (n, bits) => {
    const bytes = await (await call("GET", `api/images/${n}/samples`)).arrayBuffer();
    return bits === 16 ? new Uint16Array(bytes) : new Uint8Array(bytes);
  },
  embedding: n => json("GET", `api/images/${n}/embedding`),
  save: (n, revision, bones) => json("PUT", `api/images/${n}/prompts`, { revision, bones }),
  mask: (n, bone, bones, quality) => json("POST", `api/images/${n}/mask`, { bone, bones, quality }),
  automatic: n => json("POST", `api/images/${n}/automatic`, {}),
  startExport: () => json("POST", "api/export", {}),
  exportState: () => json("GET", "api/export"),
};
