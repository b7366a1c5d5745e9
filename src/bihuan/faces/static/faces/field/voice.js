// A spoken note: at most a minute, recorded by the browser itself. Nothing is recognised in it, here or anywhere.

const LONGEST = 60000;
const TYPES = ["audio/webm;codecs=opus", "audio/mp4"];
const type = window.MediaRecorder && TYPES.find((one) => MediaRecorder.isTypeSupported(one));

export const canRecord = Boolean(type && navigator.mediaDevices?.getUserMedia);

/** Starts at once. `stop()` ends it; `whole` is a promise of the bytes, also when the minute is over. */
export async function record() {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  const recorder = new MediaRecorder(stream, { mimeType: type, audioBitsPerSecond: 24000 });
  const parts = [];
  recorder.addEventListener("dataavailable", ({ data }) => parts.push(data));
  const ended = new Promise((resolve) => { recorder.addEventListener("stop", resolve, { once: true }); });
  const stop = () => { if (recorder.state !== "inactive") recorder.stop(); };
  recorder.start();
  const timer = setTimeout(stop, LONGEST);
  const whole = ended.then(() => {
    clearTimeout(timer);
    for (const track of stream.getTracks()) track.stop();
    return new Blob(parts).arrayBuffer();
  });
  return { stop, whole };
}

/** For an <audio> of the page: as data:, which the policy allows. */
export function playable(bytes) {
  return new Promise((resolve) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(reader.result));
    reader.readAsDataURL(new Blob([bytes], { type: type.split(";")[0] }));
  });
}
