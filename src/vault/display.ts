import assert from "node:assert";

const mostShown = 6;

/** Shows a value without telling it. */
export type Display = (value: string) => string;

/**
 * Shows the last characters of a value behind four dots, as in `•••• 4242`. A value that is not at least twice as long is hidden as a whole.
 * *Default*: 4. *Bounds*: 1 to 6.
 */
export function lastShown(last = 4): Display {
  assert(
    Number.isInteger(last) && last >= 1 && last <= mostShown,
    `lastShown(${last}) shows 1 to ${mostShown} characters. Write one of them.`,
  );
  return (value) => {
    const letters = [...value].filter(isLetter);
    return letters.length >= 2 * last ? `•••• ${letters.slice(-last).join("")}` : "••••";
  };
}

/**
 * Shows a value in its own form, with a dot for each letter and digit but the last, as in `•••-••-6789`. *Default*: 4. *Bounds*: 1 to 6.
 */
export function masked(last = 4): Display {
  assert(
    Number.isInteger(last) && last >= 1 && last <= mostShown,
    `masked(${last}) shows 1 to ${mostShown} characters. Write one of them.`,
  );
  return (value) => {
    const characters = [...value];
    const letters = characters.filter(isLetter).length;
    let hidden = letters >= 2 * last ? letters - last : letters;
    return characters.map((one) => (isLetter(one) && hidden-- > 0 ? "•" : one)).join("");
  };
}

const isLetter = (character: string): boolean => /[\p{L}\p{N}]/u.test(character);
