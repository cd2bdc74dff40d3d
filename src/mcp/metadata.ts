import assert from "node:assert";

/** The resource that tokens are for. *Source*: RFC 9728. */
export interface ProtectedResource {
  /** The address of the endpoint, as clients reach it. Tokens name it as their audience. */
  readonly resource: string;
  /** The issuers whose tokens are taken. */
  readonly servers: readonly string[];
  /** The scopes that a client may ask for. *Default*: none are named. */
  readonly scopes?: readonly string[];
}

/** Makes the document that clients read, and says where they find it. */
export function metadataOf({ resource, servers, scopes }: ProtectedResource) {
  const url = URL.parse(resource);
  assert(
    url !== null && url.hash === "" && servers.length > 0,
    `mcp({ authorization }) needs the address of the endpoint and at least one issuer; the address is ${JSON.stringify(resource)}. Write it as in "https://api.example.com/mcp".`,
  );
  const path = `/.well-known/oauth-protected-resource${url.pathname === "/" ? "" : url.pathname}`;
  const body = JSON.stringify({
    ...{ resource, authorization_servers: servers, bearer_methods_supported: ["header"] },
    ...(scopes !== undefined && { scopes_supported: scopes }),
  });
  return {
    path,
    url: `${url.origin}${path}`,
    serve: async (): Promise<Response> =>
      new Response(body, { headers: { "content-type": "application/json", "access-control-allow-origin": "*" } }),
  };
}
