import { createHash, createHmac } from "node:crypto";

/** Credentials of AWS. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of temporary credentials. */
  readonly sessionToken?: string;
}

/** What is signed. */
export interface SignedRequest {
  readonly method: string;
  readonly url: URL;
  /** `host` and `x-amz-date` are added. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly service: string;
  readonly region: string;
  readonly at: Date;
  readonly credentials: AwsCredentials;
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const hmac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();

/**
 * Signs a request to AWS, and returns its headers.
 * *Bounds*: for services other than S3. *Source*: Signature Version 4, "Create a signed AWS API request".
 */
export function signV4(request: SignedRequest): Readonly<Record<string, string>> {
  const { method, url, body, service, region, at, credentials } = request;
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  const time = at.toISOString().replaceAll(/[-:]|\.\d{3}/g, "");
  const date = time.slice(0, 8);
  const headers: Record<string, string> = {
    ...Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value])),
    host: url.host,
    "x-amz-date": time,
    ...(sessionToken !== undefined && { "x-amz-security-token": sessionToken }),
  };
  const names = Object.keys(headers).toSorted();
  const signedHeaders = names.join(";");
  const canonical = [
    method,
    canonicalPath(url.pathname),
    canonicalQuery(url.searchParams),
    ...names.map((name) => `${name}:${headers[name]?.trim().replaceAll(/\s+/g, " ")}`),
    "",
    signedHeaders,
    sha256(body),
  ].join("\n");
  const scope = `${date}/${region}/${service}/aws4_request`;
  const toSign = ["AWS4-HMAC-SHA256", time, scope, sha256(canonical)].join("\n");
  const key = [region, service, "aws4_request"].reduce<Buffer>((made, part) => hmac(made, part), hmac(`AWS4${secretAccessKey}`, date));
  const signature = hmac(key, toSign).toString("hex");
  return {
    ...headers,
    authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${signedHeaders}, Signature=${signature}`,
  };
}

/** The characters that RFC 3986 does not reserve stay, and no others. */
const encode = (text: string): string =>
  encodeURIComponent(text).replaceAll(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);

/** Each part is encoded once more than it is in the address. */
const canonicalPath = (path: string): string => path.split("/").map(encode).join("/") || "/";

const canonicalQuery = (query: URLSearchParams): string =>
  [...query]
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .toSorted(([one, first], [other, second]) => (one === other ? compare(first, second) : compare(one, other)))
    .map((pair) => pair.join("="))
    .join("&");

const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);
