// What the page asks of its server.

const failed = async (response) => {
  let reason = `status ${response.status}`;
  try {
    reason = (await response.json()).error ?? reason;
  } catch { /* no JSON: the status must do */ }
  return new Error(reason);
};

const fetched = async (path, options) => {
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    throw error.name === "AbortError" ? error : new Error("the server does not answer");
  }
  if (!response.ok) throw await failed(response);
  return response;
};

export const get = async (path) => (await fetched(path)).json();

export const post = async (path, message) =>
  (await fetched(path, { method: "POST", body: JSON.stringify(message) })).json();

export const upload = async (file) => {
  const path = `/api/upload?${new URLSearchParams({ name: file.name })}`;
  return (await fetched(path, { method: "POST", body: file })).json();
};

/** An ImageBitmap of a layer; `signal` ends the waiting for it. */
export const picture = async (message, signal) => {
  const response = await fetched("/api/picture", {
    method: "POST", body: JSON.stringify(message), signal,
  });
  return createImageBitmap(await response.blob());
};

/**
 * Runs an async function, which does not fail, once at a time; of the calls that come meanwhile,
 * the last one alone.
 */
export const oneAtATime = (run) => {
  let running = null, again = false;
  const work = async () => {
    while (again) {
      again = false;
      await run();
    }
    running = null;
  };
  return () => {
    again = true;
    running ??= work();
    return running; // ends when the last one has
  };
};
