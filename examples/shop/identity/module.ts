import { module } from "plimsoll";
import { changePassword, findPassword, storePassword } from "./operations/change-password.ts";
import { addUser, createUser } from "./operations/create-user.ts";
import { deleteUser } from "./operations/delete-user.ts";
import { foundTenant } from "./operations/found-tenant.ts";
import { getUser } from "./operations/get-user.ts";
import { listUsers } from "./operations/list-users.ts";
import { setRoles } from "./operations/set-roles.ts";
import { findCredentials, signIn } from "./operations/sign-in.ts";
import { updateUser } from "./operations/update-user.ts";

export const identity = module("identity", {
  schema: "identity",
  migrations: new URL("./migrations/", import.meta.url),
  operations: [
    ...[signIn, findCredentials],
    ...[createUser, addUser, listUsers, getUser, updateUser, deleteUser, setRoles],
    ...[changePassword, findPassword, storePassword],
    foundTenant,
  ],
});
