// An app as a function that a platform calls. Run it with: node --conditions=source examples/mounts/serverless.ts
import { app } from "./bookings.ts";

/** What a function URL of AWS Lambda sends (payload version 2.0), as far as it matters here. */
interface Event {
  readonly rawPath: string;
  readonly rawQueryString: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
  readonly requestContext: { readonly domainName: string; readonly http: { readonly method: string; readonly sourceIp: string } };
}

// Once for each instance of the function: the platform keeps it for many calls.
const started = app.start();

export async function handler({ rawPath, rawQueryString, headers, body, isBase64Encoded, requestContext }: Event) {
  await started;
  const { domainName, http } = requestContext;
  const url = `https://${domainName}${rawPath}${rawQueryString && `?${rawQueryString}`}`;
  const bytes = body === undefined ? null : Buffer.from(body, isBase64Encoded ? "base64" : "utf8");
  const response = await app.fetch(new Request(url, { method: http.method, headers, body: bytes }), { address: http.sourceIp });
  return { statusCode: response.status, headers: Object.fromEntries(response.headers), body: await response.text() };
}

if (import.meta.main) {
  const requestContext = { domainName: "api.example.com", http: { method: "POST", sourceIp: "192.0.2.7" } };
  const event = { rawPath: "/v1/quotes", rawQueryString: "", headers: { "content-type": "application/json" }, requestContext };
  const { statusCode, body } = await handler({ ...event, body: '{"nights":2}' });
  console.log(`${statusCode} ${body}`);
  await app.stop();
}
