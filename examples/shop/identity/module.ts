import { module } from "plimsoll";
import { invite, issueInvitation, listInvitations, mailInvitation, revokeInvitation } from "./joining/invitations.ts";
import { findJoining, issueSignUp, join, mailSignUp, signUp, startSignUp, storeJoined } from "./joining/sign-up.ts";
import { askToVerify, issueVerification, mailVerification, storeVerified, verifyEmail } from "./joining/verify-email.ts";
import { changePassword, findPassword, storePassword } from "./operations/change-password.ts";
import { addUser, createUser } from "./operations/create-user.ts";
import { deleteUser } from "./operations/delete-user.ts";
import { enter, leave, startSession, whoAmI } from "./operations/enter.ts";
import { foundTenant } from "./operations/found-tenant.ts";
import { getUser } from "./operations/get-user.ts";
import { listUsers } from "./operations/list-users.ts";
import { askForReset, findReset, issueReset, mailReset, resetPassword, startReset, storeReset } from "./operations/reset-password.ts";
import { beginSecondFactor, confirmCode, confirmSecondFactor, useCode } from "./operations/second-factor.ts";
import { setRoles } from "./operations/set-roles.ts";
import { findCredentials, signIn } from "./operations/sign-in.ts";
import { updateUser } from "./operations/update-user.ts";
import { assets } from "./page/page.ts";
import { findPasskeyHolder, sendPasskeyChange } from "./passkeys/mail.ts";
import {
  addPasskey,
  askToAddPasskey,
  askToEnterWithPasskey,
  challengePasskey,
  enterWithPasskey,
  listPasskeys,
  offerPasskey,
  removePasskey,
  storePasskey,
  usePasskey,
} from "./passkeys/operations.ts";

export const identity = module("identity", {
  schema: "identity",
  migrations: new URL("./migrations/", import.meta.url),
  operations: [
    ...[signIn, findCredentials],
    ...[createUser, addUser, listUsers, getUser, updateUser, deleteUser, setRoles],
    ...[changePassword, findPassword, storePassword],
    ...[enter, startSession, leave, whoAmI, ...assets],
    ...[askForReset, startReset, mailReset, issueReset, resetPassword, findReset, storeReset],
    ...[beginSecondFactor, confirmSecondFactor, confirmCode, useCode],
    ...[invite, listInvitations, revokeInvitation, mailInvitation, issueInvitation],
    ...[signUp, startSignUp, mailSignUp, issueSignUp, join, findJoining, storeJoined],
    ...[askToVerify, mailVerification, issueVerification, verifyEmail, storeVerified],
    ...[askToAddPasskey, offerPasskey, addPasskey, storePasskey, listPasskeys, removePasskey],
    ...[findPasskeyHolder, sendPasskeyChange],
    ...[askToEnterWithPasskey, challengePasskey, enterWithPasskey, usePasskey],
    foundTenant,
  ],
});
