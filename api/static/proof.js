// An inclusion proof checked in the browser, from the bytes and hashes on the page: RFC 9162, section 2.1.3.2.
(() => {
  "use strict";

  const bytesOf = (text) => Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
  const hashOf = async (prefix, ...parts) => {
    const length = parts.reduce((sum, one) => sum + one.length, 1);
    const whole = new Uint8Array(length);
    whole[0] = prefix;
    let at = 1;
    for (const part of parts) { whole.set(part, at); at += part.length; }
    return new Uint8Array(await crypto.subtle.digest("SHA-256", whole));
  };
  const same = (one, other) => one.length === other.length && one.every((byte, at) => byte === other[at]);

  const leads = async ({ input, index, size, path, root }) => {
    let node = BigInt(index);
    let last = BigInt(size) - 1n;
    if (node > last) return false;
    let hash = await hashOf(0, bytesOf(input));
    for (const beside of path ? path.split(" ").map(bytesOf) : []) {
      if (last === 0n) return false;
      if ((node & 1n) === 1n || node === last) {
        hash = await hashOf(1, beside, hash);
        while ((node & 1n) === 0n && node !== 0n) { node >>= 1n; last >>= 1n; }
      } else {
        hash = await hashOf(1, hash, beside);
      }
      node >>= 1n;
      last >>= 1n;
    }
    return last === 0n && same(hash, bytesOf(root));
  };

  document.addEventListener("DOMContentLoaded", () => {
    const place = document.querySelector(".in-browser");
    if (!place || !window.crypto || !crypto.subtle) return;
    place.hidden = false;
    place.querySelector("button").addEventListener("click", async () => {
      const said = place.querySelector("span");
      said.textContent = (await leads(place.dataset))
        ? "✓ The bytes on this page lead to the root of the checkpoint."
        : "× The bytes on this page do not lead to the root of the checkpoint.";
    });
  });
})();
