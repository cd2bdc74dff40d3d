export { type ApiKeyOptions, apiKeys, issueApiKey, type StoredApiKey } from "./api-key/api-keys.ts";
export type { IssuedApiKey } from "./api-key/key-text.ts";
export type { ApiKeyUse } from "./api-key/key-uses.ts";
export { type JwksOptions, jwks, type RemoteKeys } from "./jwks/jwks.ts";
export { type JwtOptions, jwt } from "./jwt.ts";
export { type IssuedToken, type JwtIssuer, type JwtIssuerOptions, jwtIssuer, type SigningKey, type TokenSubject } from "./jwt-issuer.ts";
export type { PublicAlgorithm, PublicKeyInput, TokenAlgorithm, TokenKey } from "./keys.ts";
export { type MtlsOptions, mtls } from "./mtls/mtls.ts";
export {
  type OneTimeTokens,
  type OneTimeTokensOptions,
  oneTimeTokens,
  type ReadingTokenScope,
  type TokenHolder,
  type TokenScope,
} from "./one-time/one-time-tokens.ts";
export {
  type NewPasskey,
  type Passkey,
  type PasskeyRequest,
  type PasskeyScope,
  type Passkeys,
  type PasskeyUser,
  passkeys,
  type StoredPasskey,
} from "./passkeys/passkeys.ts";
export type { PasskeysOptions } from "./passkeys/settings.ts";
export { hashPassword, needsRehash, type PasswordOptions, verifyPassword } from "./password.ts";
export { breachedByRange, type PasswordProblem, type PasswordRules, type PasswordRulesOptions, passwordRules } from "./password-rules.ts";
export { matchRecoveryCode, newRecoveryCodes, type RecoveryCodes } from "./second-factor/recovery-codes.ts";
export { newTotpSecret, type TotpAttempt, type TotpForm, totpUri, verifyTotp } from "./second-factor/totp.ts";
export { type SessionScope, type SessionSubject, type Sessions, sessions } from "./sessions/sessions.ts";
export type { SessionOptions } from "./sessions/settings.ts";
export { type SignedIn, type SignInAttempt, type SignInGuard, type SignInGuardOptions, signInGuard } from "./sign-in/guard.ts";
