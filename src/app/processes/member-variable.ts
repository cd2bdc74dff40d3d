/** How a supervisor marks the processes that it starts: with their place. */
export const memberVariable = "PLIMSOLL_MEMBER";
