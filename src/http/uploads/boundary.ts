const start = /^multipart\/form-data[ \t]*/i;
const parameter = /;[ \t]*([A-Za-z]+)=(?:"([^"\\]*)"|([^\s";,]+))[ \t]*/y;
const boundaryForm = /^[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]$/;

/** Returns the boundary of a form with files, or undefined where a content type is none. *Bounds*: 70 characters. *Source*: RFC 2046 §5.1.1. */
export function boundaryOf(contentType: string | undefined): string | undefined {
  const length = start.exec(contentType ?? "")?.[0].length;
  if (contentType === undefined || length === undefined) return undefined;
  let boundary: string | undefined;
  for (parameter.lastIndex = length; parameter.lastIndex < contentType.length; ) {
    const [, key, quoted, bare] = parameter.exec(contentType) ?? [];
    // Of two boundaries it is unknown which one the servers in between have read.
    if (key === undefined || (boundary !== undefined && key.toLowerCase() === "boundary")) return undefined;
    if (key.toLowerCase() === "boundary") boundary = quoted ?? bare;
  }
  return boundary !== undefined && boundaryForm.test(boundary) ? boundary : undefined;
}
