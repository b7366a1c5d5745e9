// "Tell me on this telephone": asks the browser for a push address of the field app's worker and hands it to the form.

const form = document.getElementById("push");
const usable = "serviceWorker" in navigator && "PushManager" in window && "Notification" in window && window.isSecureContext;

async function subscribe() {
  if (await Notification.requestPermission() !== "granted") throw new Error(form.dataset.denied);
  const known = await navigator.serviceWorker.getRegistration("/field/");
  const worker = known || await navigator.serviceWorker.register("/field/sw.js", { scope: "/field/" });
  await new Promise((done) => {
    const one = worker.active || worker.installing || worker.waiting;
    if (!one || one.state === "activated") done();
    else one.addEventListener("statechange", () => { if (one.state === "activated") done(); });
  });
  const old = await worker.pushManager.getSubscription();
  if (old) await old.unsubscribe();
  return worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(form.dataset.key) });
}

function bytes(text) {
  const raw = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(raw, (ch) => ch.charCodeAt(0));
}

if (form && usable) {
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    if (form.elements.address.value) return;
    event.preventDefault();
    const said = document.getElementById("push-said");
    try {
      form.elements.address.value = JSON.stringify(await subscribe());
      form.requestSubmit(form.querySelector("button"));
    } catch (error) {
      said.textContent = error.message || form.dataset.denied;
      said.hidden = false;
    }
  });
}
