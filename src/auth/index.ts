export { type ApiKeyOptions, apiKeys, issueApiKey, type StoredApiKey } from "./api-key/api-keys.ts";
export type { IssuedApiKey } from "./api-key/key-text.ts";
export { type JwksOptions, jwks, type RemoteKeys } from "./jwks/jwks.ts";
export { type JwtOptions, jwt } from "./jwt.ts";
export { type IssuedToken, type JwtIssuer, type JwtIssuerOptions, jwtIssuer, type SigningKey, type TokenSubject } from "./jwt-issuer.ts";
export type { PublicAlgorithm, PublicKeyInput, TokenAlgorithm, TokenKey } from "./keys.ts";
export { hashPassword, needsRehash, type PasswordOptions, verifyPassword } from "./password.ts";
