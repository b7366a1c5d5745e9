// A photograph is made small on the telephone, and drawn anew: what the camera wrote into it (where, when, with what)
// never leaves.

const LONGEST_SIDE = 1920;

/** The bytes of a JPEG of at most 1920 points a side. Throws where the browser cannot open the file. */
export async function shrink(file) {
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  const blob = await new Promise((resolve) => { canvas.toBlob(resolve, "image/jpeg", 0.82); });
  if (!blob) throw new Error("no picture");
  return blob.arrayBuffer();
}

/** A small picture of the bytes, for the page: as data:, which the policy allows. */
export async function thumbnail(bytes) {
  const picture = await createImageBitmap(new Blob([bytes], { type: "image/jpeg" }));
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 192;
  const side = Math.min(picture.width, picture.height);
  canvas.getContext("2d").drawImage(picture, (picture.width - side) / 2, (picture.height - side) / 2, side, side, 0, 0, 192, 192);
  picture.close();
  return canvas.toDataURL("image/jpeg", 0.7);
}
